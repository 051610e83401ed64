import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import type { RowFormat, StreamColumn } from '../../../src/engine/row-stream.ts'
import { runPrimitive } from '../../../src/engine/run.ts'
import type { RunContext } from '../../../src/engine/run-context.ts'
import type { ShardQuery } from '../../../src/engine/shard-port.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import { JOINED_ROWS_MAX, type PulledSubquery, type PullOutRows } from '../../../src/plan/primitives.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import { bindingsOf } from './bindings.ts'
import { portOf, viewOf } from './port.ts'
import { type ArrayStream, type Cell, column, readAll, streamOf } from './rows.ts'

const shards = tileShards(generateShardRanges(4).map(shardRangeOf))
const vindex = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })

const pullOut = (use: PulledSubquery['use']): PullOutRows => ({
  kind: 'PullOut',
  subqueries: [
    {
      use,
      width: 1,
      rows: {
        kind: 'Route',
        routing: { kind: 'Unsharded', keyspace: 'ks' },
        query: { kind: 'Template', template: ['inner'] },
        orderBy: [],
      },
    },
  ],
  input: {
    kind: 'Route',
    routing:
      use === 'one of'
        ? { kind: 'In', keyspace: 'ks', vindex, list: { kind: 'Cells', column: 0 } }
        : { kind: 'Scatter', keyspace: 'ks' },
    query: { kind: 'Template', template: ['outer ', { rows: [0] }] },
    orderBy: [],
  },
})

/** A subquery that gives these rows, and a query that gives one. */
function cluster(given: readonly Cell[], { format = 'text' as RowFormat, type = column('longLong') } = {}) {
  const queries: ShardQuery[] = []
  const opened: ArrayStream[] = []
  const columns: StreamColumn[] = [type]
  const context: RunContext = {
    bindings: bindingsOf({}),
    shards: { ...viewOf(shards), shardsOf: () => (queries.length === 0 ? shards.slice(0, 1) : shards) },
    port: portOf({
      async openStreams(query) {
        const isInner = queries.push(query) === 1
        const rows = isInner ? given.map((cell) => [cell]) : []
        const streams = query.shards.map(() => streamOf(columns, format, rows))
        opened.push(...streams)
        return streams
      },
    }),
    format,
    memory: new ByteBudget(1e6),
    limits: { copiedRowsMax: 0, copiedBytesMax: 0 },
  }
  return { context, queries, opened }
}

function sent(query: ShardQuery | undefined): readonly string[] {
  if (query === undefined) return []
  const queries = 'kind' in query.query ? [query.query] : query.query
  return queries.flatMap((each) => (each.kind === 'Text' ? [each.sql] : []))
}

describe.each(['text', 'binary'] as const)('subqueries run before the query, %s', (format) => {
  test.each([
    ['value', ['7'], ['outer 7']],
    ['value', ['-7'], ['outer -7']],
    ['value', [null], ['outer NULL']],
    ['value', [], ['outer NULL']],
    ['one of', ['7', null, '7'], ['outer 7']],
    ['one of', [null], ['outer NULL']],
    ['none of', ['7', null, '8', '7'], ['outer 7, NULL, 8']],
  ] as const)('%s of %j', async (use, given, expected) => {
    const { context, queries, opened } = cluster(given, { format })
    await readAll(await runPrimitive(pullOut(use), context))
    expect(sent(queries[1])).toEqual(expected)
    expect(opened.every(({ closed }) => closed > 0)).toBe(true)
  })

  test('each shard is asked for the numbers that it can have', async () => {
    const given = Array.from({ length: 40 }, (_, i) => String(i))
    const { context, queries } = cluster(given, { format })
    await readAll(await runPrimitive(pullOut('one of'), context))
    const lists = sent(queries[1]).map((sql) => sql.replace('outer ', '').split(', '))
    expect(lists).toHaveLength(4)
    expect(lists.flat().sort()).toEqual([...given].sort())
  })
})

test.each([
  ['several rows for a value', 'value', ['1', '1'], {}],
  ['no number to be none of', 'none of', [], {}],
  ['more than can be listed', 'one of', Array.from({ length: JOINED_ROWS_MAX + 1 }, (_, i) => String(i)), {}],
  ['texts', 'value', ['a'], { type: column('varString') }],
] as const)('another plan is needed for %s', async (_, use, given, options) => {
  const { context, opened } = cluster(given, options)
  await expect(runPrimitive(pullOut(use), context)).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
  expect(opened.every(({ closed }) => closed > 0)).toBe(true)
})
