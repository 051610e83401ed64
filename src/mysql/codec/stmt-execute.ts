import { SqlError } from '../../errors/sql-error.ts'
import { fieldTypes } from '../../values/types.ts'
import { readBinaryValue, writeBinaryValue } from './binary-value.ts'
import { Command } from './constants.ts'
import { PacketReader } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/** Type of one parameter as the client declared it; `flags` is 0x80 for unsigned, else 0. */
export interface ParamType {
  readonly type: number
  readonly flags: number
}

/**
 * One bound parameter. `bytes` is the value in binary form without its length prefix, null for NULL; for a value
 * that was sent by COM_STMT_SEND_LONG_DATA it is empty and `long` is true.
 */
export interface BoundParam extends ParamType {
  readonly bytes: Buffer | null
  readonly long: boolean
}

export interface StmtExecute {
  readonly statementId: number
  /** Cursor type: 0 none, 1 read-only, … */
  readonly cursorFlags: number
  /** True when the packet carried types; they hold until the next packet that does. */
  readonly newParamsBound: boolean
  readonly params: readonly BoundParam[]
}

/** Offset of the statement id in payloads of COM_STMT_EXECUTE, FETCH, RESET, CLOSE and SEND_LONG_DATA. */
export const STATEMENT_ID_OFFSET = 1

/** Command, statement id, cursor flags and iteration count, before the parameter block. */
const FIXED_BYTES = 10
const UNSIGNED = 0x80

/**
 * Reads a COM_STMT_EXECUTE payload. `paramCount` is that of the prepared statement, `boundTypes` the types of an
 * earlier execute (they may be left out later), `longData` the parameters whose value came by
 * COM_STMT_SEND_LONG_DATA. Raises ER_MALFORMED_PACKET; ER_WRONG_ARGUMENTS when no types were ever sent.
 * Source: MySQL client/server protocol, "COM_STMT_EXECUTE", without query attributes.
 */
export function decodeStmtExecute(
  payload: Buffer,
  paramCount: number,
  boundTypes: readonly ParamType[] | undefined,
  longData: ReadonlySet<number>,
): StmtExecute {
  const reader = new PacketReader(payload, STATEMENT_ID_OFFSET)
  const statementId = reader.uint4()
  const cursorFlags = reader.uint1()
  reader.skip(FIXED_BYTES - reader.position) // iteration count, always 1
  if (paramCount === 0) return { statementId, cursorFlags, newParamsBound: false, params: [] }
  const nulls = reader.bytes((paramCount + 7) >> 3)
  const newParamsBound = reader.uint1() === 1
  const types = newParamsBound ? readTypes(reader, paramCount) : boundTypes
  if (types === undefined || types.length !== paramCount) throw wrongArguments()
  const params = types.map((type, i): BoundParam => {
    if (longData.has(i)) return { ...type, bytes: EMPTY, long: true }
    const isNull = (nulls[i >> 3]! & (1 << (i & 7))) !== 0 || type.type === fieldTypes.null
    return { ...type, bytes: isNull ? null : readBinaryValue(reader, type.type), long: false }
  })
  return { statementId, cursorFlags, newParamsBound, params }
}

/** Builds the payload of a COM_STMT_EXECUTE that carries its types; a parameter marked `long` has no value in it. */
export function encodeStmtExecute(
  execute: Pick<StmtExecute, 'statementId' | 'cursorFlags' | 'params'>,
): Buffer {
  const { params } = execute
  const writer = new PacketWriter()
    .uint1(Command.STMT_EXECUTE)
    .uint4(execute.statementId)
    .uint1(execute.cursorFlags)
    .uint4(1)
  if (params.length === 0) return writer.finishPayload()
  writer.bytes(nullBitmap(params)).uint1(1)
  for (const { type, flags } of params) writer.uint1(type).uint1(flags)
  for (const { type, bytes, long } of params) {
    if (bytes !== null && !long) writeBinaryValue(writer, type, bytes)
  }
  return writer.finishPayload()
}

/** Whether the value is to be read as unsigned. */
export function isUnsigned(type: ParamType): boolean {
  return (type.flags & UNSIGNED) !== 0
}

const EMPTY = Buffer.alloc(0)

function readTypes(reader: PacketReader, count: number): ParamType[] {
  return Array.from({ length: count }, () => ({ type: reader.uint1(), flags: reader.uint1() }))
}

function nullBitmap(params: readonly BoundParam[]): Buffer {
  const nulls = Buffer.alloc((params.length + 7) >> 3)
  params.forEach(({ bytes }, i) => {
    if (bytes === null) nulls[i >> 3]! |= 1 << (i & 7)
  })
  return nulls
}

function wrongArguments(): SqlError {
  return new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to mysqld_stmt_execute')
}
