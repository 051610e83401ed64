import type { Route } from '../plan/primitives.ts'
import { alikeStreams } from './alike-streams.ts'
import { askedByKeys } from './asked-keys.ts'
import { bindLiterally, bindQuery } from './bind.ts'
import { Gather } from './gather.ts'
import { MergeSort } from './merge-sort.ts'
import { shardsMet } from './met-shards.ts'
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
  const bind = options.asText ? bindLiterally : bindQuery
  const asked = askedByKeys(route, context, options) ?? {
    shards: shardsMet(route.routing, bindings, context.shards),
    query: bind(route.query, bindings),
  }
  const streams = await port.openStreams({ keyspace, ...asked, ...(options.asText && { asText: true }) })
  return closeOnFailure(streams, () => {
    if (streams.length === 1) return streams[0]
    const alike = alikeStreams(streams, keyspace)
    return route.orderBy.length === 0 ? new Gather(alike) : new MergeSort(alike, route.orderBy)
  })
}

/** Closes the streams when `make` throws. */
export async function closeOnFailure<Made extends RowStream>(
  streams: readonly RowStream[],
  make: () => Made,
): Promise<Made> {
  try {
    return make()
  } catch (error) {
    await Promise.allSettled(streams.map((stream) => stream.close()))
    throw error
  }
}
