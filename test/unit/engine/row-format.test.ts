import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RowCutter, RowLayout, rebuildRow } from '../../../src/engine/row-format.ts'
import type { RowFormat } from '../../../src/engine/row-stream.ts'
import { type Cell, column, decodeRow, encodeRow } from './rows.ts'

const kinds = [
  { column: column('longLong'), cell: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  { column: column('long'), cell: fc.integer().map(String) },
  { column: column('tiny'), cell: fc.integer({ min: -128, max: 127 }).map(String) },
  {
    column: column('double'),
    cell: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => String(x + 0)),
  },
  { column: column('varString'), cell: fc.string({ maxLength: 300, unit: 'binary-ascii' }) },
] as const

/** Columns of any types and a row of them, NULLs among its cells. */
const tables = fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 20 }).chain((chosen) =>
  fc.record({
    columns: fc.constant(chosen.map((kind) => kind.column)),
    cells: fc.tuple(...chosen.map((kind) => fc.option(kind.cell as fc.Arbitrary<string>))),
  }),
)
const formats: RowFormat[] = ['text', 'binary']

for (const format of formats) {
  describe(`${format} rows`, () => {
    test('cutting columns off at any place leaves the first ones', () => {
      fc.assert(
        fc.property(tables, ({ columns, cells }) => {
          const row = encodeRow(format, columns, cells)
          for (let keep = 0; keep <= columns.length; keep++) {
            const cut = new RowCutter(new RowLayout(format, columns), keep).cut(row)
            expect(cut.equals(encodeRow(format, columns.slice(0, keep), cells.slice(0, keep)))).toBe(true)
          }
        }),
      )
    })

    test('rebuilding replaces the cells that change and keeps the others', () => {
      const change = fc.constantFrom<'keep' | 'null' | 'swap'>('keep', 'null', 'swap')
      fc.assert(
        fc.property(
          tables,
          fc.array(change, { minLength: 20, maxLength: 20 }),
          ({ columns, cells }, changes) => {
            const layout = new RowLayout(format, columns)
            const row = encodeRow(format, columns, cells)
            const offsets = new Int32Array(2 * columns.length)
            layout.locate(row, columns.length, offsets)
            const zeros = columns.map((c) => (c.type === column('varString').type ? 'x'.repeat(70_000) : '0'))
            const zeroRow = encodeRow(format, columns, zeros)
            const zeroOffsets = new Int32Array(2 * columns.length)
            layout.locate(zeroRow, columns.length, zeroOffsets)
            const newCells = columns.map((_, i) => {
              if (changes[i] === 'keep') return undefined
              return changes[i] === 'null'
                ? null
                : zeroRow.subarray(zeroOffsets[2 * i], zeroOffsets[2 * i + 1])
            })
            const expected: Cell[] = cells.map((cell, i) =>
              changes[i] === 'keep' ? cell : changes[i] === 'null' ? null : zeros[i],
            )
            const rebuilt = rebuildRow(layout, row, offsets, newCells)
            expect(rebuilt.equals(encodeRow(format, columns, expected))).toBe(true)
          },
        ),
        { numRuns: 50 },
      )
    })

    test('a row that ends early is refused, wherever it ends', () => {
      fc.assert(
        fc.property(tables, ({ columns, cells }) => {
          const layout = new RowLayout(format, columns)
          const row = encodeRow(format, columns, cells)
          for (let end = 0; end < row.length; end++) {
            const offsets = new Int32Array(2 * columns.length)
            expect(() => layout.locate(row.subarray(0, end), columns.length, offsets)).toThrow(/Malformed/)
          }
        }),
        { numRuns: 30 },
      )
    })
  })
}

test('the test encoder and decoder agree', () => {
  fc.assert(
    fc.property(tables, ({ columns, cells }) => {
      for (const format of formats) {
        expect(decodeRow(format, columns, encodeRow(format, columns, cells))).toEqual(cells)
      }
    }),
  )
})
