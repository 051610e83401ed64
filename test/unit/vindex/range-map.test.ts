import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangeContains } from '../../../src/key/key-range.ts'
import { integerValue, nullValue, type Value, value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { SingleColumnVindex } from '../../../src/vindex/vindex.ts'

const deps = { readFile: () => new Uint8Array(0) }

function sequential(type: string): SingleColumnVindex {
  const vindex = createVindex(type, 'v', {}, deps)
  if (vindex.kind !== 'single') throw new Error(`${type} takes one column`)
  return vindex
}

function isWithin(vindex: SingleColumnVindex, v: Value, start: Value, end: Value): boolean {
  const range = vindex.rangeMap?.(start, end)
  const id = vindex.hash?.(v)
  return range !== undefined && id !== undefined && rangeContains(range, id)
}

const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n)

test('numeric: the range of a BETWEEN holds its integers, both ends included, and no others', () => {
  const vindex = sequential('numeric')
  fc.assert(
    fc.property(unsigned, unsigned, unsigned, (a, b, n) => {
      const [start, end] = a < b ? [a, b] : [b, a]
      const inside = isWithin(vindex, integerValue(n), integerValue(start), integerValue(end))
      expect(inside).toBe(start <= n && n <= end)
      expect(isWithin(vindex, integerValue(end), integerValue(start), integerValue(end))).toBe(true)
    }),
  )
})

test('binary: the range of a BETWEEN leaves out no string between its ends', () => {
  const vindex = sequential('binary')
  const bytes = fc.uint8Array({ maxLength: 4 })
  fc.assert(
    fc.property(fc.tuple(bytes, bytes, bytes), (three) => {
      const [start, middle, end] = [...three].sort(Buffer.compare).map((b) => value('VARBINARY', b))
      expect(isWithin(vindex, middle, start, end)).toBe(true)
    }),
  )
})

test('numeric: values without an id have no range', () => {
  const vindex = sequential('numeric')
  expect(vindex.rangeMap?.(nullValue, integerValue(1))).toBeUndefined()
  expect(vindex.rangeMap?.(integerValue(0), integerValue(-1))).toBeUndefined()
})
