import { type KeyspaceId, keyspaceId, printKeyspaceId } from '../key/keyspace-id.ts'
import { isSigned, type Value, value } from '../values/value.ts'
import { functionalInfo, hashingVindex } from './functional.ts'
import { desBlock, nullKeyDes } from './null-key-des.ts'
import { bigEndian, parsed, parseInt64, parseUint64, readBigEndian32, uint64Text } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

/**
 * `hash`: the value as a 64-bit integer, encrypted by DES under the null key. Negative integers count modulo 2^64;
 * values of other types are taken if their text is an unsigned integer.
 */
export const createHash: VindexFactory = (name, params) => ({
  ...hashingVindex(functionalInfo('hash', { name, cost: 1, params }), hashOf),
  reverse(id) {
    if (id.length !== 8) throw invalid(`invalid keyspace id: ${printKeyspaceId(id)}`)
    return value('UINT64', uint64Text(encrypt(readBigEndian32(id, 0), readBigEndian32(id, 4))))
  },
})

/** The id of an integer's text without regard to its type: what the region vindexes hash. Negative ones have none. */
export function hashOfUnsigned(v: Value): KeyspaceId | undefined {
  return parseUint64(v.bytes) ? encrypt(parsed[0], parsed[1]) : undefined
}

function hashOf(v: Value): KeyspaceId | undefined {
  if (!isSigned(v.type)) return hashOfUnsigned(v)
  return parseInt64(v.bytes) ? encrypt(parsed[0], parsed[1]) : undefined
}

function encrypt(high: number, low: number): KeyspaceId {
  nullKeyDes(high, low)
  return keyspaceId(bigEndian(desBlock[0], desBlock[1]))
}
