import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  decimalDigits,
  divideDecimal,
  formatDecimal,
  parseDecimal,
  rescaleDecimal,
} from '../../../src/values/decimal.ts'

const decimal = fc.record({
  unscaled: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  scale: fc.integer({ min: 0, max: 30 }),
})
const scaled = (value: Decimal, scale: number) => value.unscaled * 10n ** BigInt(scale - value.scale)
const print = (text: string) => formatDecimal(parseDecimal(text) as Decimal)

describe('text', () => {
  const cases = [
    ['12.340', '12.340'],
    ['-0.5', '-0.5'],
    ['.5', '0.5'],
    ['7.', '7'],
    ['-0.00', '0.00'],
    ['+3', '3'],
    ['00012', '12'],
  ] as const
  for (const [text, printed] of cases)
    test(`${text} prints as ${printed}`, () => expect(print(text)).toBe(printed))

  for (const text of ['', '-', '.', '1e5', ' 1', '1 ', '1.2.3', '0x1', '--1']) {
    test(`${JSON.stringify(text)} is no decimal`, () => expect(parseDecimal(text)).toBeUndefined())
  }

  test('printing and parsing is the identity', () => {
    fc.assert(
      fc.property(decimal, (value) => {
        expect(parseDecimal(formatDecimal(value))).toEqual(value)
      }),
    )
  })
})

describe('arithmetic against integers of scale 30', () => {
  test('sums', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(scaled(addDecimals(a, b), 30)).toBe(scaled(a, 30) + scaled(b, 30))
      }),
    )
  })

  test('comparison', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const difference = scaled(a, 30) - scaled(b, 30)
        expect(Math.sign(compareDecimals(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0)
      }),
    )
  })

  test('rounding is to the nearest, ties away from zero', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 30 }), (value, scale) => {
        const rounded = rescaleDecimal(value, scale)
        const error = scaled(rounded, 30) - scaled(value, 30)
        const unit = 10n ** BigInt(30 - scale)
        const magnitude = error < 0n ? -error : error
        expect(rounded.scale).toBe(scale)
        expect(2n * magnitude <= unit).toBe(true)
        if (2n * magnitude === unit) expect(error < 0n).toBe(value.unscaled < 0n)
      }),
    )
  })
})

describe('division as MySQL 9.7 and MariaDB 10.11 do it', () => {
  // AVG over three rows that sum up to the first number; the result has four digits more.
  const cases = [
    { sum: '2', result: '0.6667', why: 'rounded from nine computed digits' },
    { sum: '2.00', result: '0.666667', why: 'rounded from nine computed digits' },
    { sum: '2.00000', result: '0.666666666', why: 'nine digits are wanted and computed: truncated' },
    { sum: '-2.00000', result: '-0.666666666', why: 'truncated towards zero' },
    { sum: '2.000000', result: '0.6666666667', why: 'ten digits are wanted, eighteen computed' },
  ]
  for (const { sum, result, why } of cases) {
    test(`${sum} / 3 = ${result}: ${why}`, () => {
      const dividend = parseDecimal(sum) as Decimal
      const quotient = rescaleDecimal(divideDecimal(dividend, 3n, 4), dividend.scale + 4)
      expect(formatDecimal(quotient)).toBe(result)
    })
  }
})

test('digits count those before the point and all behind it', () => {
  expect(['0', '0.05', '12.5', '-100'].map((t) => decimalDigits(parseDecimal(t) as Decimal))).toEqual([
    0, 2, 3, 3,
  ])
})
