import { malformedPacket } from '../mysql/codec/packet-reader.ts'
import {
  type BoundParam,
  decodeStmtExecute,
  encodeStmtExecute,
  type ParamType,
} from '../mysql/codec/stmt-execute.ts'

/** The values of one COM_STMT_EXECUTE, as its packet has them behind the statement id. */
export interface ExecuteValues {
  /** The client's own command. */
  readonly payload: Buffer
  readonly paramCount: number
  /** Cursor flags; 0 for none. */
  readonly flags: number
  readonly nullBitmap: Buffer
  /** Two bytes a param. */
  readonly types: Buffer
  /** The payload carries them. */
  readonly typesSent: boolean
  readonly values: Buffer
  /** Params that were sent with COM_STMT_SEND_LONG_DATA, in pieces. */
  readonly longData: ReadonlyMap<number, readonly Buffer[]>
}

/** Command, statement id, flags, iteration count. */
const FIXED_BYTES = 10
const EMPTY = Buffer.alloc(0)

/**
 * Splits a payload into its blocks without decoding values. `types` are those of an earlier execute, for a packet that
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
  if (payload.length < FIXED_BYTES) throw malformedPacket()
  const flags = payload[5]!
  if (paramCount === 0) {
    return {
      payload,
      paramCount,
      flags,
      nullBitmap: EMPTY,
      types: EMPTY,
      typesSent: false,
      values: EMPTY,
      longData,
    }
  }
  const bitmapEnd = FIXED_BYTES + ((paramCount + 7) >> 3)
  if (payload.length <= bitmapEnd) throw malformedPacket()
  let at = bitmapEnd + 1
  let { types } = statement
  const typesSent = payload[bitmapEnd] === 1
  if (typesSent) {
    if (payload.length < at + 2 * paramCount) throw malformedPacket()
    const sent = payload.subarray(at, at + 2 * paramCount)
    // The same object for the same types, so that they are compared by identity most of the time.
    if (types === undefined || !types.equals(sent)) types = Buffer.from(sent)
    at += 2 * paramCount
  }
  if (types === undefined) throw malformedPacket()
  const nullBitmap = payload.subarray(FIXED_BYTES, bitmapEnd)
  return { payload, paramCount, flags, nullBitmap, types, typesSent, values: payload.subarray(at), longData }
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
