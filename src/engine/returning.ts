import { notSupported } from '../errors/sql-error.ts'
import type { SendWrite } from '../plan/write-primitives.ts'
import type { BoundQuery } from './bindings.ts'
import { drawIds } from './drawn-ids.ts'
import { enterNew } from './entered-insert.ts'
import { HeldStream } from './held-stream.ts'
import type { InsertSplit } from './insert-split.ts'
import type { Outcome } from './outcome.ts'
import type { Row, RowStream } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import type { ShardQuery } from './shard-port.ts'

/**
 * Writes that answer rows, MariaDB's RETURNING, on several shards: the rows of all are held until all have written, for a client that
 * has seen some cannot be told that nothing has happened. They count against the session's memory while they are read.
 */

/** Rows of an INSERT come in the order of the statement: each that is inserted answers one. */
export async function runInsertReturning(split: InsertSplit, context: RunContext): Promise<Outcome> {
  const { keyspace, autoIncrement } = split.plan
  const { port } = context
  const ids = autoIncrement === undefined ? [] : await drawIds(split.idSteps, autoIncrement, port)
  const { inserts, rowCount } = split.bind(ids)
  if (split.plan.entered !== undefined) await enterNew(inserts, split.plan, context)
  const parts = [...inserts].sort((a, b) => a.shard - b.shard)
  const query = { keyspace, shards: parts.map(({ shard }) => shard), query: parts.map((part) => part.query) }
  const { columns, format, rows } = await rowsOfAll(query, context)
  const ordered: Row[] = new Array(rowCount)
  for (const [i, { rows: inserted }] of parts.entries()) {
    if (rows[i]!.length !== inserted.count) throw notSupported('RETURNING of other rows than were inserted')
    for (const [j, row] of rows[i]!.entries()) ordered[inserted.numbers[j]! - 1] = row
  }
  if (ids[0] !== undefined) port.leave({ variables: new Map(), collation: '', insertId: ids[0] })
  return { kind: 'Rows', stream: new HeldStream(columns, format, ordered) }
}

/** Rows of a DELETE are those of one shard behind those of another. */
export async function runWriteReturning(
  { routing: { keyspace } }: SendWrite,
  { shards, query }: { readonly shards: readonly number[]; readonly query: BoundQuery },
  context: RunContext,
): Promise<Outcome> {
  const { columns, format, rows } = await rowsOfAll({ keyspace, shards, query }, context)
  return { kind: 'Rows', stream: new HeldStream(columns, format, rows.flat()) }
}

async function rowsOfAll(query: ShardQuery, { port, memory }: RunContext) {
  const streams = await port.openStreams({ ...query, writes: true })
  const rows: Row[][] = []
  let held = 0
  try {
    for (const stream of streams) {
      const own: Row[] = []
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        const bytes = batch.reduce((sum, row) => sum + row.length, 0)
        if (!memory.take(bytes)) throw notSupported('RETURNING of more than connection_memory_limit')
        held += bytes
        own.push(...batch)
      }
      rows.push(own)
    }
  } finally {
    for (const stream of streams) await stream.close()
    memory.give(held)
  }
  const [{ columns, format }] = streams as readonly [RowStream]
  return { columns, format, rows }
}
