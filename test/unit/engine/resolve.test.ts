import { describe, expect, test } from 'vitest'
import { shardsMet } from '../../../src/engine/met-shards.ts'
import { anyShardIndex as anyShard, resolveRouting } from '../../../src/engine/resolve.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardIndexOf, shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import type { RoutedColumns, Routing } from '../../../src/plan/routing.ts'
import type { PlanValue } from '../../../src/plan/values.ts'
import { nullValue, value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { SingleColumnVindex } from '../../../src/vindex/vindex.ts'
import { bindingsOf, constant, type Literal, type TestValues, toValue } from './bindings.ts'
import { viewOf } from './port.ts'

const noFiles = { readFile: () => new Uint8Array() }
const vindex = (type: string, params = {}) => createVindex(type, type, params, noFiles)
const shards = tileShards(generateShardRanges(16).map(shardRangeOf))
const all = shards.map((_, i) => i)

const shardOf = (type: string, literal: Literal): number => {
  const destination = (vindex(type) as SingleColumnVindex).map(toValue(literal))
  if (destination.kind !== 'KeyspaceId') throw new Error(destination.kind)
  return shardIndexOf(shards, destination.id)
}
const distinct = (indexes: readonly number[]) => [...new Set(indexes)].sort((a, b) => a - b)
const resolve = (routing: object, values: TestValues = {}) =>
  resolveRouting({ keyspace: 'ks', ...routing } as Routing, bindingsOf(values), () => shards)
const equal = (type: string, literal: Literal, columns?: RoutedColumns) =>
  resolve({
    kind: 'Equal',
    vindex: vindex(type),
    values: [constant(literal)],
    ...(columns ? { columns } : {}),
  })

describe('without values', () => {
  test('scatter goes everywhere', () => expect(resolve({ kind: 'Scatter' })).toEqual(all))
  test('any shard will do', () => expect(resolve({ kind: 'AnyShard' })).toBe(anyShard))
  test('provably empty is asked anywhere', () => expect(resolve({ kind: 'None' })).toBe(anyShard))
  test('pinned goes to the shard of its id', () => {
    expect(resolve({ kind: 'Pinned', keyspaceId: Uint8Array.of(0x3f) })).toBe(3)
  })
  test('the shard that the target names', () => {
    expect(resolve({ kind: 'Shard', shard: '30-40' })).toBe(3)
    expect(() => resolve({ kind: 'Shard', shard: '30-50' })).toThrow(/'30-50'/)
  })
  test('a scatter over one shard is no scatter', () => {
    const one = [shardRangeOf('0')]
    expect(resolveRouting({ kind: 'Scatter', keyspace: 'ks' }, bindingsOf({}), () => one)).toBe(0)
    expect(resolveRouting({ kind: 'Unsharded', keyspace: 'ks' }, bindingsOf({}), () => one)).toBe(0)
  })
})

test('as a list: any shard is picked, the others are as they are', () => {
  const view = { ...viewOf(shards), pick: (_keyspace: string, count: number) => count - 1 }
  const met = (routing: object) => shardsMet({ keyspace: 'ks', ...routing } as Routing, bindingsOf({}), view)
  expect(met({ kind: 'AnyShard' })).toEqual([15])
  expect(met({ kind: 'Shard', shard: shards[3]!.name })).toEqual([3])
  expect(met({ kind: 'Scatter' })).toEqual(all)
})

describe('a value that is written', () => {
  const written = (literal: Literal) =>
    resolve({
      kind: 'Equal',
      vindex: vindex('hash'),
      values: [constant(literal)],
      columns: [{ type: 'INT8' }],
      written: true,
    })
  test('goes where the value is that the column will hold', () => {
    expect(written(300)).toBe(shardOf('hash', 127))
    expect(written(0)).toBe(shardOf('hash', 0))
    expect(written('12abc')).toBe(shardOf('hash', 12))
  })
})

describe('one value', () => {
  test('a slot, a param and a constant reach the same shard', () => {
    const route = (planned: PlanValue) => ({ kind: 'Equal', vindex: vindex('hash'), values: [planned] })
    const expected = shardOf('hash', 42)
    expect(resolve(route({ kind: 'Slot', slot: 0 }), { slots: [42] })).toBe(expected)
    expect(resolve(route({ kind: 'Param', param: 1 }), { params: [1, 42] })).toBe(expected)
    expect(resolve(route(constant(42)))).toBe(expected)
    expect(resolve(route({ kind: 'Negated', value: constant(42) }))).toBe(shardOf('hash', -42))
  })

  test('= NULL meets no row, <=> NULL the rows with NULL', () => {
    expect(equal('xxhash', null)).toBe(anyShard)
    const nullSafe = { kind: 'Constant', value: nullValue, nullSafe: true }
    expect(resolve({ kind: 'Equal', vindex: vindex('xxhash'), values: [nullSafe] })).toBe(
      shardOf('xxhash', null),
    )
    expect(resolve({ kind: 'Equal', vindex: vindex('hash'), values: [nullSafe] })).toBe(anyShard)
  })

  test('a value that the vindex cannot take might still be equal to something', () => {
    expect(equal('hash', 'abc')).toEqual(all)
    expect(equal('hash', value('DECIMAL', '1.5'))).toEqual(all)
    expect(equal('numeric', -1)).toEqual(all)
  })

  test('what MySQL calls equal reaches the same shard', () => {
    const int = [{ type: 'INT64' as const }]
    const same = [5, '5', ' 05', '+5', value('DECIMAL', '5.0'), value('FLOAT64', '5')]
    for (const type of ['hash', 'xxhash', 'reverse_bits', 'binary_md5']) {
      for (const literal of same) expect(equal(type, literal, int)).toBe(shardOf(type, 5))
    }
  })

  test('text in a case-insensitive collation is looked for everywhere', () => {
    const column = (collation: string) => [{ type: 'VARCHAR' as const, collation }]
    expect(equal('xxhash', 'abc', column('utf8mb4_0900_ai_ci'))).toEqual(all)
    expect(equal('xxhash', 'abc', column('utf8mb4_0900_bin'))).toBe(shardOf('xxhash', 'abc'))
  })

  test('a lookup vindex is not asked: the rows are on some of all shards', () => {
    const lookup = vindex('lookup_unique', { table: 't', from: 'a', to: 'k' })
    expect(resolve({ kind: 'Equal', vindex: lookup, values: [constant(1)] })).toEqual(all)
    const list = { kind: 'Values', values: [constant(1)] }
    expect(resolve({ kind: 'In', vindex: lookup, list })).toEqual(all)
  })
})

describe('lists', () => {
  const list = (values: readonly Literal[], type = 'hash') =>
    resolve({ kind: 'In', vindex: vindex(type), list: { kind: 'Slot', slot: 0 } }, { slots: [values] })

  test('each shard once, in key order', () => {
    expect(list([3, 1, 2, 1])).toEqual(distinct([1, 2, 3].map((n) => shardOf('hash', n))))
  })
  test('one shard is a single one', () => expect(list([3, 3])).toBe(shardOf('hash', 3)))
  test('NULL in a list meets no row', () => {
    expect(list([null, 3])).toBe(shardOf('hash', 3))
    expect(list([null])).toBe(anyShard)
  })
  test('one doubtful value sends the whole list everywhere', () => expect(list([3, 'x'])).toEqual(all))
  test('large numbers beside text are compared as doubles', () => {
    const large = value('INT64', '9007199254740993')
    expect(list([large, '5'])).toEqual(all)
    expect(list([large, value('INT64', '9007199254740993')])).toBe(shardOf('hash', large))
    expect(list(['9007199254740993', null])).toBe(shardOf('hash', large))
  })
  test('all shards of a long list', () => expect(list(Array.from({ length: 500 }, (_, i) => i))).toEqual(all))
})

describe('several columns', () => {
  const multicol = vindex('multicol', {
    column_count: '2',
    column_bytes: '1,7',
    column_vindex: 'numeric,hash',
  })
  // `numeric` gives eight bytes, of which multicol takes the first: all small regions begin with 0.
  const region = vindex('region_experimental', { region_bytes: '1' })

  test('all of them reach one shard, the first alone a range', () => {
    const tuple = (...values: Literal[]) => ({ kind: 'Equal', vindex: region, values: values.map(constant) })
    expect(resolve(tuple(0x35, 1))).toBe(3)
    expect(resolve(tuple(0x35))).toBe(3)
    expect(resolve(tuple(null, 1))).toBe(anyShard)
    expect(resolve(tuple(0x35, 'x'))).toEqual(all)
  })

  test('tuples, the ones with NULL left out', () => {
    const tuples = [
      [constant(0x35), constant(1)],
      [constant(null), constant(1)],
      [constant(0x75), constant(1)],
    ]
    expect(resolve({ kind: 'MultiEqual', vindex: region, tuples })).toEqual([3, 7])
    expect(resolve({ kind: 'MultiEqual', vindex: region, tuples: [tuples[1]] })).toBe(anyShard)
  })

  test('large numbers as text in tuples are compared as doubles', () => {
    const single = (literal: Literal) =>
      resolve({
        kind: 'MultiEqual',
        vindex: vindex('hash'),
        tuples: [[constant(literal)], [constant(literal)]],
      })
    expect(single('9007199254740993')).toEqual(all)
    expect(single(value('INT64', '9007199254740993'))).toBe(
      shardOf('hash', value('INT64', '9007199254740993')),
    )
    expect(single(value('UINT64', '18446744073709551615'))).toEqual(all)
    expect(single('5')).toBe(shardOf('hash', 5))
  })

  test('a column of a list of tuples', () => {
    const list = { kind: 'Column', slot: 0, column: 1 }
    const rows = [
      [1, 3],
      [2, 4],
      [3, null],
    ]
    const expected = distinct([3, 4].map((n) => shardOf('hash', n)))
    expect(resolve({ kind: 'In', vindex: vindex('hash'), list }, { rows })).toEqual(expected)
    const texts = [[1, '9007199254740993']]
    expect(resolve({ kind: 'In', vindex: vindex('hash'), list }, { rows: texts })).toEqual(all)
  })

  test('products of lists', () => {
    const lists = [
      { kind: 'Values', values: [constant(0x35), constant(null), constant(0x75)] },
      { kind: 'Values', values: [constant(1), constant(2)] },
    ]
    expect(resolve({ kind: 'Product', vindex: region, lists })).toEqual([3, 7])
    expect(resolve({ kind: 'Product', vindex: multicol, lists })).toBe(0)
    expect(resolve({ kind: 'Product', vindex: region, lists: [lists[0]] })).toEqual([3, 7])
    expect(resolve({ kind: 'In', vindex: region, list: lists[0] })).toEqual([3, 7])
  })
})

describe('LIKE, by a cfc vindex', () => {
  const cfc = vindex('cfc', { hash: 'md5', offsets: '[2,4]' }) as SingleColumnVindex
  const like = (pattern: Literal, columns?: RoutedColumns) =>
    resolve({ kind: 'Prefix', vindex: cfc, pattern: constant(pattern), ...(columns ? { columns } : {}) })
  const shardWith = (text: string) => {
    const destination = cfc.map(value('VARCHAR', text))
    if (destination.kind !== 'KeyspaceId') throw new Error(destination.kind)
    return shardIndexOf(shards, destination.id)
  }
  const here = shardWith('abcdef')

  test.each(['ab%', 'abc%', 'abcd%', 'abcdx%', 'ab_def', 'abcdef', 'ab\\%%', 'ab\\'])(
    '%s: the shard of ab',
    (pattern) => {
      expect(like(pattern)).toBe(here)
    },
  )
  test.each(['%', 'a%', '_bcd', '\\ab%', ''])('%s: no part is whole', (pattern) => {
    expect(like(pattern)).toEqual(all)
  })
  test('what follows the last offset is hashed as a whole', () => {
    // In 16 shards the first part's hash decides; the ids differ behind it.
    expect(like('abcde%')).toBe(shardWith('abcdefgh'))
  })
  test('NULL is like nothing', () => expect(like(null)).toBe(anyShard))
  test('a number is for the servers', () => expect(like(12)).toEqual(all))
  test.each([
    ['VARBINARY', undefined, here],
    ['VARCHAR', 'utf8mb4_bin', here],
    ['VARCHAR', 'utf8mb4_0900_bin', here],
    ['VARCHAR', 'utf8mb4_general_ci', all],
    ['VARCHAR', 'utf8mb4_0900_as_cs', all],
    ['INT64', undefined, all],
  ] as const)('a column %s %s', (type, collation, expected) => {
    expect(like('ab%', [{ type, ...(collation ? { collation } : {}) }])).toEqual(expected)
  })
  test('spaces at the end of a CHAR are not stored', () => {
    expect(like('a   %', [{ type: 'CHAR', collation: 'utf8mb4_bin' }])).toEqual(all)
  })
})
