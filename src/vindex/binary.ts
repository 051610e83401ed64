import { keyspaceId } from '../key/keyspace-id.ts'
import { value } from '../values/value.ts'
import { concatenate, functionalInfo, hashingVindex } from './functional.ts'
import { valueBytes } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

// Trailing zero bytes of ids do not count, so that nothing is "just above" an id; this is close enough for a range
// that may hold more ids than asked for.
const above = Uint8Array.of(1)

/** `binary`: the value's bytes are the keyspace id. */
export const createBinary: VindexFactory = (name, params) => ({
  ...hashingVindex(functionalInfo('binary', { name, cost: 0, params }), (v) => keyspaceId(valueBytes(v))),
  reverse: (id) => value('VARBINARY', id),
  rangeMap: (start, end) => ({ start: valueBytes(start), end: concatenate([valueBytes(end), above]) }),
})
