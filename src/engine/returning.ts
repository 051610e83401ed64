import { notSupported } from '../errors/sql-error.ts'
import type { SendWrite, SplitInsert } from '../plan/write-primitives.ts'
import type { BoundQuery } from './bindings.ts'
import { drawIds } from './drawn-ids.ts'
import { enterNew } from './entered-insert.ts'
import { HeldStream } from './held-stream.ts'
import { roundsOf } from './insert-rounds.ts'
import type { InsertSplit, ShardInsert } from './insert-split.ts'
import type { Outcome } from './outcome.ts'
import { inOrder, RowReferences } from './row-references.ts'
import type { Row, RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import type { RunContext } from './run-context.ts'
import type { ShardQuery } from './shard-port.ts'

/**
 * Writes that answer rows, MariaDB's RETURNING, on several shards: the rows of all are held until all have written, for a client that
 * has seen some cannot be told that nothing has happened. They count against the session's memory while they are read.
 */

/** What a statement, or a part of it, has answered. */
export interface ReturnedRows {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly rows: readonly Row[]
}

export function answering({ columns, format, rows }: ReturnedRows): Outcome {
  return { kind: 'Rows', stream: new HeldStream(columns, format, rows) }
}

/** Rows of an INSERT come in the order of the statement: each that is inserted answers one. Those that may meet others go one by one. */
export async function insertReturning(split: InsertSplit, context: RunContext): Promise<ReturnedRows> {
  const { plan } = split
  const { autoIncrement, entered, ignore, returning } = plan
  const { port, shards } = context
  const ids = autoIncrement === undefined ? [] : await drawIds(split.idSteps, autoIncrement, port)
  const bound = split.bind(ids)
  // A NULL that is not refused among several rows is refused in one alone.
  if (returning === 'some' && !ignore && !shards.insertMode.isStrict)
    throw notSupported('ON DUPLICATE KEY UPDATE … RETURNING over several shards without strict mode')
  const answered: ReturnedRows[] = []
  for (const round of roundsOf(bound, split, context)) {
    const references = new RowReferences(plan, context)
    if (await references.areMissing(round)) {
      answered.push(await referringAlone(round, references, plan, context))
      continue
    }
    if (entered !== undefined) await enterNew(round, plan, context)
    answered.push(await (returning === 'some' ? oneByOne : atOnce)(round, plan, context))
  }
  const returned = { ...answered[0]!, rows: answered.flatMap(({ rows }) => rows) }
  if (ids[0] !== undefined) port.leave({ variables: new Map(), collation: '', insertId: ids[0] })
  return returned
}

async function atOnce(
  inserts: readonly ShardInsert[],
  { keyspace }: SplitInsert,
  context: RunContext,
): Promise<ReturnedRows> {
  const parts = [...inserts].sort((a, b) => a.shard - b.shard)
  const query = { keyspace, shards: parts.map(({ shard }) => shard), query: parts.map((part) => part.query) }
  const { columns, format, rows } = await rowsOfAll(query, context)
  const ordered = parts.flatMap(({ rows: { count, numbers } }, i) => {
    if (rows[i]!.length !== count) throw notSupported('RETURNING of other rows than were inserted')
    return rows[i]!.map((row, j) => ({ number: numbers[j]!, row }))
  })
  ordered.sort((a, b) => a.number - b.number)
  return { columns, format, rows: ordered.map(({ row }) => row) }
}

/** Some refer to what is not there: to rows ahead of them in the statement, perhaps. */
async function referringAlone(
  inserts: readonly ShardInsert[],
  references: RowReferences,
  plan: SplitInsert,
  context: RunContext,
): Promise<ReturnedRows> {
  const answered: ReturnedRows[] = []
  for (const row of inOrder(inserts)) {
    const part = row.own.alone(row.i)
    await enterNew([part], plan, context)
    answered.push(await atOnce([part], plan, context))
    await references.checkBehind(row, false)
  }
  return { ...answered[0]!, rows: answered.flatMap(({ rows }) => rows) }
}

/** Which of them have answered is known of each alone. */
async function oneByOne(
  inserts: readonly ShardInsert[],
  { keyspace }: SplitInsert,
  context: RunContext,
): Promise<ReturnedRows> {
  const ordered = inserts
    .flatMap(({ rows }) => rows.numbers.map((number, i) => ({ number, rows, i })))
    .sort((a, b) => a.number - b.number)
  const statements = ordered.map(({ rows, i }) => rows.alone(i))
  return inTurn(
    statements.map(({ shard, query }) => ({ keyspace, shards: [shard], query })),
    context,
  )
}

/** One statement after the other; at least one. */
export async function inTurn(queries: readonly ShardQuery[], context: RunContext): Promise<ReturnedRows> {
  const answered: Row[] = []
  let told: Omit<ReturnedRows, 'rows'> | undefined
  for (const query of queries) {
    const { columns, format, rows } = await rowsOfAll(query, context)
    told ??= { columns, format }
    answered.push(...rows.flat())
  }
  return { ...told!, rows: answered }
}

/** Rows of a DELETE are those of one shard behind those of another. */
export async function runWriteReturning(
  { routing: { keyspace } }: SendWrite,
  { shards, query }: { readonly shards: readonly number[]; readonly query: BoundQuery },
  context: RunContext,
): Promise<Outcome> {
  const { columns, format, rows } = await rowsOfAll({ keyspace, shards, query }, context)
  return answering({ columns, format, rows: rows.flat() })
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
