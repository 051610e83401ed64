import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import { nullable } from '../../../src/engine/column-flags.ts'
import { resolveRouting } from '../../../src/engine/resolve.ts'
import type { RowFormat, StreamColumn } from '../../../src/engine/row-stream.ts'
import { runPrimitive } from '../../../src/engine/run.ts'
import type { RunContext } from '../../../src/engine/run-context.ts'
import { queryOf, type ShardQuery } from '../../../src/engine/shard-port.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import { decodeColumnDef, encodeColumnDef } from '../../../src/mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../../src/mysql/codec/constants.ts'
import { JOINED_ROWS_MAX, type JoinRows, type RowsPrimitive } from '../../../src/plan/primitives.ts'
import { numberColumn } from '../../../src/session/show/columns.ts'
import { columnFlags } from '../../../src/values/types.ts'
import { value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import { bindingsOf } from './bindings.ts'
import { portOf, viewOf } from './port.ts'
import { type ArrayStream, type Cell, column, readAll, streamOf } from './rows.ts'

const shards = tileShards(generateShardRanges(4).map(shardRangeOf))
const vindex = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })

const leftColumns = [
  column('varString', { name: 'name' }),
  column('long', { name: 'k' }),
  column('varString', { name: 'note' }),
]
const rightColumns = [column('longLong', { name: 'id' }), column('varString', { name: 'c' })]

/** `SELECT b.c, a.name, a.k, a.note, b.id … ON b.id = a.k`. */
const join: JoinRows = {
  kind: 'Join',
  how: 'inner',
  left: {
    rows: {
      kind: 'Route',
      routing: { kind: 'Scatter', keyspace: 'ks' },
      query: { kind: 'Template', template: ['left'] },
      orderBy: [],
    },
    width: 3,
    keys: [1],
  },
  right: {
    rows: {
      kind: 'Route',
      routing: { kind: 'In', keyspace: 'ks', vindex, list: { kind: 'Cells', column: 0 } },
      query: { kind: 'Template', template: ['id IN (', { rows: [0] }, ')'] },
      orderBy: [],
    },
    width: 2,
    keys: [0],
  },
  columns: [
    { side: 'right', column: 1 },
    { side: 'left', column: 0 },
    { side: 'left', column: 1 },
    { side: 'left', column: 2 },
    { side: 'right', column: 0 },
  ],
}

/** Shards that answer each of the queries, the left one first, with rows that the first shard alone has. */
function cluster(
  left: readonly Cell[][],
  right: readonly Cell[][],
  options: { format?: RowFormat; columns?: StreamColumn[]; memory?: number } = {},
) {
  const { format = 'text', columns = leftColumns, memory = 1e7 } = options
  const queries: ShardQuery[] = []
  const opened: ArrayStream[] = []
  const budget = new ByteBudget(memory)
  const context: RunContext = {
    bindings: bindingsOf({}),
    shards: viewOf(shards),
    port: portOf({
      async openStreams(query) {
        const isLeft = queries.push(query) === 1
        // In a transaction they share the connections of their shards.
        if (!isLeft) expect(opened.every(({ closed }) => closed > 0)).toBe(true)
        const streams = query.shards.map((_, i) =>
          streamOf(isLeft ? columns : rightColumns, format, i > 0 ? [] : isLeft ? left : right),
        )
        opened.push(...streams)
        return streams
      },
    }),
    format,
    memory: budget,
    limits: { copiedRowsMax: 0, copiedBytesMax: 0 },
  }
  return { context, queries, opened, budget }
}

/** What each shard is sent. */
function sentBy(asked: ShardQuery | undefined): ReadonlyMap<number, string> {
  const { query, shards: met = [] } = asked ?? {}
  if (query === undefined) return new Map()
  return new Map(
    met.flatMap((shard, i): [number, string][] => {
      const bound = queryOf({ query }, i)
      return bound.kind === 'Text' ? [[shard, bound.sql]] : []
    }),
  )
}

/** The keys by the shards that have them. */
function askedFor(...keys: string[]): ReadonlyMap<number, string> {
  const lists = new Map<number, string[]>()
  for (const key of keys) {
    const values = [{ kind: 'Constant', value: value('INT64', key) }] as const
    const routing = { kind: 'Equal', keyspace: 'ks', vindex, values } as const
    const shard = resolveRouting(routing, bindingsOf({}), () => shards) as number
    lists.set(shard, [...(lists.get(shard) ?? []), key])
  }
  return new Map([...lists].sort().map(([shard, list]) => [shard, `id IN (${list.join(', ')})`]))
}

const people = [
  ['ann', '7', null],
  ['bob', null, 'x'],
  ['cat', '7', ''],
  ['dan', '-5', 'y'],
  ['eve', '9', 'z'],
]

describe.each(['text', 'binary'] as const)('a join of rows of two routes, %s', (format) => {
  test.each([
    ['semi', ['ann', 'cat', 'eve']],
    ['anti', ['dan', 'bob']],
  ] as const)('of a %s-join each row comes once', async (how, names) => {
    const right = [
      ['7', 'a'],
      ['9', 'b'],
      ['7', 'c'],
    ]
    const { context, budget } = cluster(people, right, { format })
    const node: JoinRows = { ...join, how, columns: [{ side: 'left', column: 0 }] }
    const stream = await runPrimitive(node, context)
    expect(await readAll(stream)).toEqual(names.map((name) => [name]))
    await stream.close()
    expect(budget.held).toBe(0)
  })

  test('asks twice, and puts together what is equal', async () => {
    const right = [
      ['7', 'seven'],
      ['9', null],
      ['8', 'eight'],
    ]
    const { context, queries, opened, budget } = cluster(people, right, { format })
    const stream = await runPrimitive(join, context)
    expect(stream.columns.map(({ name }) => name)).toEqual(['c', 'name', 'k', 'note', 'id'])
    expect(budget.held).toBeGreaterThan(0)
    expect(await readAll(stream)).toEqual([
      ['seven', 'ann', '7', null, '7'],
      ['seven', 'cat', '7', '', '7'],
      [null, 'eve', '9', 'z', '9'],
    ])
    expect([...sentBy(queries[0]).values()]).toEqual(['left', 'left', 'left', 'left'])
    expect(sentBy(queries[1])).toEqual(askedFor('7', '-5', '9'))
    expect(queries[1]!.shards.length).toBeGreaterThan(1)
    expect(budget.held).toBe(0)
    expect(opened.every(({ closed }) => closed > 0)).toBe(true)
  })

  test('asks for columns where there are no keys', async () => {
    const { context, queries } = cluster([['bob', null, 'x']], [], { format })
    const stream = await runPrimitive(join, context)
    expect(stream.columns).toHaveLength(5)
    expect(await readAll(stream)).toEqual([])
    expect([...sentBy(queries[1]).values()]).toEqual(['id IN (NULL)'])
  })

  test('pairs a row with thousands no faster than they are wanted', async () => {
    const left = Array.from({ length: JOINED_ROWS_MAX }, (_, i) => [`n${i}`, '1', null])
    const { context } = cluster(left, [['1', 'one']], { format })
    const stream = await runPrimitive(join, context)
    const first = await stream.next()
    expect(first!.length).toBeLessThanOrEqual(256)
    expect(first!.length + (await readAll(stream)).length).toBe(JOINED_ROWS_MAX)
  })

  test('of an outer join, rows without a partner come with NULLs', async () => {
    const left = [
      ['ann', '7', null],
      ['bob', null, 'x'],
      ['cat', '8', 'y'],
      ['dan', '7', null],
    ]
    const { context, budget } = cluster(left, [['7', 'seven']], { format })
    const stream = await runPrimitive({ ...join, how: 'left' }, context)
    expect(await readAll(stream)).toEqual([
      ['seven', 'ann', '7', null, '7'],
      ['seven', 'dan', '7', null, '7'],
      [null, 'cat', '8', 'y', null],
      [null, 'bob', null, 'x', null],
    ])
    expect(budget.held).toBe(0)
  })

  test('of an outer join, all rows come where none has a key', async () => {
    const { context, queries } = cluster([['bob', null, 'x']], [], { format })
    expect(await readAll(await runPrimitive({ ...join, how: 'left' }, context))).toEqual([
      [null, 'bob', null, 'x', null],
    ])
    expect([...sentBy(queries[1]).values()]).toEqual(['id IN (NULL)'])
  })

  test('of an outer join, thousands without a partner come no faster than they are wanted', async () => {
    const left = Array.from({ length: JOINED_ROWS_MAX }, (_, i) => [`n${i}`, '1', null])
    const { context } = cluster(left, [], { format })
    const stream = await runPrimitive({ ...join, how: 'left' }, context)
    const first = await stream.next()
    expect(first!.length).toBeLessThanOrEqual(256)
    expect(first!.length + (await readAll(stream)).length).toBe(JOINED_ROWS_MAX)
  })

  test('wants all of several keys to be equal, and asks for the first', async () => {
    const twice: JoinRows = {
      ...join,
      left: { ...join.left, keys: [1, 1] },
      right: { ...join.right, keys: [0, 0] },
    }
    const { context, queries } = cluster([['ann', '7', null]], [['7', 'x']], { format })
    expect(await readAll(await runPrimitive(twice, context))).toHaveLength(1)
    expect(sentBy(queries[1])).toEqual(askedFor('7'))
  })
})

test('joined rows are sorted before they are answered, within memory', async () => {
  const rows = Array.from({ length: 30 }, (_, i) => [`n${i}`, '7', null])
  const sort: RowsPrimitive = { kind: 'Sort', input: join, keys: [{ column: 2, descending: false }] }
  const { context, opened, budget } = cluster(rows, [['7', 'x'.repeat(500)]], { memory: 20_000 })
  await expect(runPrimitive(sort, context)).rejects.toMatchObject({ code: 'ER_OUT_OF_SORTMEMORY' })
  expect(opened.every(({ closed }) => closed > 0)).toBe(true)
  expect(budget.held).toBe(0)
})

test('leading zeros are no other number', async () => {
  const columns = [leftColumns[0]!, { ...leftColumns[1]!, flags: 0x60 }, leftColumns[2]!]
  const { context, queries } = cluster([['ann', '0007', null]], [['7', 'x']], { columns })
  expect(await readAll(await runPrimitive(join, context))).toEqual([['x', 'ann', '0007', null, '7']])
  expect(sentBy(queries[1])).toEqual(askedFor('7'))
})

describe('another plan is needed, and nothing is left open or held', () => {
  const row = ['ann', '7', null]
  test.each([
    ['for too many rows', Array.from({ length: JOINED_ROWS_MAX + 1 }, () => row), {}],
    ['without memory', [row], { memory: 10 }],
    [
      'for keys that are no integers',
      [row],
      { columns: [leftColumns[0]!, leftColumns[0]!, leftColumns[2]!] },
    ],
    ['for other columns', [row], { columns: leftColumns.slice(0, 2) }],
  ])('%s', async (_, left, options) => {
    const { context, opened, budget } = cluster(left, [], options)
    await expect(runPrimitive(join, context)).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
    expect(opened.every(({ closed }) => closed > 0)).toBe(true)
    expect(budget.held).toBe(0)
  })
})

test('what an outer join may not find is not NOT NULL, and its definition says so', () => {
  const flags = columnFlags.notNull | columnFlags.primaryKey
  const packet = encodeColumnDef({ ...numberColumn('id'), flags }, 0)
  const column = nullable({ ...rightColumns[0]!, flags, definition: packet.subarray(HEADER_BYTES) })
  expect(column.flags).toBe(columnFlags.primaryKey)
  expect(decodeColumnDef(column.definition).flags).toBe(columnFlags.primaryKey)
})
