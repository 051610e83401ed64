import { createHash } from 'node:crypto'
import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'

/** MD5 as a keyspace id of 16 bytes: a spreading function here, not a protection. */
export function md5(bytes: Uint8Array): KeyspaceId {
  return keyspaceId(createHash('md5').update(bytes).digest())
}
