import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExactSum } from '../../../src/engine/exact-sum.ts'
import { writeExact } from '../../../src/engine/number-cell.ts'
import { RowLayout } from '../../../src/engine/row-format.ts'
import { addDecimals, type Decimal, parseDecimal } from '../../../src/values/decimal.ts'
import { column, encodeRow } from './rows.ts'

const digits = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.bigInt({ min: -(10n ** 15n) - 1n, max: 10n ** 15n + 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const fraction = fc.oneof(fc.constant(''), fc.constant('.'), fc.stringMatching(/^\.[0-9]{1,4}$/))

function summed(texts: readonly (string | null)[]): Decimal | null {
  return texts.reduce<Decimal | null>((sum, text) => {
    const value = text === null ? undefined : parseDecimal(text)
    if (value === undefined) return sum
    return sum === null ? value : addDecimals(sum, value)
  }, null)
}

describe('sums of exact numbers', () => {
  for (const format of ['text', 'binary'] as const) {
    for (const type of ['newDecimal', 'longLong'] as const) {
      test(`of ${type} as ${format} are those of bigints`, () => {
        const isDecimal = type === 'newDecimal'
        const text = isDecimal
          ? fc.tuple(digits, fraction).map(([whole, behind]) => `${whole}${behind}`)
          : digits.map(String)
        fc.assert(
          fc.property(fc.array(fc.option(text), { maxLength: 8 }), fc.nat({ max: 5 }), (texts, decimals) => {
            const input = column(type)
            const output = column('newDecimal', { decimals })
            const layout = new RowLayout(format, [input])
            const cells = new Int32Array(2)
            const sum = new ExactSum({ column: input, source: 0, output, format })
            for (const round of [0, 1]) {
              sum.reset()
              for (const each of texts) {
                const row = encodeRow(format, [input], [each])
                layout.locate(row, 1, cells)
                sum.add(row, cells)
              }
              const expected = summed(texts)
              expect(sum.exact(), `round ${round}`).toEqual(expected)
              expect(sum.cell()).toEqual(expected && writeExact(output, format, expected))
            }
          }),
        )
      })
    }
  }

  test('an integer column that cannot hold the sum says so', () => {
    const [input, output] = [column('longLong'), column('longLong', { unsigned: true })]
    const sum = new ExactSum({ column: input, source: 0, output, format: 'text' })
    const row = encodeRow('text', [input], ['-5'])
    sum.add(row, Int32Array.of(1, 3))
    expect(() => sum.cell()).toThrow(/BIGINT UNSIGNED value is out of range/)
  })

  test('what is no number is a malformed row', () => {
    const input = column('newDecimal')
    for (const text of ['', '-', '.', '1.2.3', '1x', '--1']) {
      const sum = new ExactSum({ column: input, source: 0, output: input, format: 'text' })
      const row = encodeRow('text', [input], [text])
      expect(() => sum.add(row, Int32Array.of(1, row.length)), text).toThrow(/no number/)
    }
  })
})
