import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDouble } from '../../../src/values/number-format.ts'

describe('doubles as MySQL 9.7 and MariaDB 10.11 print them', () => {
  const cases = [
    [0, '0'],
    [1e14, '100000000000000'],
    [1e15, '1e15'],
    [999_999_999_999_999, '999999999999999'],
    [9_999_999_999_999_998, '9.999999999999998e15'],
    [2871250805170233.5, '2871250805170233.5'],
    [-1e15, '-1e15'],
    [1e22, '1e22'],
    [1e100, '1e100'],
    [1e-5, '0.00001'],
    [1e-15, '0.000000000000001'],
    [1.5e-14, '0.000000000000015'],
    [1e-16, '1e-16'],
    [1.7976931348623157e308, '1.7976931348623157e308'],
    [5e-324, '5e-324'],
    [0.1 + 0.2, '0.30000000000000004'],
    [-0.5, '-0.5'],
  ] as const
  for (const [value, text] of cases) test(text, () => expect(formatDouble(value)).toBe(text))

  test('the text reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => Number(formatDouble(x)) === x),
    )
  })
})

describe('fixed decimals', () => {
  const cases = [
    { value: 6.75, decimals: 2, text: '6.75' },
    { value: 0.125, decimals: 2, text: '0.12' },
    { value: 0.375, decimals: 2, text: '0.38' },
    { value: 2.675, decimals: 2, text: '2.67' },
    { value: 2.5, decimals: 0, text: '2' },
    { value: 3.5, decimals: 0, text: '4' },
    { value: -1, decimals: 2, text: '-1.00' },
    { value: 1e22, decimals: 2, text: '10000000000000000000000.00' },
  ]
  for (const { value, decimals, text } of cases) {
    test(`${value} with ${decimals} decimals is ${text}`, () =>
      expect(formatDouble(value, decimals)).toBe(text))
  }
})
