import { describe, expect, test } from 'vitest'
import { integerValue, nullValue, type Value, varcharValue } from '../../../src/values/value.ts'
import { mapValues } from '../../../src/vindex/map-lines.ts'
import { createVindex } from '../../../src/vindex/registry.ts'

const deps = {
  readFile: () => {
    throw new Error('no file is read here')
  },
}

function map(type: string, params: Record<string, string>, ...values: (bigint | number | string | null)[]) {
  const typed = values.map((v): Value => {
    if (v === null) return nullValue
    return typeof v === 'string' ? varcharValue(v) : integerValue(v)
  })
  return mapValues(createVindex(type, type, params, deps), typed)
}

describe('known keyspace ids', () => {
  const cases: readonly [type: string, value: bigint | number | string | null, ksid: string][] = [
    ['hash', 0, '8ca64de9c1b123a7'],
    ['hash', 1, '166b40b44aba4bd6'],
    ['hash', 2, '06e7ea22ce92708f'],
    ['hash', 3, '4eb190c9a2fa169c'],
    ['hash', 4, 'd2fd8867d50d2dfe'],
    ['hash', 5, '70bb023c810ca87a'],
    ['hash', -1, '355550b2150e2451'],
    ['hash', 2n ** 64n - 1n, '355550b2150e2451'],
    ['hash', 2n ** 63n - 1n, 'f77d48aadda1f1bb'],
    ['hash', -(2n ** 63n), '95f8a5e5dd31d900'],
    ['numeric', 1, '0000000000000001'],
    ['reverse_bits', 1, '8000000000000000'],
    ['xxhash', 1, 'd46405367612b4b7'],
    ['xxhash', -1, 'd8e2a6a7c8c7623d'],
    ['xxhash', 'test1', 'd01ab7e4d6978f0b'],
    ['xxhash', null, '99e9d85137db46ef'],
    ['unicode_loose_md5', 'Test', '0b5edbb401fd7524393690491d64f1f5'],
    ['unicode_loose_md5', 'TEST', '0b5edbb401fd7524393690491d64f1f5'],
    ['unicode_loose_md5', 'Tést', '0b5edbb401fd7524393690491d64f1f5'],
    ['unicode_loose_md5', 'Te\u0301st', '0b5edbb401fd7524393690491d64f1f5'],
    ['unicode_loose_md5', 'Test ', '0b5edbb401fd7524393690491d64f1f5'],
    ['unicode_loose_xxhash', 'TEst', '42d21361087a4c07'],
    ['unicode_loose_xxhash', null, '99e9d85137db46ef'],
    ['null', 'anything', '00'],
  ]
  for (const [type, v, ksid] of cases) {
    test(`${type} of ${v}`, () => expect(map(type, {}, v)).toEqual({ ksid }))
  }

  test('hash of NULL: none', () => expect(map('hash', {}, null)).toEqual({ none: true }))

  test('multicol with defaults: 3, 3 and 2 bytes', () => {
    expect(map('multicol', { column_count: '3' }, 1, 1, 1)).toEqual({ ksid: '166b40166b40166b' })
    expect(map('multicol', { column_count: '3' }, 255, 1, 1)).toEqual({ ksid: '254e88166b40166b' })
  })

  test('multicol of the first column: a key range', () => {
    expect(map('multicol', { column_count: '3' }, 1)).toEqual({ range: '166b40-166b41' })
  })

  test('region_experimental: the low byte of the region, then the hash', () => {
    const params = { region_bytes: '1' }
    expect(map('region_experimental', params, 1, 1)).toEqual({ ksid: '01166b40b44aba4bd6' })
    expect(map('region_experimental', params, 256, 1)).toEqual({ ksid: '00166b40b44aba4bd6' })
    expect(map('region_experimental', params, 1)).toEqual({ range: '01-02' })
    expect(map('region_experimental', params, 255)).toEqual({ range: 'ff-' })
  })
})
