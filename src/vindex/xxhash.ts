import { keyspaceId } from '../key/keyspace-id.ts'
import { functionalInfo, hashingVindex } from './functional.ts'
import { valueBytes } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'
import { xxhash64 } from './xxhash64.ts'

/** `xxhash`: xxHash64 of the value's text (the integer 1 hashes as "1"), least significant byte first. */
export const createXxhash: VindexFactory = (name, params) =>
  hashingVindex(functionalInfo('xxhash', { name, cost: 1, params }), (v) =>
    keyspaceId(xxhash64(valueBytes(v))),
  )
