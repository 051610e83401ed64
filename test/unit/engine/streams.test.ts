import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../src/base/byte-budget.ts'
import { distinctRows } from '../../../src/engine/distinct.ts'
import { Gather } from '../../../src/engine/gather.ts'
import { limitRows } from '../../../src/engine/limit.ts'
import { MergeSort } from '../../../src/engine/merge-sort.ts'
import type { RowBatch, RowFormat, RowStream, StreamColumn } from '../../../src/engine/row-stream.ts'
import { Sort } from '../../../src/engine/sort.ts'
import { dropColumns } from '../../../src/engine/truncate.ts'
import type { SortKey } from '../../../src/plan/primitives.ts'
import { binaryText, type Cell, column, encodeRow, readAll, streamOf } from './rows.ts'

const formats: RowFormat[] = ['text', 'binary']
const columns = [
  column('longLong', { name: 'a' }),
  column('newDecimal', { name: 'd' }),
  column('varString', { name: 's' }),
  binaryText(),
]
/** A row's text has its weight beside it. */
const rowArbitrary = fc
  .tuple(
    fc.option(fc.integer({ min: -3, max: 3 }).map(String)),
    fc.option(fc.constantFrom('-1.5', '0.0', '1.5', '10.0')),
    fc.option(fc.constantFrom('a', 'B', 'c')),
  )
  .map(([a, d, s]): Cell[] => [a, d, s, s === null ? null : s.toLowerCase()])
const keysArbitrary = fc.array(
  fc.record({
    key: fc.constantFrom<Omit<SortKey, 'descending'>>({ column: 0 }, { column: 1 }, { column: 2, weight: 3 }),
    descending: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
)
const toKeys = (drawn: readonly { key: Omit<SortKey, 'descending'>; descending: boolean }[]): SortKey[] =>
  drawn.map(({ key, descending }) => ({ ...key, descending }))

/** The order as SQL defines it, over plain values. */
function compareCells(keys: readonly SortKey[], a: readonly Cell[], b: readonly Cell[]): number {
  for (const { column: c, weight, descending } of keys) {
    const values = [a[weight ?? c], b[weight ?? c]].map((cell) =>
      cell === null || weight ? cell : Number(cell),
    )
    const [x, y] = values
    const order = x === y ? 0 : x === null ? -1 : y === null ? 1 : x < y ? -1 : 1
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

/** Batches are handed over when the test says so. */
class ManualStream implements RowStream {
  readonly columns = columns
  readonly format = 'text'
  closed = 0
  #waiting: { resolve(batch: RowBatch | undefined): void; reject(error: Error): void } | undefined

  get isAsked(): boolean {
    return this.#waiting !== undefined
  }

  next(): Promise<RowBatch | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  give(rows: readonly (readonly Cell[])[] | undefined): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(rows?.map((cells) => encodeRow('text', columns, cells)))
  }

  fail(error: Error): void {
    this.#waiting?.reject(error)
  }

  async close(): Promise<void> {
    this.closed++
    this.give(undefined)
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

for (const format of formats) {
  describe(`${format} rows`, () => {
    test('merging sorted inputs equals sorting all rows, ties in the order of the inputs', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(rowArbitrary, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
          keysArbitrary,
          async (inputs, drawn) => {
            const keys = toKeys(drawn)
            const sorted = inputs.map((rows) => [...rows].sort((a, b) => compareCells(keys, a, b)))
            const merge = new MergeSort(
              sorted.map((rows) => streamOf(columns, format, rows)),
              keys,
            )
            expect(await readAll(merge)).toEqual(sorted.flat().sort((a, b) => compareCells(keys, a, b)))
          },
        ),
      )
    })

    test('sorting in memory is stable', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(rowArbitrary, { maxLength: 40 }), keysArbitrary, async (rows, drawn) => {
          const keys = toKeys(drawn)
          const sort = new Sort(streamOf(columns, format, rows), keys, new ByteBudget(1e6))
          expect(await readAll(sort)).toEqual([...rows].sort((a, b) => compareCells(keys, a, b)))
        }),
      )
    })

    test('distinct keeps one of equal neighbours', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(rowArbitrary, { maxLength: 40 }), keysArbitrary, async (rows, drawn) => {
          const keys = toKeys(drawn)
          const expected = rows.filter((row, i) => i === 0 || compareCells(keys, rows[i - 1], row) !== 0)
          expect(await readAll(distinctRows(streamOf(columns, format, rows), keys))).toEqual(expected)
        }),
      )
    })

    test('limit and offset are a slice', async () => {
      const bound = fc.oneof(fc.nat(15), fc.constant(Number.POSITIVE_INFINITY))
      await fc.assert(
        fc.asyncProperty(
          fc.array(rowArbitrary, { maxLength: 12 }),
          bound,
          bound,
          async (rows, offset, count) => {
            const limited = limitRows(streamOf(columns, format, rows), { offset, count })
            expect(await readAll(limited)).toEqual(rows.slice(offset, offset + count))
          },
        ),
      )
    })

    test('gathering gives every row of every input once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(rowArbitrary, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
          async (inputs) => {
            const gathered = await readAll(new Gather(inputs.map((rows) => streamOf(columns, format, rows))))
            const inOrder = (rows: Cell[][]) => rows.map((row) => JSON.stringify(row)).sort()
            expect(inOrder(gathered)).toEqual(inOrder(inputs.flat()))
          },
        ),
      )
    })

    test('hidden columns are cut off rows and columns', async () => {
      const cut = dropColumns(
        streamOf(columns, format, [
          ['1', null, 'a', 'b'],
          [null, '1.0', null, null],
        ]),
        2,
      )
      expect(cut.columns.map((c) => c.name)).toEqual(['a', 'd'])
      expect(await readAll(cut)).toEqual([
        ['1', null],
        [null, '1.0'],
      ])
    })
  })
}

describe('columns counted from the end', () => {
  test('a key behind a star', async () => {
    const inputs = [[['1', null, null, 'b']], [['2', null, null, 'a']]].map((rows) =>
      streamOf(columns, 'text', rows),
    )
    const merged = await readAll(new MergeSort(inputs, [{ column: -1, descending: false }]))
    expect(merged.map((row) => row[0])).toEqual(['2', '1'])
  })
})

describe('text keys', () => {
  const padded = [column('varString', { name: 's' }), binaryText(), binaryText('pad')]
  const merge = async (rows: readonly Cell[][], key: Partial<SortKey>) => {
    const sort: SortKey = { column: 0, weight: 1, descending: false, ...key }
    const merged = new MergeSort(
      rows.map((row) => streamOf(padded, 'text', [row])),
      [sort],
    )
    return (await readAll(merged)).map((row) => row[0])
  }

  test('in a PAD SPACE collation the shorter weight goes on with spaces', async () => {
    const rows = ['a', 'a\t', 'a ', 'ab'].map((s): Cell[] => [s, s, ' '])
    expect(await merge(rows, { pad: 2 })).toEqual(['a\t', 'a', 'a ', 'ab'])
  })
  test('in a NO PAD collation it comes first', async () => {
    const rows = ['a\t', 'a', 'a '].map((s): Cell[] => [s, s, null])
    expect(await merge(rows, { pad: 2 })).toEqual(['a', 'a\t', 'a '])
  })
  test('a weight of several bytes repeats', async () => {
    const wide = (s: string) => [...s].map((c) => `\0${c}`).join('')
    const rows = ['a  b', 'a', 'a  '].map((s): Cell[] => [s, wide(s), '\0 '])
    expect(await merge(rows, { pad: 2 })).toEqual(['a', 'a  ', 'a  b'])
  })
  test('a weight of several levels is padded level by level', async () => {
    // As MariaDB 10.11 has them in utf8mb4_uca1400_as_cs: primary, secondary and tertiary weights.
    const [space, tab, a] = ['\x02\x09', '\x02\x01', '\x20\x75']
    const levels = (primary: string, tertiary: string) => {
      const each = (weight: string) => weight.repeat(primary.length / 2)
      return primary + each('\0 ') + tertiary
    }
    const [low, high] = ['\0\x02', '\0\x08']
    const rows: Cell[][] = [
      ['A', levels(a, high), levels(space, low)],
      ['a ', levels(a + space, low + low), levels(space, low)],
      ['a', levels(a, low), levels(space, low)],
      ['A\t', levels(a + tab, high + low), levels(space, low)],
    ]
    expect(await merge(rows, { pad: 2 })).toEqual(['A\t', 'a ', 'a', 'A'])
  })
  test('without a weight string text is refused, naming the column', async () => {
    await expect(
      merge(
        [
          ['a', null, null],
          ['b', null, null],
        ],
        {},
      ),
    ).rejects.toMatchObject({
      errno: 1235,
      message: expect.stringContaining("'s'"),
    })
  })
  test('JSON is refused', () => {
    const json: StreamColumn[] = [column('json', { name: 'j' })]
    expect(() => new MergeSort([streamOf(json, 'text', [])], [{ column: 0, descending: false }])).toThrow(
      /'j'/,
    )
  })
})

describe('memory and back-pressure', () => {
  const keys: SortKey[] = [{ column: 0, descending: false }]
  const row = (n: number): Cell[] => [String(n), null, null, null]

  test('a sort beyond its limits is an error and no partial answer', async () => {
    const rows = Array.from({ length: 11 }, (_, i) => row(i))
    const memory = new ByteBudget(1_000)
    const sort = new Sort(streamOf(columns, 'text', rows), keys, memory)
    await expect(sort.next()).rejects.toMatchObject({ errno: 1038 })
    await sort.close()
    expect(memory.held).toBe(0)
  })

  test('a limit closes its input with the last row it needs', async () => {
    const input = streamOf(
      columns,
      'text',
      Array.from({ length: 30 }, (_, i) => row(i)),
    )
    const limited = limitRows(input, { offset: 1, count: 3 })
    expect((await limited.next())?.length).toBe(2)
    expect((await limited.next())?.length).toBe(1)
    expect(await limited.next()).toBeUndefined()
    expect(input.closed).toBe(1)
    expect(input.asked).toBe(2)
  })

  test('LIMIT 0 reads nothing', async () => {
    const input = streamOf(columns, 'text', [row(1)])
    expect(await limitRows(input, { offset: 0, count: 0 }).next()).toBeUndefined()
    expect([input.asked, input.closed]).toEqual([0, 1])
  })

  test('gathering reads one batch an input ahead of the consumer', async () => {
    const inputs = [0, 1].map(() =>
      streamOf(
        columns,
        'text',
        Array.from({ length: 30 }, (_, i) => row(i)),
      ),
    )
    const gather = new Gather(inputs)
    await gather.next()
    await turn()
    expect(inputs.map((input) => input.asked).sort()).toEqual([1, 2])
    await gather.close()
    expect(inputs.map((input) => input.closed)).toEqual([1, 1])
  })

  test('gathering gives what has arrived while another shard is slow', async () => {
    const [slow, quick] = [new ManualStream(), new ManualStream()]
    const gather = new Gather([slow, quick])
    for (const n of [1, 2, 3]) {
      const batch = gather.next()
      quick.give([row(n)])
      expect((await batch)?.length).toBe(1)
    }
    const last = gather.next()
    quick.give(undefined)
    slow.give([row(4)])
    expect((await last)?.length).toBe(1)
    slow.give(undefined)
    expect(await gather.next()).toBeUndefined()
  })

  test('merging waits only for inputs whose row is due', async () => {
    const [a, b] = [new ManualStream(), new ManualStream()]
    const merge = new MergeSort([a, b], keys)
    const first = merge.next()
    a.give([row(1), row(5)])
    b.give([row(2)])
    expect((await first)?.length).toBe(2) // 1 and 2: b must be asked before 5
    const second = merge.next()
    await turn()
    expect([a.isAsked, b.isAsked]).toEqual([false, true])
    b.give(undefined)
    expect((await second)?.length).toBe(1)
  })
})

describe('failures and early ends', () => {
  const keys: SortKey[] = [{ column: 0, descending: false }]
  const make = {
    gather: (i: RowStream[]) => new Gather(i),
    merge: (i: RowStream[]) => new MergeSort(i, keys),
  }

  for (const [name, create] of Object.entries(make)) {
    test(`${name}: the first failure is thrown, close reaches every input`, async () => {
      const inputs = [new ManualStream(), new ManualStream()]
      const stream = create(inputs)
      const pending = stream.next()
      inputs[1].fail(new Error('shard is gone'))
      await expect(pending).rejects.toThrow('shard is gone')
      await stream.close()
      expect(inputs.map((input) => input.closed)).toEqual([1, 1])
    })

    test(`${name}: closing while rows are awaited ends the wait`, async () => {
      const inputs = [new ManualStream(), new ManualStream()]
      const stream = create(inputs)
      const pending = stream.next()
      await stream.close()
      expect(await pending).toBeUndefined()
      expect(await stream.next()).toBeUndefined()
    })
  }
})
