import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import type { RowFormat, RowStream, StreamColumn } from '../../../src/engine/row-stream.ts'
import { runPrimitive } from '../../../src/engine/run.ts'
import type { RunContext } from '../../../src/engine/run-context.ts'
import type { ShardQuery } from '../../../src/engine/shard-port.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import type { Predicate, Route, RowsPrimitive } from '../../../src/plan/primitives.ts'
import { value } from '../../../src/values/value.ts'
import { bindingsOf, constant, type Literal } from './bindings.ts'
import { portOf, viewOf } from './port.ts'
import { type ArrayStream, type Cell, column, readAll, streamOf } from './rows.ts'

const columns = [column('longLong', { name: 'n' }), column('newDecimal', { name: 'd', decimals: 1 })]
const shards = tileShards(generateShardRanges(2).map(shardRangeOf))

/** A cluster of two shards with rows; notes the queries and the streams it opened. */
function cluster(
  rows: readonly (readonly Cell[][])[],
  options: { format?: RowFormat; shardColumns?: StreamColumn[][] } = {},
) {
  const queries: ShardQuery[] = []
  const opened: ArrayStream[] = []
  const format = options.format ?? 'text'
  const context: RunContext = {
    bindings: bindingsOf({ slots: [2, 1] }),
    shards: viewOf(shards),
    port: portOf({
      async openStreams(query) {
        queries.push(query)
        const streams = query.shards.map((i) =>
          streamOf(options.shardColumns?.[i] ?? columns, format, rows[i]),
        )
        opened.push(...streams)
        return streams
      },
      nextIds: async (keyspace, table, count) => BigInt(`${keyspace}${table}`.length * 100 + count),
    }),
    format,
    memory: new ByteBudget(1e6),
    limits: { copiedRowsMax: 1e6, copiedBytesMax: 1e9 },
  }
  return { context, queries, opened }
}

const scatter = (changes: Partial<Route> = {}): Route => ({
  kind: 'Route',
  routing: { kind: 'Scatter', keyspace: 'ks' },
  query: { kind: 'Verbatim' },
  orderBy: [],
  ...changes,
})
const byN = [{ column: 0, descending: false }]
const run = async (node: RowsPrimitive, context: RunContext): Promise<Cell[][]> =>
  readAll(await runPrimitive(node, context))
const twoShards: Cell[][][] = [
  [
    ['1', '1.0'],
    ['4', '4.0'],
  ],
  [
    ['2', '2.0'],
    ['3', null],
  ],
]

describe('routes', () => {
  test('one query for all shards, merged by the keys', async () => {
    const { context, queries } = cluster(twoShards)
    expect((await run(scatter({ orderBy: byN }), context)).map((row) => row[0])).toEqual(['1', '2', '3', '4'])
    expect(queries).toEqual([{ keyspace: 'ks', shards: [0, 1], query: { kind: 'Verbatim' } }])
  })

  test('where any shard will do it is picked', async () => {
    const { context, queries } = cluster(twoShards)
    const query = { kind: 'Template', template: ['select ', { slot: 0 }] } as const
    await run(scatter({ routing: { kind: 'AnyShard', keyspace: 'ks' }, query }), context)
    expect(queries).toEqual([
      { keyspace: 'ks', shards: [1], query: { kind: 'Text', sql: 'select 2', params: [] } },
    ])
  })

  test('shards that answer with other columns are refused, and closed', async () => {
    const other = [column('longLong', { name: 'n' }), column('varString', { name: 'd' })]
    const { context, opened } = cluster(twoShards, { shardColumns: [columns, other] })
    await expect(run(scatter(), context)).rejects.toThrow(/schemas differ/)
    expect(opened.map((stream) => stream.closed)).toEqual([1, 1])
  })

  test('text is read alike whichever text type a shard gives it: optimizers differ in temporary tables', async () => {
    const ofType = (type: 'varString' | 'string' | 'blob') => [
      column('longLong', { name: 'n' }),
      { ...column(type, { name: 't', collation: 255 }) },
    ]
    const rows = [[['1', 'a']], [['2', 'b']]]
    for (const other of ['string', 'blob'] as const) {
      const { context } = cluster(rows, { shardColumns: [ofType('varString'), ofType(other)] })
      expect(await run(scatter({ orderBy: byN }), context)).toEqual([
        ['1', 'a'],
        ['2', 'b'],
      ])
    }
  })

  test('a stream that cannot be built closes what was opened', async () => {
    const { context, opened } = cluster(twoShards, {
      shardColumns: [0, 1].map(() => [column('json', { name: 'j' })]),
    })
    const rows: RowsPrimitive = { kind: 'Sort', input: scatter(), keys: byN }
    await expect(run(rows, context)).rejects.toMatchObject({ errno: 1235 })
    expect(opened.map((stream) => stream.closed)).toEqual([1, 1])
  })
})

describe('trees', () => {
  test('limit above aggregate above merge, hidden columns cut off', async () => {
    const { context, opened } = cluster([
      [
        ['1', '1.0'],
        ['2', '2.0'],
      ],
      [
        ['2', '2.5'],
        ['3', '3.0'],
      ],
    ])
    const grouped: RowsPrimitive = {
      kind: 'Aggregate',
      input: scatter({ orderBy: byN }),
      groupBy: byN,
      aggregates: [{ kind: 'Sum', column: 1 }],
    }
    const limited: RowsPrimitive = {
      kind: 'Limit',
      input: { kind: 'Sort', input: grouped, keys: [{ column: 1, descending: true }] },
      count: { kind: 'Slot', slot: 0 },
      offset: { kind: 'Slot', slot: 1 },
    }
    expect(await run(limited, context)).toEqual([
      ['3', '3.0'],
      ['1', '1.0'],
    ])
    expect(opened.every((stream) => stream.closed > 0)).toBe(true)
    const cut: RowsPrimitive = { kind: 'Truncate', input: limited, drop: 1 }
    expect(await run(cut, cluster(twoShards).context)).toEqual([['2'], ['1']])
  })

  test('DISTINCT over a merge', async () => {
    const { context } = cluster([
      [
        ['1', null],
        ['2', null],
      ],
      [
        ['1', null],
        ['2', null],
      ],
    ])
    const rows = await run({ kind: 'Distinct', input: scatter({ orderBy: byN }), keys: byN }, context)
    expect(rows.map((row) => row[0])).toEqual(['1', '2'])
  })

  test('UNION ALL opens an input when the one before has ended', async () => {
    const { context, queries } = cluster(twoShards)
    const stream = await runPrimitive({ kind: 'Concatenate', inputs: [scatter(), scatter()] }, context)
    expect(queries.length).toBe(1)
    const rows = await readAll(stream)
    expect(queries.length).toBe(2)
    expect(rows.map((row) => row[0]).sort()).toEqual(['1', '1', '2', '2', '3', '3', '4', '4'])
  })

  test('UNION ALL of other types is refused before a row is misread', async () => {
    let calls = 0
    const { context } = cluster(twoShards)
    const port = portOf({
      openStreams: async (): Promise<RowStream[]> => {
        const types = calls++ === 0 ? columns : [columns[0], column('newDecimal', { name: 'd', decimals: 2 })]
        return [streamOf(types, 'text', [['1', '1.0']])]
      },
    })
    const union: RowsPrimitive = { kind: 'Concatenate', inputs: [scatter(), scatter()] }
    await expect(run(union, { ...context, port })).rejects.toMatchObject({ errno: 1235 })
  })

  test('what is not supported says so', async () => {
    const unsupported: RowsPrimitive = { kind: 'Unsupported', construct: 'GROUP BY x WITH ROLLUP' }
    await expect(run(unsupported, cluster([]).context)).rejects.toMatchObject({
      errno: 1235,
      message: expect.stringContaining('GROUP BY x WITH ROLLUP'),
    })
  })

  for (const format of ['text', 'binary'] as const) {
    test(`a sequence answers one ${format} row`, async () => {
      const { context } = cluster([], { format })
      const next: RowsPrimitive = { kind: 'Sequence', keyspace: 'main', table: 'seq', count: constant(5) }
      expect(await run(next, context)).toEqual([['705']])
      expect(await run({ kind: 'Sequence', keyspace: 'main', table: 'seq' }, context)).toEqual([['701']])
      await expect(run({ ...next, count: constant(0) }, context)).rejects.toThrow(/invalid increment/)
    })
  }
})

describe('HAVING', () => {
  const compare = (op: '=' | '<>' | '<' | '<=' | '>' | '>=', at: number, literal: Literal): Predicate => ({
    kind: 'Compare',
    op,
    column: at,
    value: constant(literal),
  })
  const cases: [string, Predicate, string[]][] = [
    ['n = 2', compare('=', 0, 2), ['2']],
    ['n <> 2', compare('<>', 0, 2), ['1', '3', '4']],
    ['n < 2.5', compare('<', 0, value('DECIMAL', '2.5')), ['1', '2']],
    ['n <= 2', compare('<=', 0, 2), ['1', '2']],
    ["n > '3'", compare('>', 0, '3'), ['4']],
    ['d >= 2e0: NULL is not', compare('>=', 1, value('FLOAT64', '2e0')), ['2', '4']],
    ['d = 2.00', compare('=', 1, value('DECIMAL', '2.00')), ['2']],
    ['d <> NULL', compare('<>', 1, null), []],
    ['n > 1 and d < 4', { kind: 'And', parts: [compare('>', 0, 1), compare('<', 1, 4)] }, ['2']],
    ['n = 1 or d = 4', { kind: 'Or', parts: [compare('=', 0, 1), compare('=', 1, 4)] }, ['1', '4']],
  ]
  for (const format of ['text', 'binary'] as const) {
    for (const [name, predicate, expected] of cases) {
      test(`${name} over ${format} rows`, async () => {
        const { context } = cluster(twoShards, { format })
        const rows = await run({ kind: 'Filter', input: scatter({ orderBy: byN }), predicate }, context)
        expect(rows.map((row) => row[0])).toEqual(expected)
      })
    }
  }

  test('integers beyond 2^53 compare exactly', async () => {
    const { context } = cluster([[['9007199254740993', null]], [['9007199254740992', null]]])
    const predicate = compare('=', 0, value('INT64', '9007199254740993'))
    expect(await run({ kind: 'Filter', input: scatter(), predicate }, context)).toEqual([
      ['9007199254740993', null],
    ])
  })

  test('text that is no number is refused', async () => {
    const { context } = cluster(twoShards)
    const predicate = compare('=', 0, 'abc')
    await expect(run({ kind: 'Filter', input: scatter(), predicate }, context)).rejects.toMatchObject({
      errno: 1235,
    })
  })
})
