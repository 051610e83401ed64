import { describe, expect, test } from 'vitest'
import {
  integerValue,
  isBinary,
  isFloat,
  isIntegral,
  isNull,
  isNumber,
  isQuoted,
  isSigned,
  isText,
  isUnsigned,
  nullValue,
  parseValueType,
  value,
  valueTypeOfNumber,
} from '../../../src/values/value.ts'

describe('a value', () => {
  test('holds the UTF-8 bytes of its text', () => {
    expect(value('VARCHAR', 'é').bytes).toEqual(Uint8Array.of(0xc3, 0xa9))
  })

  test('of type NULL is the one NULL, whatever bytes are given', () => {
    expect(value('NULL', 'x')).toBe(nullValue)
    expect(isNull(nullValue)).toBe(true)
    expect(isNull(value('VARCHAR', ''))).toBe(false)
  })

  test('of an integer is unsigned only above the signed range', () => {
    expect(integerValue(-5).type).toBe('INT64')
    expect(integerValue(2n ** 63n - 1n).type).toBe('INT64')
    expect(integerValue(2n ** 63n)).toEqual(value('UINT64', '9223372036854775808'))
  })
})

describe('types', () => {
  const types = [
    'INT8',
    'UINT64',
    'YEAR',
    'FLOAT64',
    'DECIMAL',
    'VARCHAR',
    'BLOB',
    'DATE',
    'BIT',
    'HEXNUM',
    'NULL',
  ]
  const cases = [
    { is: isIntegral, yes: ['INT8', 'UINT64', 'YEAR'] },
    { is: isSigned, yes: ['INT8'] },
    { is: isUnsigned, yes: ['UINT64', 'YEAR'] },
    { is: isFloat, yes: ['FLOAT64'] },
    { is: isNumber, yes: ['INT8', 'UINT64', 'YEAR', 'FLOAT64', 'DECIMAL'] },
    { is: isQuoted, yes: ['VARCHAR', 'BLOB', 'DATE'] },
    { is: isText, yes: ['VARCHAR', 'HEXNUM'] },
    { is: isBinary, yes: ['BLOB'] },
  ]
  for (const { is, yes } of cases) {
    test(`${is.name}: ${yes.join(', ')}`, () => {
      expect(types.filter((name) => is(parseValueType(name) ?? 'NULL'))).toEqual(yes)
    })
  }

  test('are read by name and by number; NULL_TYPE is NULL', () => {
    expect(parseValueType('NULL_TYPE')).toBe('NULL')
    expect(parseValueType('INT64')).toBe('INT64')
    expect(parseValueType('int64')).toBeUndefined()
    expect(parseValueType('toString')).toBeUndefined()
    expect(valueTypeOfNumber(6165)).toBe('VARCHAR')
    expect(valueTypeOfNumber(1)).toBeUndefined()
  })
})
