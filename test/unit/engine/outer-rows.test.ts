import { describe, expect, test } from 'vitest'
import { bindTemplate } from '../../../src/engine/bind.ts'
import { StreamRows } from '../../../src/engine/outer-rows.ts'
import { bindValue } from '../../../src/engine/plan-value.ts'
import { resolveRouting } from '../../../src/engine/resolve.ts'
import { generateShardRanges } from '../../../src/key/key-range.ts'
import { shardRangeOf, tileShards } from '../../../src/key/shard-ranges.ts'
import { type Value, value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import { bindingsOf } from './bindings.ts'
import { column, encodeRow } from './rows.ts'

const columns = [
  column('longLong', { name: 'id' }),
  column('varString', { name: 'name' }),
  column('newDecimal', { name: 'price', decimals: 2 }),
  column('varString', { name: 'raw', collation: 63 }),
]
const cells = [
  ['7', "it's", '1.50', 'a\\b'],
  ['12', null, '-2.00', 'c'],
]

const told = ({ type, bytes }: Value) => `${type} ${Buffer.from(bytes)}`

describe.each(['text', 'binary'] as const)('rows of another primitive, %s', (format) => {
  const rows = cells.map((row) => encodeRow(format, columns, row))
  const bindings = { ...bindingsOf({}), outerRows: new StreamRows(rows, columns, format) }

  test('give values, of the first row and of all', () => {
    expect(told(bindValue({ kind: 'Cell', column: 0 }, bindings))).toBe('INT64 7')
    expect(bindings.outerRows.values(1).map(told)).toEqual(["VARCHAR it's", 'NULL '])
    expect(bindings.outerRows.values(-2).map(told)).toEqual(['DECIMAL 1.50', 'DECIMAL -2.00'])
  })

  test('give text, as a list of values or of rows', () => {
    const text = (list: readonly number[]) => bindTemplate(['IN (', { rows: list }, ')'], bindings).sql
    expect(text([0])).toBe('IN (7, 12)')
    expect(text([0, 1])).toBe("IN ((7, 'it''s'), (12, NULL))")
    expect(text([3])).toBe("IN (_binary x'615c62', _binary x'63')")
  })

  test('route a query to the shards of their values', () => {
    const shards = tileShards(generateShardRanges(16).map(shardRangeOf))
    const vindex = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })
    const resolve = (routing: object) =>
      resolveRouting({ keyspace: 'ks', vindex, ...routing } as never, bindings, () => shards)
    const each = ['7', '12'].map((id) =>
      resolve({ kind: 'Equal', values: [{ kind: 'Constant', value: value('INT64', id) }] }),
    )
    expect(resolve({ kind: 'In', list: { kind: 'Cells', column: 0 } })).toEqual(
      [...new Set(each as number[])].sort((a, b) => a - b),
    )
    expect(resolve({ kind: 'Equal', values: [{ kind: 'Cell', column: 0 }] })).toBe(each[0])
  })
})
