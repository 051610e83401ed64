import type { Routing } from '../plan/routing.ts'
import type { Bindings } from './bindings.ts'
import { anyShardIndex, resolveRouting } from './resolve.ts'
import type { ShardsView } from './shards-view.ts'
import { keyspaceAskedFor } from './system-schema.ts'

/** Positions of the shards that a routing meets in this execution, at least one. */
export function shardsMet(routing: Routing, bindings: Bindings, shards: ShardsView): readonly number[] {
  const resolved = resolveRouting(routing, bindings, shards.shardsOf)
  if (typeof resolved !== 'number') return resolved
  if (resolved !== anyShardIndex) return [resolved]
  const keyspace = keyspaceAskedFor(routing, bindings, shards)
  return [shards.pick(keyspace, shards.shardsOf(keyspace).length)]
}
