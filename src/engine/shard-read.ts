import type { QueryText } from '../plan/text.ts'
import { bindLiterally } from './bind.ts'
import type { Bindings, OuterRows } from './bindings.ts'
import { beneath } from './outer-rows.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import type { LookedThrough } from './shard-port.ts'

/** The rows of a query that locks on one shard, all of them: what a write asks about rows that it changes, which are few or held already. */
export interface ShardRead {
  readonly rows: readonly Row[]
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
}

export async function readShard(
  query: QueryText,
  at: { readonly keyspace: string; readonly shard: number },
  { bindings, outer }: { readonly bindings: Bindings; readonly outer: OuterRows },
  { port, waits }: LookedThrough,
): Promise<ShardRead> {
  const { sql, ...bound } = bindLiterally(query, beneath(bindings, outer))
  const [stream] = await port.openStreams({
    keyspace: at.keyspace,
    shards: [at.shard],
    query: { ...bound, sql: waits ? sql : `${sql} NOWAIT` },
    asText: true,
  })
  const rows: Row[] = []
  try {
    for (let batch = await stream!.next(); batch !== undefined; batch = await stream!.next())
      // Its own memory, not that of all that came with it.
      for (const row of batch) rows.push(Buffer.from(row))
    return { rows, columns: stream!.columns, format: stream!.format }
  } finally {
    await stream!.close()
  }
}
