import type { Route } from '../plan/primitives.ts'
import { alikeStreams } from './alike-streams.ts'
import { askedByKeys } from './asked-keys.ts'
import { bindLiterally, bindQuery } from './bind.ts'
import { openFirstShardFirst } from './first-shard.ts'
import { Gather } from './gather.ts'
import { MergeSort } from './merge-sort.ts'
import { shardsMet } from './met-shards.ts'
import { ownQueries } from './own-values.ts'
import type { RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import type { ShardQuery } from './shard-port.ts'
import { keyspaceAskedFor } from './system-schema.ts'

/** Sends the route's query to its shards. */
export async function runRoute(route: Route, context: RunContext): Promise<RowStream> {
  const { bindings } = context
  const keyspace = keyspaceAskedFor(route.routing, bindings, context.shards)
  const { shards, query } = askedOf(route, keyspace, context)
  const { kept } = context
  const asked: ShardQuery = { keyspace, shards, query, kept, ...(context.asText && { asText: true }) }
  const { port, memory } = context
  const streams = await (context.locksInOrder
    ? openFirstShardFirst(asked, port, memory)
    : port.openStreams(asked))
  return closeOnFailure(streams, () => {
    if (streams.length === 1) return streams[0]
    const alike = alikeStreams(streams, keyspace)
    return route.orderBy.length === 0 ? new Gather(alike) : new MergeSort(alike, route.orderBy)
  })
}

function askedOf(route: Route, keyspace: string, context: RunContext): Pick<ShardQuery, 'shards' | 'query'> {
  const byKeys = askedByKeys(route, context)
  if (byKeys !== undefined) return byKeys
  const { bindings, format } = context
  // All copies of a reference table are locked where others lock them.
  const isFirst = context.locksInOrder === true && route.routing.kind === 'AnyShard'
  const shards = isFirst ? [0] : shardsMet(route.routing, bindings, context.shards)
  const bind = context.asText ? bindLiterally : bindQuery
  const own = ownQueries(route, shards, { bindings, shards: context.shards.shardsOf(keyspace), format }, bind)
  return { shards, query: own ?? bind(route.query, bindings) }
}

/** Closes the streams when `make` throws: a promise is only made for that. */
export function closeOnFailure<Made extends RowStream>(
  streams: readonly RowStream[],
  make: () => Made,
): Made | Promise<Made> {
  try {
    return make()
  } catch (error) {
    return Promise.allSettled(streams.map((stream) => stream.close())).then(() => {
      throw error
    })
  }
}
