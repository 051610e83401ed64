import { describe, expect, test } from 'vitest'
import { equalColumnsHaveOneId, equalValuesHaveOneId } from '../../../src/planner/binding/same-id.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { Column } from '../../../src/vschema/model.ts'

const deps = { readFile: () => Buffer.from('{}') }
const vindex = (type: string) => createVindex(type, type, {}, deps)
const column = (type: Column['type'], more: Partial<Column> = {}): Column => ({
  name: 'k',
  ...(type && { type }),
  nullable: false,
  invisible: false,
  autoIncrement: false,
  values: [],
  ...more,
})
const text = (collation: string, type: 'CHAR' | 'VARCHAR' = 'VARCHAR') => column(type, { collation })

describe('equal values have one id', () => {
  const cases: readonly [string, Column | undefined, boolean][] = [
    ['xxhash', text('utf8mb4_0900_ai_ci'), false],
    ['xxhash', text('utf8mb4_general_ci'), false],
    ['xxhash', text('utf8mb4_0900_bin'), true],
    ['xxhash', text('utf8mb4_bin'), false],
    ['xxhash', text('utf8mb4_bin', 'CHAR'), true],
    ['xxhash', column('VARCHAR'), false],
    ['xxhash', undefined, false],
    ['xxhash', column('INT64'), true],
    ['xxhash', column('VARBINARY'), true],
    ['xxhash', column('BINARY', { size: 4 }), true],
    ['xxhash', column('DECIMAL', { size: 8, scale: 2 }), true],
    ['xxhash', column('DECIMAL'), false],
    ['xxhash', column('FLOAT64'), false],
    ['xxhash', column('JSON'), false],
    ['xxhash', column('DATETIME'), true],
    ['xxhash', column('ENUM', { values: ['a', 'b'] }), true],
    ['unicode_loose_xxhash', text('utf8mb4_0900_ai_ci'), true],
    ['unicode_loose_xxhash', text('utf8mb4_general_ci'), false],
    // Its supplementary characters are all equal.
    ['unicode_loose_xxhash', text('utf8mb4_unicode_ci'), false],
    ['unicode_loose_xxhash', text('utf8mb3_unicode_ci'), true],
    ['unicode_loose_md5', undefined, false],
    ['hash', undefined, true],
    ['hash', text('utf8mb4_0900_ai_ci'), true],
    ['numeric', column('FLOAT64'), true],
    ['null', undefined, true],
  ]
  for (const [type, of, expected] of cases)
    test(`${type} of ${of?.type ?? 'an unknown column'} ${of?.collation ?? ''}`, () =>
      expect(equalValuesHaveOneId(of, vindex(type), 0)).toBe(expected))
})

describe('equal columns have one id', () => {
  const cases: readonly [string, Column | undefined, Column | undefined, boolean][] = [
    ['xxhash', text('utf8mb4_0900_bin'), text('utf8mb4_0900_bin'), true],
    ['xxhash', text('utf8mb4_0900_ai_ci'), text('utf8mb4_0900_ai_ci'), false],
    ['xxhash', column('INT64'), column('INT32'), true],
    ['xxhash', text('utf8mb4_0900_bin'), column('INT64'), false],
    ['xxhash', column('DECIMAL', { size: 8, scale: 2 }), column('DECIMAL', { size: 6, scale: 2 }), true],
    ['xxhash', column('DECIMAL', { size: 8, scale: 2 }), column('DECIMAL', { size: 8, scale: 1 }), false],
    ['hash', column('DECIMAL', { size: 8, scale: 2 }), column('DECIMAL', { size: 8, scale: 1 }), true],
    ['xxhash', column('DATETIME', { size: 3 }), column('DATETIME', { size: 6 }), false],
    ['xxhash', column('BINARY', { size: 3 }), column('BINARY', { size: 4 }), false],
    ['hash', undefined, undefined, true],
    ['xxhash', undefined, undefined, false],
  ]
  for (const [type, a, b, expected] of cases)
    test(`${type} of ${a?.type} and ${b?.type}: ${expected}`, () =>
      expect(equalColumnsHaveOneId(a, b, vindex(type), 0)).toBe(expected))
})
