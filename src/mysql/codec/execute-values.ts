import { malformedPacket } from './packet-reader.ts'
import { type BoundParam, decodeStmtExecute, encodeStmtExecute, type ParamType } from './stmt-execute.ts'

/**
 * One COM_STMT_EXECUTE: where its blocks lie in the client's own command. Positions instead of views, for a view costs
 * more than all that is read of it (bench/proxy.ts, prepared).
 */
export interface ExecuteValues {
  /** The client's own command; the NULL bitmap begins at `NULL_BITMAP_AT`. */
  readonly payload: Buffer
  readonly paramCount: number
  /** Cursor flags; 0 for none. */
  readonly flags: number
  /** Two bytes a param; of an earlier execute, unless `typesSent`. */
  readonly types: Buffer
  /** The payload carries them. */
  readonly typesSent: boolean
  /** Where the values begin. */
  readonly valuesAt: number
  /** Params that were sent with COM_STMT_SEND_LONG_DATA, in pieces. */
  readonly longData: ReadonlyMap<number, readonly Buffer[]>
}

/** Behind command, statement id, flags and iteration count. Source: "COM_STMT_EXECUTE", without query attributes. */
export const NULL_BITMAP_AT = 10
const EMPTY = Buffer.alloc(0)

/** Bytes of the NULL bitmap; a statement without params has none, and no types either. */
export function nullBitmapBytes(paramCount: number): number {
  return (paramCount + 7) >> 3
}

/**
 * Finds the blocks of a payload without decoding values. `types` are those of an earlier execute, for a packet that
 * carries none. Throws ER_MALFORMED_PACKET for blocks that do not fit.
 */
export function splitExecute(
  payload: Buffer,
  statement: {
    readonly paramCount: number
    readonly types: Buffer | undefined
    readonly longData: ReadonlyMap<number, readonly Buffer[]>
  },
): ExecuteValues {
  const { paramCount, longData } = statement
  if (payload.length < NULL_BITMAP_AT) throw malformedPacket()
  const flags = payload[5]!
  if (paramCount === 0) {
    return { payload, paramCount, flags, types: EMPTY, typesSent: false, valuesAt: NULL_BITMAP_AT, longData }
  }
  const bitmapEnd = NULL_BITMAP_AT + nullBitmapBytes(paramCount)
  if (payload.length <= bitmapEnd) throw malformedPacket()
  const typesAt = bitmapEnd + 1
  let { types } = statement
  const typesSent = payload[bitmapEnd] === 1
  const valuesAt = typesSent ? typesAt + 2 * paramCount : typesAt
  if (payload.length < valuesAt) throw malformedPacket()
  // The same object for the same types, so that they are compared by identity most of the time.
  const isNew =
    typesSent && (types === undefined || payload.compare(types, 0, types.length, typesAt, valuesAt) !== 0)
  if (isNew) types = Buffer.from(payload.subarray(typesAt, valuesAt))
  if (types === undefined) throw malformedPacket()
  return { payload, paramCount, flags, types, typesSent, valuesAt, longData }
}

/** The values decoded, long data joined. */
export function boundParams(values: ExecuteValues): readonly BoundParam[] {
  const { payload, paramCount, types, longData } = values
  const execute = decodeStmtExecute(payload, paramCount, paramTypes(types), new Set(longData.keys()))
  if (longData.size === 0) return execute.params
  return execute.params.map((param, i) => {
    const pieces = longData.get(i)
    return pieces === undefined ? param : { ...param, bytes: Buffer.concat(pieces) }
  })
}

/** The values for a text that has the client's params in another order, or not all of them. */
export function reorderParams(values: ExecuteValues, order: readonly number[]): ExecuteValues {
  if (order.length === values.paramCount && order.every((param, i) => param === i)) return values
  const bound = boundParams(values)
  const params = order.map((i) => ({ ...bound[i]!, long: false }))
  const payload = encodeStmtExecute({ statementId: 0, cursorFlags: 0, params })
  return splitExecute(payload, { paramCount: order.length, types: undefined, longData: new Map() })
}

function paramTypes(types: Buffer): ParamType[] {
  const list: ParamType[] = []
  for (let i = 0; i < types.length; i += 2) list.push({ type: types[i]!, flags: types[i + 1]! })
  return list
}
