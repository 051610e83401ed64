import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import { type Value, value } from '../values/value.ts'
import { functionalInfo, hashingVindex, successor } from './functional.ts'
import { bigEndian, parsed, parseUint64, uint64Text } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

/** `numeric`: the unsigned integer itself, eight bytes, most significant first. */
export const createNumeric: VindexFactory = (name, params) => ({
  ...hashingVindex(functionalInfo('numeric', { name, cost: 0, params }), numericId),
  reverse(id) {
    if (id.length !== 8) throw invalid(`Numeric.ReverseMap: length of keyspaceId is not 8: ${id.length}`)
    return value('UINT64', uint64Text(id))
  },
  rangeMap(start, end) {
    const first = numericId(start)
    const last = numericId(end)
    return first === undefined || last === undefined ? undefined : { start: first, end: successor(last) }
  },
})

/** The id of an unsigned integer's text, whatever its type; undefined for other text. */
export function numericId(v: Value): KeyspaceId | undefined {
  return parseUint64(v.bytes) ? keyspaceId(bigEndian(parsed[0], parsed[1])) : undefined
}
