import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Destination, printDestination } from '../../../src/key/destination.ts'
import { parseKeyRange, rangeContains, rangesIntersect } from '../../../src/key/key-range.ts'
import {
  compareKeyspaceIds,
  keyspaceId,
  parseKeyspaceId,
  printKeyspaceId,
} from '../../../src/key/keyspace-id.ts'
import {
  resolveDestination,
  type ShardRange,
  shardIndexOf,
  shardRangeOf,
  tileShards,
} from '../../../src/key/shard-ranges.ts'

const tile = (...names: string[]) => tileShards(names.map(shardRangeOf))
const four = tile('80-c0', '-40', 'c0-', '40-80')

function resolve(destination: Destination, shards = four): string[] {
  return resolveDestination(shards, destination, (count) => count - 1).map((i) => shards[i].name)
}

/** Shards cut at random ids. */
const tilings: fc.Arbitrary<readonly ShardRange[]> = fc
  .uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 3 }), {
    maxLength: 12,
    comparator: 'IsStrictlyEqual',
  })
  .map((cuts) => {
    const bounds = cuts
      .filter((cut) => cut.some((byte) => byte !== 0))
      .sort(compareKeyspaceIds)
      .filter((cut, i, all) => i === 0 || compareKeyspaceIds(all[i - 1], cut) !== 0)
      .map(printKeyspaceId)
    return tile(...[...bounds, ''].map((end, i) => `${i === 0 ? '' : bounds[i - 1]}-${end}`))
  })

describe('shards', () => {
  test('are put into key order', () => {
    expect(four.map(({ name }) => name)).toEqual(['-40', '40-80', '80-c0', 'c0-'])
  })

  test('of an unsharded keyspace hold everything, whatever the name', () => {
    expect(resolve({ kind: 'KeyspaceId', id: parseKeyspaceId('ff') }, tile('0'))).toEqual(['0'])
  })

  const untidy = [
    { names: [], problem: 'no shard in keyspace' },
    { names: ['80-'], problem: 'no shard holds the ids below 80-' },
    { names: ['-80'], problem: 'no shard holds the ids above -80' },
    { names: ['-40', '80-'], problem: 'no shard holds the ids between -40 and 80-' },
    { names: ['-80', '40-'], problem: 'shards -80 and 40- overlap' },
    { names: ['-', '80-'], problem: 'shards - and 80- overlap' },
    { names: ['-80', '80-', '80-'], problem: 'shards 80- and 80- overlap' },
  ]
  for (const { names, problem } of untidy) {
    test(`${names.join(' ') || 'none'}: ${problem}`, () => expect(() => tile(...names)).toThrow(problem))
  }

  test('tile: each id is in exactly one of them, the one that is found', () => {
    fc.assert(
      fc.property(tilings, fc.uint8Array({ maxLength: 4 }), (shards, bytes) => {
        const holders = shards.filter(({ range }) => rangeContains(range, bytes))
        expect(holders).toEqual([shards[shardIndexOf(shards, keyspaceId(bytes))]])
      }),
    )
  })
})

describe('a destination', () => {
  const id = parseKeyspaceId
  const cases: readonly { destination: Destination; shards: readonly string[] }[] = [
    { destination: { kind: 'None' }, shards: [] },
    { destination: { kind: 'KeyspaceId', id: id('40') }, shards: ['40-80'] },
    { destination: { kind: 'KeyspaceIds', ids: [id('f0'), id('00'), id('f1')] }, shards: ['-40', 'c0-'] },
    { destination: { kind: 'KeyRange', range: parseKeyRange('40-81') }, shards: ['40-80', '80-c0'] },
    {
      destination: { kind: 'KeyRange', range: parseKeyRange('-') },
      shards: ['-40', '40-80', '80-c0', 'c0-'],
    },
    { destination: { kind: 'KeyRange', range: { start: id('50'), end: id('40') } }, shards: [] },
    { destination: { kind: 'ExactKeyRange', range: parseKeyRange('40-c0') }, shards: ['40-80', '80-c0'] },
    { destination: { kind: 'AllShards' }, shards: ['-40', '40-80', '80-c0', 'c0-'] },
    { destination: { kind: 'AnyShard' }, shards: ['c0-'] },
    { destination: { kind: 'Shard', shard: '80-c0' }, shards: ['80-c0'] },
    { destination: { kind: 'Shards', shards: ['c0-', '-40', 'c0-'] }, shards: ['-40', 'c0-'] },
  ]
  for (const { destination, shards } of cases) {
    test(`${printDestination(destination)}: ${shards.join(' ') || 'no shard'}`, () => {
      expect(resolve(destination)).toEqual(shards)
    })
  }

  test('that is a key range reaches just the shards that share ids with it', () => {
    const bounds = fc.uint8Array({ maxLength: 3 })
    fc.assert(
      fc.property(tilings, bounds, bounds, (shards, a, b) => {
        const [start, end] = compareKeyspaceIds(a, b) < 0 ? [a, b] : [b, a]
        fc.pre(compareKeyspaceIds(start, end) !== 0)
        const range = { start, end }
        const expected = shards.filter((shard) => rangesIntersect(shard.range, range)).map(({ name }) => name)
        expect(resolve({ kind: 'KeyRange', range }, shards)).toEqual(expected)
      }),
    )
  })

  test('that is an exact key range begins and ends with shards', () => {
    for (const name of ['40-81', '41-80', '-', '-ff']) {
      const range = parseKeyRange(name)
      const fits = name === '-'
      const run = () => resolve({ kind: 'ExactKeyRange', range })
      if (fits) expect(run()).toHaveLength(4)
      else expect(run).toThrow(`keyrange ${name} does not exactly match shards`)
    }
  })

  test('that names a shard names one that exists', () => {
    expect(() => resolve({ kind: 'Shard', shard: '-80' })).toThrow("shard '-80' does not exist")
  })
})
