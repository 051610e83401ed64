import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { integerValue, value } from '../../../src/values/value.ts'
import { createVindex, vindexTypes } from '../../../src/vindex/registry.ts'

const files: Readonly<Record<string, string>> = {
  'map.json': '{"1": 18446744073709551615}',
  'regions.json': '{"US": 1}',
}
const deps = { readFile: (path: string) => Buffer.from(files[path] ?? '') }
const create = (type: string, params: Record<string, string> = {}) => createVindex(type, 'v', params, deps)

describe('wrong parameters', () => {
  const staticMap = 'numeric_static_map'
  const cases: readonly [type: string, params: Record<string, string>, message: string][] = [
    ['hsah', {}, 'vindexType "hsah" not found'],
    [staticMap, {}, 'NumericStaticMap: Could not find either `json_path` or `json` params in vschema'],
    [
      staticMap,
      { json: '{}', json_path: 'map.json' },
      'NumericStaticMap: Found both `json` and `json_path` params in vschema',
    ],
    [staticMap, { json: '{' }, 'invalid JSON'],
    [staticMap, { json: '[1]' }, 'json: cannot unmarshal array into Go value of type map[string]uint64'],
    [staticMap, { json: '{"1": "2"}' }, 'json: cannot unmarshal string into Go value of type uint64'],
    [staticMap, { json: '{"1": -2}' }, 'json: cannot unmarshal number -2 into Go value of type uint64'],
    [staticMap, { json: '{"1": 1.5}' }, 'json: cannot unmarshal number 1.5 into Go value of type uint64'],
    [staticMap, { json: '{"1": 18446744073709551616}' }, 'cannot unmarshal number 18446744073709551616'],
    [staticMap, { json: '{"x": 1}' }, 'strconv.ParseUint: parsing "x": invalid syntax'],
    [staticMap, { json: '{}', fallback_type: 'hsah' }, 'vindexType "hsah" not found'],
    ['cfc', { hash: 'sha1' }, 'invalid hash sha1 to CFC vindex v'],
    ['cfc', { hash: 'md5' }, 'CFC vindex requires offsets when hash is defined'],
    [
      'cfc',
      { hash: 'md5', offsets: '[4,2]' },
      'invalid offsets [4,2] to CFC vindex v. expected sorted positive',
    ],
    ['cfc', { hash: 'md5', offsets: '[0]' }, 'invalid offsets [0] to CFC vindex v'],
    ['cfc', { hash: 'md5', offsets: '[]' }, 'invalid offsets [] to CFC vindex v'],
    ['cfc', { hash: 'md5', offsets: '[2.0]' }, 'invalid offsets [2.0] to CFC vindex v'],
    ['region_experimental', {}, 'region_experimental missing region_bytes param'],
    ['region_experimental', { region_bytes: '3' }, 'region_bytes must be 1 or 2: 3'],
    ['region_json', { region_map: 'regions.json' }, 'strconv.Atoi: parsing "": invalid syntax'],
    ['region_json', { region_map: 'regions.json', region_bytes: '3' }, 'region_bytes must be 1 or 2: 3'],
    ['lookup', { write_only: 'yes' }, "write_only value must be 'true' or 'false': 'yes'"],
    ['lookup_unique', { read_lock: 'all' }, 'invalid read_lock value: all'],
    ['multicol', {}, "number of columns not provided in the parameter 'column_count'"],
    ['multicol', { column_count: '9' }, 'number of columns should be between 1 and 8'],
    ['multicol', { column_count: 'two' }, 'strconv.Atoi: parsing "two": invalid syntax'],
    [
      'multicol',
      { column_count: '2', column_bytes: '1,2,3' },
      'number of column bytes provided are more than',
    ],
    [
      'multicol',
      { column_count: '2', column_bytes: '8' },
      'column bytes count exceeds the keyspace id length',
    ],
    [
      'multicol',
      { column_count: '1', column_vindex: 'hash,hash' },
      'number of vindex function provided are more',
    ],
    ['multicol', { column_count: '1', column_vindex: 'null' }, "passed vindex 'null' is invalid"],
    ['multicol', { column_count: '1', column_vindex: 'lookup' }, "passed vindex 'lookup' is invalid"],
  ]
  for (const [type, params, message] of cases) {
    test(`${type} ${JSON.stringify(params)}: ${message}`, () => {
      expect(() => create(type, params)).toThrow(SqlError)
      expect(() => create(type, params)).toThrow(message)
    })
  }
})

describe('a vindex', () => {
  test('lists the parameters it does not know', () => {
    expect(create('hash', { b: '1', a: '2' }).unknownParams).toEqual(['a', 'b'])
    expect(create('cfc', { hash: '', offset: '[1]' }).unknownParams).toEqual(['offset'])
    expect(create('multicol', { column_count: '1', x: '1' }).unknownParams).toEqual(['x'])
    expect(create('lookup', { table: 't', tabel: 't' }).unknownParams).toEqual(['tabel'])
  })

  test('costs what it costs in Vitess', () => {
    const params = { column_count: '2', region_bytes: '1', region_map: 'regions.json', json: '{}' }
    expect(Object.fromEntries(vindexTypes.map((type) => [type, create(type, params).cost]))).toEqual({
      binary: 0,
      binary_md5: 1,
      cfc: 1,
      consistent_lookup: 20,
      consistent_lookup_unique: 10,
      hash: 1,
      lookup: 20,
      lookup_hash: 20,
      lookup_hash_unique: 10,
      lookup_unicodeloosemd5_hash: 20,
      lookup_unicodeloosemd5_hash_unique: 10,
      lookup_unique: 10,
      multicol: 2,
      null: 100,
      numeric: 0,
      numeric_static_map: 1,
      region_experimental: 1,
      region_json: 1,
      reverse_bits: 1,
      unicode_loose_md5: 1,
      unicode_loose_xxhash: 1,
      xxhash: 1,
    })
  })

  test('keeps 64-bit integers of a static map whole', () => {
    const vindex = create('numeric_static_map', { json_path: 'map.json' })
    const destination = vindex.kind === 'single' ? vindex.map(integerValue(1)) : undefined
    expect(destination).toEqual({ kind: 'KeyspaceId', id: new Uint8Array(8).fill(255) })
  })

  test('verifies the id it maps to, and no other', () => {
    for (const type of ['binary', 'binary_md5', 'hash', 'numeric', 'reverse_bits', 'xxhash', 'cfc', 'null']) {
      const vindex = create(type)
      if (vindex.kind !== 'single') throw new Error(`${type} takes one column`)
      const destination = vindex.map(integerValue(7))
      if (destination.kind !== 'KeyspaceId') throw new Error(`${type} maps 7 to an id`)
      expect(vindex.verify(integerValue(7), destination.id), type).toBe(true)
      expect(vindex.verify(integerValue(8), destination.id), type).toBe(type === 'null')
    }
  })

  test('verifies the values of several columns together', () => {
    for (const type of ['multicol', 'region_experimental']) {
      const vindex = create(type, { column_count: '2', region_bytes: '1' })
      if (vindex.kind !== 'multi') throw new Error(`${type} takes several columns`)
      const values = [integerValue(1), integerValue(2)]
      const destination = vindex.map(values)
      if (destination.kind !== 'KeyspaceId') throw new Error('whole values map to an id')
      expect(vindex.verify(values, destination.id)).toBe(true)
      expect(vindex.verify([integerValue(1), integerValue(3)], destination.id)).toBe(false)
    }
  })
})

describe('reversible vindexes', () => {
  const numbers = [0n, 1n, 12_345n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]
  for (const type of ['hash', 'numeric', 'reverse_bits']) {
    test(`${type} finds the value of an id`, () => {
      const vindex = create(type)
      if (vindex.kind !== 'single' || !vindex.hash || !vindex.reverse) throw new Error('reversible')
      for (const n of numbers) {
        const id = vindex.hash(integerValue(n))
        expect(id && vindex.reverse(id)).toEqual(value('UINT64', n.toString()))
      }
    })

    test(`${type} has no value for an id of another length`, () => {
      const vindex = create(type)
      if (vindex.kind !== 'single' || !vindex.hash || !vindex.reverse) throw new Error('reversible')
      const id = vindex.hash(integerValue(1))?.subarray(1) as never
      expect(() => vindex.reverse?.(id)).toThrow(SqlError)
    })
  }

  test('binary gives the bytes back', () => {
    const vindex = create('binary')
    if (vindex.kind !== 'single' || !vindex.hash || !vindex.reverse) throw new Error('reversible')
    const id = vindex.hash(value('VARCHAR', 'abc'))
    expect(id && vindex.reverse(id)).toEqual(value('VARBINARY', 'abc'))
  })
})
