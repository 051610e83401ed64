import { Command } from '../codec/constants.ts'

/**
 * Fewest payload bytes, command byte included, of each command that the session carries out; 0 for all others.
 *
 * A shorter payload is answered with 1835, as MySQL 9.7 does. Of an INIT_DB, QUERY or STMT_PREPARE without text the
 * session makes its own error (1046, 1065). PROCESS_KILL is one that MySQL 9 has given up; MariaDB's clients send it.
 */
export const sessionPayloadBytesMin: Uint8Array = table({
  INIT_DB: 1,
  QUERY: 1,
  FIELD_LIST: 2,
  PROCESS_KILL: 5,
  STMT_PREPARE: 1,
  STMT_EXECUTE: 10,
  STMT_SEND_LONG_DATA: 7,
  STMT_CLOSE: 5,
  STMT_RESET: 5,
  STMT_FETCH: 9,
})

/** Operand of COM_SET_OPTION: 0 turns multi-statements on, 1 off. */
export const SET_OPTION_BYTES = 3

function table(minimums: Partial<Record<keyof typeof Command, number>>): Uint8Array {
  const bytes = new Uint8Array(256)
  for (const [name, minimum] of Object.entries(minimums))
    bytes[Command[name as keyof typeof Command]] = minimum
  return bytes
}
