import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import {
  compareKeyRanges,
  generateShardRanges,
  isKeyRangeName,
  parseKeyRange,
  printKeyRange,
  rangeContains,
  rangeContainsRange,
  rangesIntersect,
} from '../../../src/key/key-range.ts'
import { parseKeyspaceId } from '../../../src/key/keyspace-id.ts'
import { tilingProblem } from '../../../src/key/shard-ranges.ts'

const contains = (range: string, id: string) => rangeContains(parseKeyRange(range), parseKeyspaceId(id))

describe('key ranges', () => {
  test('print as they are named, in lower case', () => {
    for (const name of ['-', '-80', '80-', '40-80', '4000-80']) {
      expect(printKeyRange(parseKeyRange(name))).toBe(name)
    }
    expect(printKeyRange(parseKeyRange('AB-CD'))).toBe('ab-cd')
    expect(printKeyRange(parseKeyRange('00-00'))).toBe('-')
  })

  test('have names that other shards do not have', () => {
    expect(['-', '-80', '8000-'].every(isKeyRangeName)).toBe(true)
    expect(['0', '', '80', '8-', '-8g', '40-80-c0'].some(isKeyRangeName)).toBe(false)
  })

  test('begin below their end', () => {
    for (const name of ['80-40', '80-80', '80-8000', '0']) expect(() => parseKeyRange(name)).toThrow(SqlError)
  })

  test('contain their start but not their end', () => {
    expect(contains('40-80', '40')).toBe(true)
    expect(contains('40-80', '7fffff')).toBe(true)
    expect(contains('40-80', '80')).toBe(false)
    expect(contains('40-80', '8000')).toBe(false)
    expect(contains('40-80', '3fff')).toBe(false)
    expect(contains('80-', 'ffffffffffffffffffff')).toBe(true)
    expect(contains('-80', '')).toBe(true)
  })

  const pairs = [
    { a: '-80', b: '80-', meet: false },
    { a: '-80', b: '8000-', meet: false },
    { a: '-', b: '40-80', meet: true },
    { a: '-80', b: '40-c0', meet: true },
    { a: '40-80', b: '-40', meet: false },
    { a: '40-', b: '-4001', meet: true },
  ]
  for (const { a, b, meet } of pairs) {
    test(`${a} and ${b} ${meet ? 'share ids' : 'do not share an id'}`, () => {
      expect(rangesIntersect(parseKeyRange(a), parseKeyRange(b))).toBe(meet)
      expect(rangesIntersect(parseKeyRange(b), parseKeyRange(a))).toBe(meet)
    })
  }

  test('contain ranges that end where they end', () => {
    const inside = (outer: string, inner: string) =>
      rangeContainsRange(parseKeyRange(outer), parseKeyRange(inner))
    expect(inside('40-80', '50-80')).toBe(true)
    expect(inside('40-80', '50-')).toBe(false)
    expect(inside('-', '-')).toBe(true)
    expect(inside('80-', '-')).toBe(false)
  })

  test('are ordered by start, then by end', () => {
    const names = ['80-', '-', '40-80', '-80', '40-', '-40']
    const sorted = names.map(parseKeyRange).sort(compareKeyRanges).map(printKeyRange)
    expect(sorted).toEqual(['-40', '-80', '-', '40-80', '40-', '80-'])
  })
})

describe('generated shard ranges', () => {
  test('are named as in Vitess', () => {
    expect(generateShardRanges(1)).toEqual(['-'])
    expect(generateShardRanges(2)).toEqual(['-80', '80-'])
    expect(generateShardRanges(3)).toEqual(['-55', '55-aa', 'aa-'])
    expect(generateShardRanges(512)[1]).toBe('0080-0100')
  })

  test('tile the space for any number of shards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (count) => {
        const shards = generateShardRanges(count).map((name) => ({ name, range: parseKeyRange(name) }))
        expect(shards).toHaveLength(count)
        expect(tilingProblem(shards)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })

  test('are at least one and at most 65,536', () => {
    expect(generateShardRanges(65_536)[65_535]).toBe('ffff-')
    for (const count of [0, -1, 1.5, 65_537]) expect(() => generateShardRanges(count)).toThrow(SqlError)
  })
})
