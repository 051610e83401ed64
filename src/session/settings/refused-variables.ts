import { notSupported } from '../../errors/sql-error.ts'
import { UNTRACKED } from './session-tracker.ts'
import { unquoted } from './unquoted.ts'

/**
 * Variables that change what a server does next with its own connection, or tells of it, and the values with which they
 * change nothing. The proxy has many connections and ends transactions itself: taken on trust, the others would store wrong
 * ids, leave a transaction open that nobody knows of, or have a client wait for what never comes.
 */
const HARMLESS: ReadonlyMap<string, readonly string[]> = new Map([
  ['completion_type', ['0', 'NO_CHAIN', 'DEFAULT']],
  ['sql_auto_is_null', ['0', 'OFF', 'FALSE', 'DEFAULT']],
  ['insert_id', []],
  ['rand_seed1', []],
  ['rand_seed2', []],
  ...UNTRACKED,
])

/** Throws ER_NOT_SUPPORTED_YET for a value that could not be kept. */
export function refuseVariable(name: string, text: string): void {
  const harmless = HARMLESS.get(name)
  if (harmless === undefined || harmless.includes(unquoted(text).toUpperCase())) return
  throw notSupported(`SET ${name} = ${text}`)
}
