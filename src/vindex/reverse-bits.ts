import { type KeyspaceId, keyspaceId, printKeyspaceId } from '../key/keyspace-id.ts'
import { type Value, value } from '../values/value.ts'
import { functionalInfo, hashingVindex } from './functional.ts'
import { bigEndian, parsed, parseUint64, readBigEndian32, uint64Text } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

/** `reverse_bits`: the unsigned integer with its 64 bits in reverse order, most significant byte first. */
export const createReverseBits: VindexFactory = (name, params) => ({
  ...hashingVindex(functionalInfo('reverse_bits', { name, cost: 1, params }), reversedId),
  reverse(id) {
    if (id.length !== 8) throw invalid(`invalid keyspace id: ${printKeyspaceId(id)}`)
    return value('UINT64', uint64Text(reversed(readBigEndian32(id, 0), readBigEndian32(id, 4))))
  },
})

function reversedId(v: Value): KeyspaceId | undefined {
  return parseUint64(v.bytes) ? reversed(parsed[0], parsed[1]) : undefined
}

function reversed(high: number, low: number): KeyspaceId {
  return keyspaceId(bigEndian(reverse32(low), reverse32(high)))
}

function reverse32(bits: number): number {
  let n = bits
  n = ((n >>> 1) & 0x55555555) | ((n & 0x55555555) << 1)
  n = ((n >>> 2) & 0x33333333) | ((n & 0x33333333) << 2)
  n = ((n >>> 4) & 0x0f0f0f0f) | ((n & 0x0f0f0f0f) << 4)
  n = ((n >>> 8) & 0x00ff00ff) | ((n & 0x00ff00ff) << 8)
  return (n >>> 16) | (n << 16)
}
