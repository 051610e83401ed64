import { SqlError } from '../errors/sql-error.ts'
import type { Route } from '../plan/primitives.ts'
import { classOf } from '../values/types.ts'
import { bindLiterally, bindQuery } from './bind.ts'
import { Gather } from './gather.ts'
import { MergeSort } from './merge-sort.ts'
import { shardsMet } from './met-shards.ts'
import type { RowStream, StreamColumn } from './row-stream.ts'
import type { RunContext } from './run.ts'
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
  const query = options.asText ? bindLiterally(route.query, bindings) : bindQuery(route.query, bindings)
  const streams = await port.openStreams({ keyspace, shards, query, ...(options.asText && { asText: true }) })
  return closeOnFailure(streams, () => {
    if (streams.length === 1) return streams[0]
    checkAlike(streams, keyspace)
    return route.orderBy.length === 0 ? new Gather(streams) : new MergeSort(streams, route.orderBy)
  })
}

/** Closes the streams when `make` throws. */
export async function closeOnFailure(
  streams: readonly RowStream[],
  make: () => RowStream,
): Promise<RowStream> {
  try {
    return make()
  } catch (error) {
    await Promise.allSettled(streams.map((stream) => stream.close()))
    throw error
  }
}

/**
 * All rows are read by the first shard's columns; a shard with another schema must not be misread. Text is VAR_STRING
 * on one shard and STRING or BLOB on another whose optimizer took a temporary table: it lies in rows alike.
 */
function checkAlike(streams: readonly RowStream[], keyspace: string): void {
  const first = streams[0].columns
  for (const { columns } of streams) {
    const isAlike =
      columns.length === first.length && columns.every((column, i) => isSameLayout(column, first[i]))
    if (isAlike) continue
    throw new SqlError(
      'ER_UNKNOWN_ERROR',
      `The shards of keyspace '${keyspace}' answer with different columns: their schemas differ`,
    )
  }
}

function isSameLayout(a: StreamColumn, b: StreamColumn): boolean {
  const kind = classOf(a)
  return kind === classOf(b) && (a.type === b.type || kind === 'text' || kind === 'bytes')
}
