import { unreachable } from '../base/assert.ts'
import { type KeyRange, printKeyRange } from './key-range.ts'
import { type KeyspaceId, printKeyspaceId } from './keyspace-id.ts'

/** What routing yields before shards are known. */
export type Destination =
  /** No row can match: no shard is asked. */
  | { readonly kind: 'None' }
  | { readonly kind: 'KeyspaceId'; readonly id: KeyspaceId }
  | { readonly kind: 'KeyspaceIds'; readonly ids: readonly KeyspaceId[] }
  /** Every shard that shares an id with the range. */
  | { readonly kind: 'KeyRange'; readonly range: KeyRange }
  /** Like KeyRange, but the range must begin and end where shards do. */
  | { readonly kind: 'ExactKeyRange'; readonly range: KeyRange }
  | { readonly kind: 'AllShards' }
  /** One shard, whichever: the rows are the same everywhere, or there are none. */
  | { readonly kind: 'AnyShard' }
  | { readonly kind: 'Shard'; readonly shard: string }
  | { readonly kind: 'Shards'; readonly shards: readonly string[] }

export const noShard: Destination = { kind: 'None' }
export const allShards: Destination = { kind: 'AllShards' }
export const anyShard: Destination = { kind: 'AnyShard' }

/** The destination's name in plans and messages, as Vitess prints it. */
export function printDestination(destination: Destination): string {
  switch (destination.kind) {
    case 'None':
    case 'AllShards':
    case 'AnyShard':
      return `Destination${destination.kind}()`
    case 'KeyspaceId':
      return `DestinationKeyspaceID(${printKeyspaceId(destination.id)})`
    case 'KeyspaceIds':
      return `DestinationKeyspaceIDs(${destination.ids.map(printKeyspaceId).join(',')})`
    case 'KeyRange':
    case 'ExactKeyRange':
      return `Destination${destination.kind}(${printKeyRange(destination.range)})`
    case 'Shard':
      return `DestinationShard(${destination.shard})`
    case 'Shards':
      return `DestinationShards(${destination.shards.join(',')})`
    default:
      return unreachable(destination)
  }
}
