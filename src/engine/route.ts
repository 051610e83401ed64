import type { Route } from '../plan/primitives.ts'
import { alikeStreams } from './alike-streams.ts'
import { bindLiterally, bindQuery } from './bind.ts'
import { Gather } from './gather.ts'
import { MergeSort } from './merge-sort.ts'
import { shardsMet } from './met-shards.ts'
import { ownQueries } from './own-values.ts'
import type { RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import { keyspaceAskedFor } from './system-schema.ts'

/** Sends the route's query to its shards. `asText`: its rows are not for the client, and come as text. */
export async function runRoute(
  route: Route,
  context: RunContext,
  options: { readonly asText: boolean } = { asText: false },
): Promise<RowStream> {
  const { bindings, port } = context
  const keyspace = keyspaceAskedFor(route.routing, bindings, context.shards)
  const shards = shardsMet(route.routing, bindings, context.shards)
  const bind = options.asText ? bindLiterally : bindQuery
  const own = { bindings, shards: context.shards.shardsOf(keyspace), format: context.format }
  const query = ownQueries(route, shards, own, bind) ?? bind(route.query, bindings)
  const asked = { keyspace, shards, query }
  const streams = await port.openStreams(options.asText ? { ...asked, asText: true } : asked)
  return closeOnFailure(streams, () => {
    if (streams.length === 1) return streams[0]
    const alike = alikeStreams(streams, keyspace)
    return route.orderBy.length === 0 ? new Gather(alike) : new MergeSort(alike, route.orderBy)
  })
}

/** Closes the streams when `make` throws: a promise is only made for that. */
export function closeOnFailure(
  streams: readonly RowStream[],
  make: () => RowStream,
): RowStream | Promise<RowStream> {
  try {
    return make()
  } catch (error) {
    return Promise.allSettled(streams.map((stream) => stream.close())).then(() => {
      throw error
    })
  }
}
