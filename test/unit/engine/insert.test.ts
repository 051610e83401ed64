import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BoundInsert, type InsertContext, InsertSplit } from '../../../src/engine/insert-split.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardIndexOf, shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import type { DrawnIds, InsertedCell, InsertedRow, SplitInsert } from '../../../src/plan/write-primitives.ts'
import { value } from '../../../src/values/value.ts'
import { createHash } from '../../../src/vindex/hash.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { SingleColumnVindex, VindexContext } from '../../../src/vindex/vindex.ts'
import { bindingsOf, constant, type Literal, type TestValues, textOf } from './bindings.ts'

const hash = createHash('hash', {}, {} as VindexContext) as SingleColumnVindex
const shards = tileShards(generateShardRanges(4).map(shardRangeOf))
const shardOf = (id: number) => {
  const destination = hash.map(value('INT64', String(id)))
  if (destination.kind !== 'KeyspaceId') throw new Error(destination.kind)
  return shardIndexOf(shards, destination.id)
}

const slotRows: SplitInsert['rows'] = { kind: 'Slot', slot: 0 }
function plan(changes: Partial<SplitInsert> = {}): SplitInsert {
  return {
    kind: 'Insert',
    verb: 'insert',
    keyspace: 'ks',
    table: 't',
    head: ['insert into t (id, name) values'],
    tail: [],
    rows: slotRows,
    columnCount: 2,
    vindex: hash,
    vindexColumns: [{ column: 'id', offset: 0 }],
    ignore: false,
    ...changes,
  }
}

interface TestContext extends InsertContext {
  readonly next: (count: number) => Promise<bigint>
}

/** Hands out 1000, 1001, … and notes how many were asked for. */
function contextOf(values: TestValues, changes: Partial<TestContext> = {}) {
  const asked: number[] = []
  const context: TestContext = {
    bindings: bindingsOf(values),
    shardsOf: () => shards,
    next: async (count) => BigInt(999 + asked.push(count)),
    noAutoValueOnZero: false,
    isStrict: true,
    ...changes,
  }
  return { context, asked }
}
const bind = (p: SplitInsert, values: TestValues) => bindInsert(p, contextOf(values).context)

async function bindInsert(p: SplitInsert, { next, ...context }: TestContext): Promise<BoundInsert> {
  const split = new InsertSplit(p, context)
  if (split.idsNeeded === 0) return split.bind([])
  const first = await next(split.idsNeeded)
  return split.bind(Array.from({ length: split.idsNeeded }, (_, i) => first + BigInt(i)))
}

const cell = (text: InsertedCell['text'], literal?: Literal): InsertedCell => ({
  text,
  isDefault: false,
  ...(literal === undefined ? {} : { value: constant(literal) }),
})
const defaultCell: InsertedCell = { text: ['DEFAULT'], isDefault: true }
const templateRows = (...rows: InsertedCell[][]): SplitInsert['rows'] => ({
  kind: 'Rows',
  rows: rows.map((cells): InsertedRow => ({ cells })),
})

describe('vindexes of other columns', () => {
  const verified = [{ vindex: hash, column: { column: 'name', offset: 1 } }]

  test('a value that belongs to another keyspace id is refused, or left out by IGNORE', async () => {
    const rows = [
      [1, 1],
      [2, 3],
      [4, null],
    ]
    await expect(bind(plan({ verified }), { rows })).rejects.toMatchObject({ code: 'ER_UNKNOWN_ERROR' })
    const { inserts, rowCount } = await bind(plan({ verified, ignore: true }), { rows })
    expect(rowCount).toBe(3)
    expect(inserts.flatMap((insert) => insert.rows.numbers).sort()).toEqual([1, 3])
  })
})

describe('splitting', () => {
  test('each shard gets its rows in the order of the statement', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 }),
        async (ids) => {
          const rows = ids.map((id, i) => [id, `n${i}`])
          const { inserts, rowCount } = await bind(plan(), { rows })
          expect(rowCount).toBe(ids.length)
          for (const { shard, query, rows: inserted } of inserts) {
            const own = rows.filter(([id]) => shardOf(id as number) === shard)
            const texts = own.map((row) => `(${row.map((c) => textOf(c)).join(',')})`)
            expect(query.sql).toBe(`insert into t (id, name) values ${texts.join(', ')}`)
            expect(inserted.numbers.map((number) => rows[number - 1])).toEqual(own)
            expect(inserted.first(inserted.numbers.length)).toEqual(query)
          }
          expect(new Set(inserts.map((i) => i.shard))).toEqual(new Set(ids.map(shardOf)))
        },
      ),
    )
  })

  test('expressions and params go where their row goes, the tail goes everywhere', async () => {
    const [a, b] = [1, 2, 3, 4, 5].filter(
      (id, i, ids) => ids.findIndex((x) => shardOf(x) === shardOf(id)) === i,
    )
    const rows = templateRows(
      [cell([{ param: 0 }], a), cell(['upper(', { param: 1 }, ')'])],
      [cell([{ param: 2 }], b), cell([{ slot: 0 }], 'x')],
    )
    const tail = ['on duplicate key update name = ', { param: 3 }]
    const { inserts } = await bind(plan({ rows, tail }), { slots: ['x'] })
    expect(inserts).toMatchObject([
      {
        shard: shardOf(a),
        rows: { numbers: [1] },
        drawnIds: [],
        query: {
          kind: 'Text',
          sql: 'insert into t (id, name) values (?, upper(?)) on duplicate key update name = ?',
          params: [0, 1, 3],
        },
      },
      {
        shard: shardOf(b),
        rows: { numbers: [2] },
        drawnIds: [],
        query: {
          kind: 'Text',
          sql: "insert into t (id, name) values (?, 'x') on duplicate key update name = ?",
          params: [2, 3],
        },
      },
    ])
  })

  test('a value is placed as the column will hold it', async () => {
    const routed = { type: 'INT64' as const }
    const p = plan({ vindexColumns: [{ column: 'id', offset: 0, routed }] })
    for (const literal of ['7', '7.2', value('DECIMAL', '6.5'), value('FLOAT64', '7')]) {
      const { inserts } = await bind(p, { rows: [[literal, 'x']] })
      expect(inserts.map((i) => i.shard)).toEqual([shardOf(7)])
    }
  })

  test('a megabyte of rows is split in linear time', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => [i, 'twenty characters ..'])
    const started = performance.now()
    const { inserts } = await bind(plan(), { rows })
    expect(inserts.reduce((sum, i) => sum + i.rows.numbers.length, 0)).toBe(rows.length)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('generated numbers', () => {
  const sequence = { keyspace: 'main', table: 'seq' }
  const auto: DrawnIds = { column: 'id', offset: 0, appended: false, sequence }

  test('NULL and 0 draw from the sequence in one go, others keep their own', async () => {
    const { context, asked } = contextOf({
      rows: [
        [null, 'a'],
        [7, 'b'],
        [0, 'c'],
      ],
    })
    const { inserts } = await bindInsert(plan({ autoIncrement: auto }), context)
    expect(asked).toEqual([2])
    expect(inserts.flatMap(({ drawnIds }) => drawnIds).sort()).toEqual([1000n, 1001n])
    const all = inserts.map((i) => i.query.sql.slice('insert into t (id, name) values '.length)).join(', ')
    expect(all.split(/, (?=\()/).sort()).toEqual(["(1000, 'a')", "(1001, 'c')", "(7,'b')"])
    expect(inserts.find((i) => i.query.sql.includes('1000'))?.shard).toBe(shardOf(1000))
  })

  test('NO_AUTO_VALUE_ON_ZERO keeps the zero', async () => {
    const { context, asked } = contextOf({ rows: [[0, 'a']] }, { noAutoValueOnZero: true })
    const { inserts } = await bindInsert(plan({ autoIncrement: auto }), context)
    expect(asked).toEqual([])
    expect(inserts[0].drawnIds).toEqual([])
    expect(inserts[0].shard).toBe(shardOf(0))
  })

  test('so is one for a DATE, though no client may write that date', async () => {
    const xxhash = createVindex('xxhash', 'xxhash', {}, {} as VindexContext) as SingleColumnVindex
    const vindexColumns = [{ column: 'id', offset: 0, routed: { type: 'DATE', notNull: true } as const }]
    const dated = plan({ ignore: true, vindex: xxhash, vindexColumns })
    const { inserts } = await bind(dated, { rows: [[null, 'a']] })
    const destination = xxhash.map(value('VARCHAR', '0000-00-00'))
    if (destination.kind !== 'KeyspaceId') throw new Error(destination.kind)
    expect(inserts.map(({ shard }) => shard)).toEqual([shardIndexOf(shards, destination.id)])
  })

  test('NULL for a NOT NULL column is placed as the default that IGNORE stores', async () => {
    const vindexColumns = [{ column: 'id', offset: 0, routed: { type: 'INT64', notNull: true } }] as const
    const { inserts } = await bind(plan({ ignore: true, vindexColumns }), { rows: [[null, 'a']] })
    expect(inserts.map(({ shard }) => shard)).toEqual([shardOf(0)])
    await expect(bind(plan({ vindexColumns }), { rows: [[null, 'a']] })).rejects.toThrow(
      "'id' cannot be null",
    )
  })

  test('text that is no number draws only where it would be stored as 0', async () => {
    const text = { rows: [['abc', 'a']] } satisfies TestValues
    const drawing = plan({ autoIncrement: auto })
    const { inserts } = await bind(drawing, text)
    expect(inserts.map(({ query, drawnIds }) => [query.sql, drawnIds])).toEqual([
      ["insert into t (id, name) values ('abc','a')", []],
    ])
    const { context, asked } = contextOf(text, { isStrict: false })
    await bindInsert(drawing, context)
    await bindInsert(plan({ autoIncrement: auto, ignore: true }), contextOf(text).context)
    expect(asked).toEqual([1])
  })

  test('DEFAULT draws, an expression outside of the vindex is left to MySQL', async () => {
    const rows = templateRows([cell(['1'], 1), defaultCell], [cell(['1'], 1), cell(['1+1'])])
    const { context } = contextOf({})
    const { inserts } = await bindInsert(
      plan({ rows, autoIncrement: { ...auto, column: 'name', offset: 1 } }),
      context,
    )
    expect(inserts[0].query.sql).toBe('insert into t (id, name) values (1, 1000), (1, 1+1)')
  })

  test('a column that the statement does not name is appended', async () => {
    const appended = { ...auto, column: 'id', offset: 2, appended: true }
    const vindexColumns = [{ column: 'id', offset: 2 }]
    const fromSlot = await bind(plan({ autoIncrement: appended, vindexColumns }), { rows: [['a', 'b']] })
    expect(fromSlot.inserts[0].query.sql).toMatch(/values \('a', 'b', 1000\)$/)
    const rows = templateRows([cell(['now()']), cell([{ param: 0 }], 'b')])
    const fromTemplates = await bind(plan({ rows, autoIncrement: appended, vindexColumns }), {})
    expect(fromTemplates.inserts[0].query.sql).toMatch(/values \(now\(\), \?, 1000\)$/)
    expect(fromTemplates.inserts[0].shard).toBe(shardOf(1000))
    const empty = plan({
      rows: templateRows([]),
      columnCount: 0,
      autoIncrement: { ...appended, offset: 0 },
      vindexColumns: [{ column: 'id', offset: 0 }],
    })
    expect((await bind(empty, {})).inserts[0].query.sql).toMatch(/values \(1000\)$/)
  })
})

describe('refusals', () => {
  const failure = (p: SplitInsert, values: TestValues) =>
    bind(p, values).then(
      () => undefined,
      (error) => error,
    )

  test('a row of the wrong width, by its number', async () => {
    const rows = templateRows([cell(['1'], 1), cell(['2'])], [cell(['1'], 1)])
    expect(await failure(plan({ rows }), {})).toMatchObject({
      errno: 1136,
      sqlState: '21S01',
      message: "Column count doesn't match value count at row 2",
    })
    expect(await failure(plan(), { rows: [[1]] })).toMatchObject({ errno: 1136 })
  })

  test('NULL without a keyspace id', async () => {
    expect(await failure(plan(), { rows: [[null, 'a']] })).toMatchObject({
      errno: 1048,
      message: "Column 'id' cannot be null",
    })
  })

  test('an expression and DEFAULT for a vindex column', async () => {
    for (const first of [cell(['1+1']), defaultCell]) {
      const rows = templateRows([first, cell(['2'])])
      expect(await failure(plan({ rows }), {})).toMatchObject({
        errno: 1235,
        message: expect.stringContaining("'id'"),
      })
    }
  })

  test('a sequence that fails', async () => {
    const autoIncrement = {
      column: 'id',
      offset: 0,
      appended: false,
      sequence: { keyspace: 'm', table: 's' },
    }
    const next = () => Promise.reject(new Error('no sequence'))
    const { context } = contextOf({ rows: [[null, 'a']] }, { next })
    await expect(bindInsert(plan({ autoIncrement }), context)).rejects.toThrow('no sequence')
  })

  test('IGNORE drops rows without a keyspace id, and may leave none', async () => {
    const { inserts, rowCount } = await bind(plan({ ignore: true }), {
      rows: [
        [null, 'a'],
        [1, 'b'],
      ],
    })
    expect(rowCount).toBe(2)
    expect(inserts.map((i) => i.query.sql)).toEqual(["insert into t (id, name) values (1,'b')"])
    expect((await bind(plan({ ignore: true }), { rows: [[null, 'a']] })).inserts).toEqual([])
  })
})
