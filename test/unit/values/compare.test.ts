import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CellComparator, cellComparator } from '../../../src/values/compare.ts'
import { type ColumnType, fieldTypes } from '../../../src/values/types.ts'

const type = (name: keyof typeof fieldTypes, flags = 0, collation = 63): ColumnType => ({
  type: fieldTypes[name],
  flags,
  decimals: 0,
  collation,
  length: 0,
})
const comparator = (column: ColumnType, encoding: 'text' | 'binary') => {
  const compare = cellComparator(column, encoding)
  if (compare === undefined) throw new Error('no order')
  return compare
}
/** Both cells stand somewhere in a larger buffer. */
const compareBuffers = (compare: CellComparator, a: Buffer, b: Buffer) =>
  Math.sign(compare(Buffer.concat([Buffer.from('x'), a, Buffer.from('9')]), 1, 1 + a.length, b, 0, b.length))
const compareTexts = (compare: CellComparator, a: string, b: string) =>
  compareBuffers(compare, Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
const order = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0)

describe('integers', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const bytes = (n: bigint) => {
    const out = Buffer.alloc(8)
    out.writeBigUInt64LE(BigInt.asUintN(64, n))
    return out
  }

  test('BIGINT in both encodings', () => {
    const text = comparator(type('longLong'), 'text')
    const binary = comparator(type('longLong'), 'binary')
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        expect(compareTexts(text, `${a}`, `${b}`)).toBe(order(a, b))
        expect(compareBuffers(binary, bytes(a), bytes(b))).toBe(order(a, b))
      }),
    )
  })

  test('BIGINT UNSIGNED in both encodings', () => {
    const text = comparator(type('longLong', 0x20), 'text')
    const binary = comparator(type('longLong', 0x20), 'binary')
    fc.assert(
      fc.property(uint64, uint64, (a, b) => {
        expect(compareTexts(text, `${a}`, `${b}`)).toBe(order(a, b))
        expect(compareBuffers(binary, bytes(a), bytes(b))).toBe(order(a, b))
      }),
    )
  })

  test('narrow signed ones in the binary encoding', () => {
    expect(compareBuffers(comparator(type('tiny'), 'binary'), Buffer.of(0xff), Buffer.of(1))).toBe(-1)
    expect(compareBuffers(comparator(type('short'), 'binary'), Buffer.of(0, 0x80), Buffer.of(1, 0))).toBe(-1)
    expect(
      compareBuffers(comparator(type('int24'), 'binary'), Buffer.from('ffffffff', 'hex'), Buffer.alloc(4)),
    ).toBe(-1)
    expect(compareBuffers(comparator(type('year'), 'binary'), Buffer.of(0xe8, 7), Buffer.of(0xe7, 7))).toBe(1)
  })

  test('leading zeros of ZEROFILL do not count', () => {
    expect(compareTexts(comparator(type('long', 0x20), 'text'), '00042', '00142')).toBe(-1)
    expect(compareTexts(comparator(type('long', 0x20), 'text'), '00042', '42')).toBe(0)
  })
})

describe('decimals', () => {
  test('exactly, with any number of digits', () => {
    const compare = comparator(type('newDecimal'), 'text')
    const number = fc.tuple(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.integer({ min: 0, max: 6 }),
    )
    const print = ([n, scale]: [bigint, number]) => {
      const digits = (n < 0n ? -n : n).toString().padStart(scale + 1, '0')
      const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
      return n < 0n ? `-${text}` : text
    }
    fc.assert(
      fc.property(number, number, (a, b) => {
        const expected = order(a[0] * 10n ** BigInt(6 - a[1]), b[0] * 10n ** BigInt(6 - b[1]))
        expect(compareTexts(compare, print(a), print(b))).toBe(expected)
      }),
    )
  })

  test('zero has no sign', () =>
    expect(compareTexts(comparator(type('newDecimal'), 'text'), '-0.00', '0')).toBe(0))
})

describe('floats', () => {
  test('doubles in both encodings', () => {
    const text = comparator(type('double'), 'text')
    const binary = comparator(type('double'), 'binary')
    const bytes = (x: number) => {
      const out = Buffer.alloc(8)
      out.writeDoubleLE(x)
      return out
    }
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(double, double, (a, b) => {
        expect(compareTexts(text, String(a), String(b))).toBe(order(a, b))
        expect(compareBuffers(binary, bytes(a), bytes(b))).toBe(order(a, b))
      }),
    )
  })
})

describe('temporal types', () => {
  const ascending = [
    '-838:59:59',
    '-100:00:00',
    '-99:59:59',
    '-00:00:01',
    '00:00:00',
    '09:00:00',
    '100:00:00',
  ]
  const microsOf = (text: string) => {
    const [h, m, s] = text.replace('-', '').split(':').map(Number)
    return { negative: text.startsWith('-'), days: Math.floor(h / 24), parts: [h % 24, m, s] }
  }
  const binaryTime = (text: string) => {
    const { negative, days, parts } = microsOf(text)
    if (days === 0 && parts.every((p) => p === 0)) return Buffer.alloc(0)
    return Buffer.from([Number(negative), days, 0, 0, 0, ...parts])
  }
  test('TIME in both encodings', () => {
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries()) {
        expect(compareTexts(comparator(type('time'), 'text'), a, b)).toBe(order(i, j))
        expect(compareBuffers(comparator(type('time'), 'binary'), binaryTime(a), binaryTime(b))).toBe(
          order(i, j),
        )
      }
    }
  })

  test('DATETIME: parts that are left out are zero', () => {
    const compare = comparator(type('dateTime'), 'binary')
    const dates = [
      Buffer.alloc(0),
      Buffer.from([0xe7, 7, 12, 31]),
      Buffer.from([0xe8, 7, 1, 1]),
      Buffer.from([0xe8, 7, 1, 1, 0, 0, 1]),
      Buffer.from([0xe8, 7, 1, 1, 0, 0, 1, 1, 0, 0, 0]),
    ]
    for (const [i, a] of dates.entries()) {
      for (const [j, b] of dates.entries()) expect(compareBuffers(compare, a, b)).toBe(order(i, j))
    }
    expect(compareBuffers(compare, dates[2], Buffer.from([0xe8, 7, 1, 1, 0, 0, 0]))).toBe(0)
  })
})

test('BIT compares as a number, BINARY as bytes', () => {
  expect(compareBuffers(comparator(type('bit'), 'text'), Buffer.of(0, 2), Buffer.of(1))).toBe(1)
  expect(compareBuffers(comparator(type('string'), 'text'), Buffer.of(0, 2), Buffer.of(1))).toBe(-1)
  expect(compareTexts(comparator(type('varString'), 'text'), 'ab', 'abc')).toBe(-1)
})

test('text, ENUM, JSON and GEOMETRY have no order of their own', () => {
  const columns = [type('varString', 0, 255), type('string', 0x100, 63), type('json'), type('geometry')]
  for (const column of columns) expect(cellComparator(column, 'text')).toBeUndefined()
})
