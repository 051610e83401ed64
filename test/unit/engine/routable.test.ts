import { describe, expect, test } from 'vitest'
import { equalForm } from '../../../src/engine/routable.ts'
import { storedForm } from '../../../src/engine/stored-form.ts'
import type { RoutedColumn } from '../../../src/plan/routing.ts'
import { type Value, type ValueType, value } from '../../../src/values/value.ts'
import { domainOf, type VindexDomain } from '../../../src/vindex/domain.ts'
import { createVindex } from '../../../src/vindex/registry.ts'

const show = (form: Value | undefined) =>
  form === undefined ? 'anywhere' : `${form.type} ${Buffer.from(form.bytes).latin1Slice()}`

interface Case {
  readonly domain: VindexDomain
  readonly column?: RoutedColumn
  readonly value: readonly [ValueType, string]
  readonly form: string
  readonly why: string
}

const int: RoutedColumn = { type: 'INT64' }
const char = (collation?: string): RoutedColumn => ({ type: 'CHAR', ...(collation ? { collation } : {}) })
const varchar = (collation?: string): RoutedColumn => ({
  type: 'VARCHAR',
  ...(collation ? { collation } : {}),
})

describe('predicates', () => {
  const cases: Case[] = [
    { domain: 'any', column: int, value: ['INT64', '12'], form: 'INT64 12', why: 'as it is' },
    { domain: 'any', column: int, value: ['INT64', '012'], form: 'INT64 12', why: 'stored as 12' },
    { domain: 'any', column: int, value: ['INT64', '-0'], form: 'INT64 0', why: 'zero has no sign' },
    { domain: 'any', column: int, value: ['VARCHAR', '012'], form: 'INT64 12', why: 'compared as integers' },
    { domain: 'any', column: int, value: ['VARCHAR', '12abc'], form: 'anywhere', why: 'meets 12' },
    { domain: 'any', column: int, value: ['VARCHAR', ''], form: 'anywhere', why: 'meets 0' },
    {
      domain: 'any',
      column: int,
      value: ['VARBINARY', '12'],
      form: 'anywhere',
      why: "12, or 12594 for x'3132'",
    },
    { domain: 'any', column: int, value: ['DECIMAL', '12.00'], form: 'INT64 12', why: 'a whole number' },
    { domain: 'any', column: int, value: ['DECIMAL', '12.5'], form: 'anywhere', why: 'left to MySQL' },
    {
      domain: 'any',
      column: int,
      value: ['FLOAT64', '12'],
      form: 'INT64 12',
      why: 'drivers send numbers as doubles',
    },
    { domain: 'any', column: int, value: ['FLOAT64', '1.2e1'], form: 'INT64 12', why: 'a whole number' },
    {
      domain: 'any',
      column: int,
      value: ['FLOAT64', '9007199254740993'],
      form: 'anywhere',
      why: 'meets its neighbours',
    },
    {
      domain: 'any',
      column: int,
      value: ['VARCHAR', '9007199254740993'],
      form: 'INT64 9007199254740993',
      why: 'exact',
    },
    {
      domain: 'any',
      column: int,
      value: ['UINT64', '18446744073709551615'],
      form: 'UINT64 18446744073709551615',
      why: 'exact',
    },
    {
      domain: 'any',
      column: int,
      value: ['VARCHAR', '18446744073709551616'],
      form: 'anywhere',
      why: 'no integer of 64 bits',
    },
    { domain: 'any', column: int, value: ['DATE', '2020-01-01'], form: 'anywhere', why: 'meets 20200101' },
    { domain: 'loose', column: int, value: ['INT64', '12'], form: 'INT64 12', why: 'integers have one text' },

    { domain: 'integer', value: ['INT64', '12'], form: 'INT64 12', why: 'taken for an integer column' },
    { domain: 'integer', value: ['VARCHAR', '12'], form: 'INT64 12', why: 'taken for an integer column' },
    {
      domain: 'any',
      value: ['INT64', '012'],
      form: 'INT64 12',
      why: 'in both columns of integers and of text',
    },
    {
      domain: 'any',
      column: { type: 'NULL' },
      value: ['INT64', '5'],
      form: 'INT64 5',
      why: 'a column without a type',
    },
    { domain: 'any', value: ['VARCHAR', 'a12'], form: 'VARCHAR a12', why: 'taken for a text column' },
    { domain: 'any', value: ['VARCHAR', '-12'], form: 'VARCHAR -12', why: 'the same text in both' },
    { domain: 'any', value: ['VARCHAR', '012'], form: 'anywhere', why: 'meets 12 in a column of integers' },
    {
      domain: 'any',
      value: ['VARCHAR', ' 1.2e1 '],
      form: 'anywhere',
      why: 'meets 12 in a column of integers',
    },
    { domain: 'any', value: ['VARCHAR', '-0'], form: 'anywhere', why: 'meets 0 in a column of integers' },
    { domain: 'any', value: ['FLOAT64', '5'], form: 'INT64 5', why: 'drivers send numbers as doubles' },
    { domain: 'any', value: ['DECIMAL', '5.0'], form: 'anywhere', why: '5 or 5.0' },
    {
      domain: 'bytes',
      value: ['VARCHAR', 'abc'],
      form: 'VARCHAR abc',
      why: 'taken for a column that compares bytes',
    },
    { domain: 'bytes', value: ['INT64', '5'], form: 'anywhere', why: "meets '05'" },
    { domain: 'loose', value: ['INT64', '5'], form: 'anywhere', why: "meets '05'" },

    {
      domain: 'bytes',
      column: varchar(),
      value: ['VARCHAR', 'abc'],
      form: 'VARCHAR abc',
      why: 'collation not known',
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_0900_ai_ci'),
      value: ['VARCHAR', 'abc'],
      form: 'anywhere',
      why: "meets 'ABC'",
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_bin'),
      value: ['VARCHAR', 'abc'],
      form: 'anywhere',
      why: "meets 'abc '",
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_0900_bin'),
      value: ['VARCHAR', 'abc '],
      form: 'VARCHAR abc ',
      why: 'NO PAD',
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_nopad_bin'),
      value: ['VARCHAR', 'abc'],
      form: 'VARCHAR abc',
      why: 'NO PAD',
    },
    {
      domain: 'any',
      column: char('utf8mb4_bin'),
      value: ['VARCHAR', 'abc '],
      form: 'VARCHAR abc',
      why: 'CHAR holds no trailing spaces',
    },
    {
      domain: 'any',
      column: char('latin1_swedish_ci'),
      value: ['VARCHAR', 'abc'],
      form: 'anywhere',
      why: "meets 'ABC'",
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_0900_ai_ci'),
      value: ['VARBINARY', 'abc'],
      form: 'anywhere',
      why: "x'616263' meets 'ABC' too",
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_0900_bin'),
      value: ['VARBINARY', 'abc'],
      form: 'VARBINARY abc',
      why: 'equal text is equal bytes',
    },
    {
      domain: 'any',
      column: varchar('latin1_bin'),
      value: ['VARBINARY', 'é'],
      form: 'anywhere',
      why: 'bytes in the charset of the column',
    },
    {
      domain: 'any',
      column: varchar('utf8mb4_0900_bin'),
      value: ['INT64', '5'],
      form: 'anywhere',
      why: "meets '05'",
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_0900_ai_ci'),
      value: ['VARCHAR', 'abc'],
      form: 'VARCHAR abc',
      why: 'root order',
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_bin'),
      value: ['VARCHAR', 'abc'],
      form: 'VARCHAR abc',
      why: 'finer than loose',
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_uca1400_nopad_as_cs'),
      value: ['VARCHAR', 'a'],
      form: 'VARCHAR a',
      why: 'root order',
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_unicode_ci'),
      value: ['VARCHAR', '\xc3\xa9'],
      form: 'VARCHAR \xc3\xa9',
      why: 'root order',
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_unicode_ci'),
      value: ['VARCHAR', '\xf0\x9f\x8d\xa3'],
      form: 'anywhere',
      why: 'meets every other emoji',
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_general_ci'),
      value: ['VARCHAR', 's'],
      form: 'anywhere',
      why: "meets 'ß'",
    },
    {
      domain: 'loose',
      column: varchar('utf8mb4_sv_0900_ai_ci'),
      value: ['VARCHAR', 'v'],
      form: 'anywhere',
      why: 'its own order',
    },
    {
      domain: 'integer',
      column: varchar('utf8mb4_0900_ai_ci'),
      value: ['VARCHAR', '12'],
      form: 'INT64 12',
      why: 'text with an id is digits',
    },
    {
      domain: 'integer',
      column: varchar(),
      value: ['INT64', '12'],
      form: 'INT64 12',
      why: "'12' and '012' have the same id",
    },
    {
      domain: 'integer',
      column: varchar(),
      value: ['INT64', '9007199254740993'],
      form: 'anywhere',
      why: 'compared as doubles',
    },

    {
      domain: 'bytes',
      column: { type: 'VARBINARY' },
      value: ['VARCHAR', 'a '],
      form: 'VARCHAR a ',
      why: 'compared as bytes',
    },
    {
      domain: 'bytes',
      column: { type: 'BINARY' },
      value: ['VARBINARY', 'ab'],
      form: 'VARBINARY ab',
      why: 'stored as it was given',
    },
    {
      domain: 'bytes',
      column: { type: 'BINARY' },
      value: ['VARBINARY', 'a\0'],
      form: 'anywhere',
      why: 'may have been given as a',
    },
    {
      domain: 'bytes',
      column: { type: 'VARBINARY' },
      value: ['INT64', '5'],
      form: 'anywhere',
      why: 'compared as doubles',
    },
    {
      domain: 'integer',
      column: { type: 'DECIMAL' },
      value: ['DECIMAL', '5.00'],
      form: 'INT64 5',
      why: 'a whole number',
    },
    {
      domain: 'any',
      column: { type: 'DECIMAL' },
      value: ['INT64', '5'],
      form: 'anywhere',
      why: '5.00 has another id',
    },
    {
      domain: 'any',
      column: { type: 'DATE' },
      value: ['VARCHAR', '2020-01-01'],
      form: 'anywhere',
      why: '2020-1-1 is equal',
    },
    {
      domain: 'any',
      column: { type: 'ENUM' },
      value: ['VARCHAR', 'a'],
      form: 'anywhere',
      why: 'ENUM compares by collation or number',
    },
    {
      domain: 'constant',
      column: varchar('utf8mb4_general_ci'),
      value: ['INT64', '5'],
      form: 'INT64 5',
      why: 'all values are alike',
    },
  ]
  for (const {
    domain,
    column,
    value: [type, text],
    form,
    why,
  } of cases) {
    const where = column === undefined ? 'unknown' : `${column.type} ${column.collation ?? ''}`
    test(`${domain} on ${where}: ${type} ${JSON.stringify(text)} → ${form} (${why})`, () => {
      expect(show(equalForm(domain, column, value(type, Buffer.from(text, 'latin1'))))).toBe(form)
    })
  }
})

describe('what a column will hold', () => {
  const cases: Omit<Case, 'why'>[] = [
    { domain: 'any', column: int, value: ['VARCHAR', '012'], form: 'INT64 12' },
    { domain: 'any', column: int, value: ['VARCHAR', '12abc'], form: 'INT64 12' },
    { domain: 'any', column: int, value: ['VARCHAR', 'abc'], form: 'INT64 0' },
    { domain: 'any', column: int, value: ['VARCHAR', ' 1.5e1x'], form: 'INT64 15' },
    { domain: 'any', column: int, value: ['VARCHAR', '-2.5'], form: 'INT64 -3' },
    { domain: 'any', column: int, value: ['DECIMAL', '2.5'], form: 'INT64 3' },
    { domain: 'any', column: int, value: ['FLOAT64', '2.5'], form: 'INT64 2' },
    { domain: 'any', column: int, value: ['FLOAT64', '-3.5'], form: 'INT64 -4' },
    { domain: 'any', column: { type: 'INT8' }, value: ['INT64', '300'], form: 'INT64 127' },
    { domain: 'any', column: { type: 'UINT64' }, value: ['INT64', '-1'], form: 'INT64 0' },
    { domain: 'any', column: int, value: ['VARCHAR', '1e9999999'], form: 'INT64 9223372036854775807' },
    { domain: 'integer', value: ['VARCHAR', '7'], form: 'INT64 7' },
    { domain: 'any', value: ['FLOAT64', '7'], form: 'INT64 7' },
    { domain: 'any', value: ['VARCHAR', '07'], form: 'VARCHAR 07' },
    { domain: 'any', column: varchar(), value: ['FLOAT64', '1e20'], form: 'VARCHAR 1e20' },
    { domain: 'any', column: varchar(), value: ['DECIMAL', '05.50'], form: 'VARCHAR 5.50' },
    { domain: 'any', column: char(), value: ['VARCHAR', 'a  '], form: 'VARCHAR a' },
    { domain: 'any', column: varchar(), value: ['VARCHAR', 'a  '], form: 'VARCHAR a  ' },
    { domain: 'any', column: int, value: ['NULL', ''], form: 'NULL ' },
    { domain: 'any', column: { type: 'CHAR' }, value: ['VARBINARY', 'a '], form: 'VARBINARY a' },
    { domain: 'any', column: { type: 'VARCHAR', size: 3 }, value: ['VARCHAR', 'abc  '], form: 'VARCHAR abc' },
    {
      domain: 'any',
      column: { type: 'VARCHAR', size: 3 },
      value: ['VARCHAR', 'ñöüx'],
      form: `VARCHAR ${Buffer.from('ñöü').latin1Slice()}`,
    },
    { domain: 'integer', column: { type: 'VARCHAR', size: 2 }, value: ['INT64', '123'], form: 'INT64 12' },
    { domain: 'any', column: { type: 'BINARY', size: 3 }, value: ['VARCHAR', 'a'], form: 'VARCHAR a\0\0' },
    {
      domain: 'any',
      column: { type: 'VARBINARY', size: 3 },
      value: ['VARBINARY', 'abcd'],
      form: 'VARBINARY abc',
    },
    {
      domain: 'any',
      column: { type: 'DECIMAL', size: 4, scale: 2 },
      value: ['INT64', '5'],
      form: 'DECIMAL 5.00',
    },
    { domain: 'integer', column: { type: 'DECIMAL', size: 3 }, value: ['FLOAT64', '1e9'], form: 'INT64 999' },
    { domain: 'integer', column: { type: 'DECIMAL', size: 3 }, value: ['DECIMAL', '-0.4'], form: 'INT64 0' },
    { domain: 'any', column: { type: 'DATE' }, value: ['VARCHAR', '2024-02-29'], form: 'VARCHAR 2024-02-29' },
    {
      domain: 'any',
      column: { type: 'DATETIME', size: 3 },
      value: ['DATETIME', '2024-01-02 03:04:05.5'],
      form: 'VARCHAR 2024-01-02 03:04:05.500',
    },
    {
      domain: 'any',
      column: { type: 'FLOAT64' },
      value: ['INT64', '9007199254740993'],
      form: 'VARCHAR 9.007199254740992e15',
    },
    {
      domain: 'any',
      column: { type: 'ENUM', members: ['a', 'b'] },
      value: ['VARCHAR', 'b'],
      form: 'VARCHAR b',
    },
  ]
  for (const {
    domain,
    column,
    value: [type, text],
    form,
  } of cases) {
    test(`${type} ${text} in ${column?.type ?? 'an unknown column'} is ${form}`, () => {
      expect(show(storedForm(domain, column, value(type, text), 'c'))).toBe(form)
    })
  }

  test('a value that might be stored in several ways is refused, naming the column', () => {
    expect(() => storedForm('any', undefined, value('DECIMAL', '5.0'), 'c')).toThrow(/vindex column 'c'/)
    expect(() => storedForm('any', undefined, value('FLOAT64', '5.5'), 'c')).toThrow(/vindex column 'c'/)
    expect(() => storedForm('integer', int, value('VARBINARY', '12'), 'c')).toThrow(/vindex column 'c'/)
    const refused = (column: RoutedColumn, text: string) =>
      expect(() => storedForm('any', column, value('VARCHAR', text), 'c')).toThrow(/vindex column 'c'/)
    refused({ type: 'DATE' }, '2024/01/02')
    refused({ type: 'DATE' }, '2023-02-29')
    refused({ type: 'DATETIME' }, '2024-01-02 03:04:05.5')
    refused({ type: 'FLOAT64' }, '1.5')
    refused({ type: 'ENUM', members: ['a', 'b'] }, 'B')
    refused({ type: 'TIMESTAMP' }, '2024-01-02 03:04:05')
  })
})

test('a value finds what was stored for it', () => {
  const values = [value('INT64', '5'), value('VARCHAR', '5'), value('FLOAT64', '5'), value('VARCHAR', ' 5')]
  for (const stored of values) {
    for (const asked of values) {
      const id = show(storedForm('any', int, stored, 'c'))
      expect(show(equalForm('any', int, asked))).toBe(id)
    }
  }
})

test('domains of the vindex types', () => {
  const deps = { readFile: () => Buffer.from('{}') }
  const domain = (type: string, params = {}, column = 0) =>
    domainOf(createVindex(type, type, params, deps), column)
  expect(domain('hash')).toBe('integer')
  expect(domain('xxhash')).toBe('any')
  expect(domain('binary')).toBe('bytes')
  expect(domain('null')).toBe('constant')
  expect(domain('unicode_loose_xxhash')).toBe('loose')
  expect(domain('region_json', { region_map: 'm', region_bytes: '1' }, 1)).toBe('bytes')
  expect(domain('multicol', { column_count: '2' }, 1)).toBe('any')
})

test('a literal of bytes is a number only beside numbers, and with one spelling on all servers', () => {
  const hex = { type: 'VARBINARY', bytes: Buffer.from([0x31]), radix: 'number' } as const
  expect(show(equalForm('integer', int, hex))).toBe('INT64 49')
  expect(show(equalForm('integer', undefined, hex))).toBe('INT64 49')
  expect(show(equalForm('any', undefined, hex))).toBe('anywhere')
  expect(show(equalForm('integer', varchar(), hex))).toBe('anywhere')
  expect(show(equalForm('any', varchar('utf8mb4_0900_bin'), hex))).toBe('VARBINARY 1')
  expect(show(equalForm('integer', int, { ...hex, radix: 'either' }))).toBe('anywhere')
  expect(show(equalForm('integer', int, { ...hex, bytes: Buffer.alloc(8, 0xff) }))).toBe('anywhere')
  expect(show(storedForm('integer', int, hex, 'id'))).toBe('INT64 49')
})
