import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AggregateStream } from '../../../src/engine/aggregate.ts'
import { MergeSort } from '../../../src/engine/merge-sort.ts'
import type { RowFormat, StreamColumn } from '../../../src/engine/row-stream.ts'
import type { AggregateColumn, SortKey } from '../../../src/plan/primitives.ts'
import { binaryText, type Cell, column, readAll, streamOf } from './rows.ts'

const formats: RowFormat[] = ['text', 'binary']
const by = (...columns: number[]): SortKey[] => columns.map((c) => ({ column: c, descending: false }))
const aggregate = (
  format: RowFormat,
  columns: readonly StreamColumn[],
  rows: readonly (readonly Cell[])[],
  aggregates: readonly AggregateColumn[],
  groupBy: readonly SortKey[] = [],
) => readAll(new AggregateStream(streamOf(columns, format, rows), { groupBy, aggregates }))

// ------------------------------------------------------------------- a table, and what MySQL makes of it

interface TableRow {
  readonly group: number | null
  /** Hundredths of a DECIMAL(…,2). */
  readonly amount: bigint | null
}

const partialColumns = [
  column('longLong', { name: 'g' }),
  column('longLong', { name: 'count(*)' }),
  column('longLong', { name: 'count(amount)' }),
  column('newDecimal', { name: 'sum(amount)', decimals: 2 }),
  column('newDecimal', { name: 'min(amount)', decimals: 2 }),
  column('newDecimal', { name: 'max(amount)', decimals: 2 }),
  column('newDecimal', { name: 'avg(amount)', decimals: 6 }),
]
const partialAggregates: AggregateColumn[] = [
  { kind: 'Count', column: 1 },
  { kind: 'Count', column: 2 },
  { kind: 'Sum', column: 3 },
  { kind: 'Min', column: 4 },
  { kind: 'Max', column: 5 },
  { kind: 'Avg', column: 6, sum: 3, count: 2 },
]

const tableRow = fc.record<TableRow>({
  group: fc.option(fc.integer({ min: -2, max: 2 })),
  amount: fc.option(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })),
})

const fixed = (n: bigint, scale: number): string => {
  const digits = (n < 0n ? -n : n).toString().padStart(scale + 1, '0')
  return `${n < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
const halfAwayFromZero = (n: bigint, d: bigint) =>
  ((n < 0n ? -1n : 1n) * (2n * (n < 0n ? -n : n) + d)) / (2n * d)

/** GROUP BY as one server would answer it, over integers only. */
function groupWhole(rows: readonly TableRow[]): Cell[][] {
  const groups = [...new Set(rows.map((row) => row.group))].sort((a, b) => (a ?? -1e9) - (b ?? -1e9))
  return groups.map((group) => {
    const own = rows.filter((row) => row.group === group)
    const amounts = own.flatMap((row) => (row.amount === null ? [] : [row.amount]))
    const sum = amounts.reduce((total, n) => total + n, 0n)
    const sorted = [...amounts].sort((a, b) => (a < b ? -1 : 1))
    const some = (cell: () => string) => (amounts.length === 0 ? null : cell())
    return [
      group === null ? null : String(group),
      String(own.length),
      String(amounts.length),
      some(() => fixed(sum, 2)),
      some(() => fixed(sorted[0], 2)),
      some(() => fixed(sorted[sorted.length - 1], 2)),
      // Nine digits are computed and cut, then rounded to six.
      some(() => fixed(halfAwayFromZero((sum * 10n ** 7n) / BigInt(amounts.length), 1000n), 6)),
    ]
  })
}

for (const format of formats) {
  describe(`${format} rows`, () => {
    test('partial results of any shards make the whole', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(tableRow, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
          async (shards) => {
            const partials = shards.map((rows) => streamOf(partialColumns, format, groupWhole(rows)))
            const merged = new MergeSort(partials, by(0))
            const stream = new AggregateStream(merged, { groupBy: by(0), aggregates: partialAggregates })
            expect(await readAll(stream)).toEqual(groupWhole(shards.flat()))
          },
        ),
      )
    })

    test('distinct values count once, whatever shards they are on', async () => {
      const columns = [
        column('longLong', { name: 'g' }),
        column('longLong', { name: 'count' }),
        column('newDecimal', { name: 'sum', decimals: 0 }),
        column('newDecimal', { name: 'avg', decimals: 4 }),
        column('longLong', { name: 'x' }),
      ]
      const value = by(4)[0]
      const aggregates: AggregateColumn[] = [
        { kind: 'CountDistinct', column: 1, value },
        { kind: 'SumDistinct', column: 2, value },
        { kind: 'AvgDistinct', column: 3, value },
      ]
      const rows = [
        ['1', null],
        ['1', '2'],
        ['1', '2'],
        ['1', '5'],
        ['2', null],
      ]
      const input = rows.map(([g, x]): Cell[] => [g, '7', '7', '7', x])
      const result = await aggregate(format, columns, input, aggregates, by(0))
      expect(result.map((row) => row.slice(0, 4))).toEqual([
        ['1', '2', '7', '3.5000'],
        ['2', '0', null, null],
      ])
    })

    test('no rows at all: counts are 0, all else is NULL; with groups there is no row', async () => {
      const aggregates = partialAggregates
      expect(await aggregate(format, partialColumns, [], aggregates)).toEqual([
        [null, '0', '0', null, null, null, null],
      ])
      expect(await aggregate(format, partialColumns, [], aggregates, by(0))).toEqual([])
    })

    test('doubles add up as doubles', async () => {
      const columns = [column('double', { name: 'sum(x)', decimals: 31 })]
      const sums = await aggregate(format, columns, [['0.1'], [null], ['0.2']], [{ kind: 'Sum', column: 0 }])
      expect(sums).toEqual([['0.30000000000000004']])
    })

    test('MIN and MAX of text go by its weight, and take the weight along', async () => {
      const columns = [
        column('varString', { name: 'min' }),
        binaryText(),
        column('varString', { name: 'max' }),
        binaryText(),
      ]
      const rows = ['b', 'A', 'C'].map((s): Cell[] => [s, s.toLowerCase(), s, s.toLowerCase()])
      const aggregates: AggregateColumn[] = [
        { kind: 'Min', column: 0, weight: 1 },
        { kind: 'Max', column: 2, weight: 3 },
      ]
      expect(await aggregate(format, columns, [[null, null, null, null], ...rows], aggregates)).toEqual([
        ['A', 'a', 'C', 'c'],
      ])
    })

    test('groups of text by weight keep the spelling that came first', async () => {
      const columns = [column('varString', { name: 's' }), binaryText(), column('longLong', { name: 'n' })]
      const groupBy: SortKey[] = [{ column: 0, weight: 1, descending: false }]
      const rows: Cell[][] = [
        ['a', 'a', '1'],
        ['A', 'a', '2'],
        ['b', 'b', '4'],
      ]
      expect(await aggregate(format, columns, rows, [{ kind: 'Count', column: 2 }], groupBy)).toEqual([
        ['a', 'a', '3'],
        ['b', 'b', '4'],
      ])
    })

    test('a BIGINT that overflows is error 1690, naming the column', async () => {
      const max = ['9223372036854775807', '1'].map((n): Cell[] => [n])
      const signed = aggregate(format, [column('longLong', { name: 'sum(n)' })], max, [
        { kind: 'Sum', column: 0 },
      ])
      await expect(signed).rejects.toMatchObject({
        errno: 1690,
        sqlState: '22003',
        message: "BIGINT value is out of range in 'sum(n)'",
      })
      const unsigned = [column('longLong', { name: 'n', unsigned: true })]
      expect(await aggregate(format, unsigned, max, [{ kind: 'Sum', column: 0 }])).toEqual([
        ['9223372036854775808'],
      ])
      const beyond = [['18446744073709551615'], ['1']]
      await expect(aggregate(format, unsigned, beyond, [{ kind: 'Sum', column: 0 }])).rejects.toMatchObject({
        message: "BIGINT UNSIGNED value is out of range in 'n'",
      })
    })

    test('a DECIMAL beyond 65 digits and a DOUBLE beyond its range are error 1690', async () => {
      const nines: Cell[][] = [['9'.repeat(65)], ['1']]
      const decimal = aggregate(format, [column('newDecimal', { name: 'd' })], nines, [
        { kind: 'Sum', column: 0 },
      ])
      await expect(decimal).rejects.toMatchObject({ message: "DECIMAL value is out of range in 'd'" })
      const huge: Cell[][] = [['1e308'], ['1e308']]
      const double = aggregate(format, [column('double', { name: 'x', decimals: 31 })], huge, [
        { kind: 'Sum', column: 0 },
      ])
      await expect(double).rejects.toMatchObject({ message: "DOUBLE value is out of range in 'x'" })
    })
  })
}

describe('formats of results', () => {
  test('an average of integers has four digits, of doubles as many as it needs', async () => {
    const ints = [
      column('newDecimal', { name: 'avg', decimals: 4 }),
      column('newDecimal', { name: 'sum' }),
      column('longLong', { name: 'count' }),
    ]
    const avg: AggregateColumn[] = [{ kind: 'Avg', column: 0, sum: 1, count: 2 }]
    const first = (rows: Cell[][]) => rows[0][0]
    expect(
      first(
        await aggregate(
          'text',
          ints,
          [
            ['1', '1', '1'],
            ['5', '10', '2'],
          ],
          avg,
        ),
      ),
    ).toBe('3.6667')
    expect(
      first(
        await aggregate(
          'text',
          ints,
          [
            [null, null, '0'],
            [null, null, '0'],
          ],
          avg,
        ),
      ),
    ).toBeNull()
    const doubles = [
      column('double', { name: 'avg', decimals: 31 }),
      column('double', { name: 's', decimals: 31 }),
      ints[2],
    ]
    expect(
      first(
        await aggregate(
          'text',
          doubles,
          [
            ['1', '1e100', '1'],
            ['1', '1e100', '1'],
          ],
          avg,
        ),
      ),
    ).toBe('1e100')
    const fixedPoint = [
      column('double', { name: 'avg', decimals: 6 }),
      column('double', { name: 's', decimals: 2 }),
      ints[2],
    ]
    expect(
      first(
        await aggregate(
          'text',
          fixedPoint,
          [
            ['1', '1.25', '1'],
            ['1', '2', '1'],
          ],
          avg,
        ),
      ),
    ).toBe('1.625000')
  })

  test('text cannot be added up, nor JSON compared', () => {
    const input = (c: StreamColumn) => streamOf([c], 'text', [])
    const make = (c: StreamColumn, a: AggregateColumn) => () =>
      new AggregateStream(input(c), { groupBy: [], aggregates: [a] })
    expect(make(column('varString', { name: 's' }), { kind: 'Sum', column: 0 })).toThrow(/'s'/)
    expect(make(column('json', { name: 'j' }), { kind: 'Max', column: 0 })).toThrow(/'j'/)
  })
})

test('a group that is cut short by close is not answered', async () => {
  const input = streamOf(partialColumns, 'text', [['1', '1', '1', '1.00', '1.00', '1.00', '1.000000']])
  const stream = new AggregateStream(input, { groupBy: by(0), aggregates: partialAggregates })
  await stream.close()
  expect(await stream.next()).toBeUndefined()
  expect(input.closed).toBe(1)
})
