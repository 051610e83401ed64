import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { parseAlias, printAlias } from '../../../src/topology/alias.ts'
import { isRecordName, parsePath, printPath, type RecordKey } from '../../../src/topology/paths.ts'
import { compareShardNames, keyRangeRecordOf, parseShardName } from '../../../src/topology/shard-name.ts'

const recordName = fc.stringMatching(/^[a-z0-9_-]{1,20}$/)
const alias = fc.record({ cell: recordName, uid: fc.nat(0xffff_ffff) }, { noNullPrototype: true })

describe('aliases', () => {
  test('print in ten digits as Vitess does', () => {
    assert.equal(printAlias({ cell: 'zone1', uid: 100 }), 'zone1-0000000100')
  })
  test('print then parse is identity, also for cells with dashes', () => {
    fc.assert(fc.property(alias, (a) => assert.deepEqual(parseAlias(printAlias(a)), a)))
  })
  for (const text of ['zone1', '-5', 'zone1-', 'zone1-x', 'zone1-4294967296', 'zone1-12345678901']) {
    test(`'${text}' is no alias`, () => assert.equal(parseAlias(text), undefined))
  }
})

describe('paths', () => {
  const key: fc.Arbitrary<RecordKey> = fc.oneof(
    fc.record({ kind: fc.constant('Cell' as const), cell: recordName }, { noNullPrototype: true }),
    fc.record(
      { kind: fc.constantFrom('Keyspace' as const, 'VSchema' as const), keyspace: recordName },
      { noNullPrototype: true },
    ),
    fc.record(
      { kind: fc.constant('Shard' as const), keyspace: recordName, shard: recordName },
      { noNullPrototype: true },
    ),
    fc.record({ kind: fc.constant('Tablet' as const), alias }, { noNullPrototype: true }),
    fc.record(
      { kind: fc.constantFrom('RoutingRules' as const, 'ShardRoutingRules' as const) },
      { noNullPrototype: true },
    ),
  )
  test('print then parse is identity', () => {
    fc.assert(fc.property(key, (k) => assert.deepEqual(parsePath(printPath(k)), k)))
  })
  for (const path of ['elections/x/1', 'keyspaces/a', 'keyspaces/a/Other', 'tablets/x/Tablet', 'Rules', '']) {
    test(`'${path}' is not ours`, () => assert.equal(parsePath(path), undefined))
  }
  test('names that would break a target string or an identifier are refused', () => {
    for (const name of ['a b', 'a/b', 'a:b', 'a@b', 'a[b', '`', "'", 'a.b', '', 'x'.repeat(65)])
      assert.equal(isRecordName(name), false, name)
    for (const name of ['commerce', 'shop_2', 'käse', 'a-b']) assert.equal(isRecordName(name), true, name)
  })
})

describe('shard names', () => {
  test('names of key ranges and of unsharded shards are read', () => {
    assert.deepEqual(parseShardName('-80'), { start: '', end: '80' })
    assert.deepEqual(parseShardName('4000-c0'), { start: '4000', end: 'c0' })
    assert.deepEqual(parseShardName('-'), { start: '', end: '' })
    assert.deepEqual(parseShardName('0'), { start: '', end: '' })
  })
  for (const name of ['80', '8-', '80-80', 'c0-40', '80-8000', '-8G', 'A0-', '', 'a-b-c']) {
    const isUnsharded = name === '80' // any word without a dash may name an unsharded keyspace's shard
    test(`'${name}' ${isUnsharded ? 'is a name without a key range' : 'is no shard name'}`, () =>
      assert.equal(parseShardName(name) !== undefined, isUnsharded))
  }
  test('the key range record is base64, open bounds are left out', () => {
    assert.deepEqual(keyRangeRecordOf('-80'), { end: 'gA==' })
    assert.deepEqual(keyRangeRecordOf('80-'), { start: 'gA==' })
    assert.equal(keyRangeRecordOf('0'), undefined)
  })
  test('shards are ordered by their place in the key space, whatever order they come in', () => {
    const inOrder = ['-40', '-80', '40-80', '8000-c0', '80-', 'c0-']
    fc.assert(
      fc.property(fc.shuffledSubarray(inOrder, { minLength: 6 }), (names) =>
        assert.deepEqual([...names].sort(compareShardNames), inOrder),
      ),
    )
  })
})
