/**
 * Which values route, and as which value.
 *
 * A route by `column = value` is right only if every row that MySQL calls equal was placed under the keyspace id that
 * the value maps to. MySQL's `=` is generous (`id = '012'`, `id = 12.0`, 'ABC' = 'abc', 'a' = 'a '), vindexes are not:
 * `xxhash` hashes the text of a number, `binary` the bytes of a string. So both sides are brought to one form:
 *
 * - `storedForm` (stored-form.ts) gives, for INSERT, the value as the column will hold it; its id is where the row goes.
 * - `equalForm` gives, for a predicate, the one stored form that is equal to the value, or undefined when there may be
 *   several or it cannot be told: then the statement must ask all shards.
 *
 * | column | value | equal form |
 * |---|---|---|
 * | integer | integer, `0x0b`, `b'101'`, whole decimal, whole double below 2^53, text of blanks, sign, digits | the integer |
 * | DECIMAL, vindex takes integers | integer, whole decimal | the integer |
 * | CHAR, VARCHAR, TEXT, vindex takes integers | the same, numbers below 2^53 | the integer: no other text has an id |
 * | CHAR, VARCHAR, TEXT, vindex of bytes | text, if equal text is equal bytes: binary NO PAD collation, for CHAR any binary one | its bytes, for CHAR without trailing spaces |
 * | CHAR, VARCHAR, TEXT, unicode_loose | text, if the collation is binary or follows the root order | its bytes |
 * | CHAR, VARCHAR, TEXT | ASCII binary string | as text |
 * | VARBINARY, BLOB; BINARY if the last byte is not 0 (stored values are filled with 0) | text, binary string | its bytes |
 * | not known | as an integer column where the vindex takes integers, else as a text column of unknown collation | |
 * | not known, vindex of any value (xxhash, binary_md5) | integer, whole double; text, unless it spells a number in an odd way (`012`) | the integer; its bytes |
 * | any other | | undefined |
 *
 * A text column of unknown collation is trusted to compare bytes (for unicode_loose: to follow the root order), as
 * Vitess does; declare its `collation_name` in the VSchema to have it judged.
 */
import type { RoutedColumn } from '../plan/routing.ts'
import {
  isBinary,
  isFloat,
  isIntegral,
  isQuoted,
  isText,
  type Value,
  type ValueType,
} from '../values/value.ts'
import { fidelityOf, type VindexDomain } from '../vindex/domain.ts'
import { equalInteger, exactDigits } from './integer-value.ts'

export type ColumnClass = 'unknown' | 'integer' | 'decimal' | 'text' | 'binary' | 'other'

/** See above. `value` is not NULL. */
export function equalForm(
  domain: VindexDomain,
  column: RoutedColumn | undefined,
  value: Value,
): Value | undefined {
  if (domain === 'constant') return value
  switch (classOfColumn(column)) {
    case 'integer':
      return equalInteger(value)
    case 'decimal':
      return domain === 'integer' && isExactNumber(value.type) ? equalInteger(value) : undefined
    case 'text':
      return domain === 'integer' ? belowExact(value) : equalText(domain, column as RoutedColumn, value)
    case 'binary':
      return domain === 'integer' ? belowExact(value) : equalBinary(column as RoutedColumn, value)
    case 'unknown':
      return equalUnknown(domain, value)
    case 'other':
      return undefined
  }
}

export function classOfColumn(column: RoutedColumn | undefined): ColumnClass {
  // Vitess's VSchema gives a column without a type the type NULL.
  if (column === undefined || column.type === 'NULL') return 'unknown'
  const { type } = column
  if (isIntegral(type)) return type === 'YEAR' ? 'other' : 'integer'
  if (type === 'DECIMAL') return 'decimal'
  if (isCharacters(type)) return 'text'
  return isBinary(type) ? 'binary' : 'other'
}

export function isCharacters(type: ValueType): boolean {
  return isText(type) && isQuoted(type)
}

function isExactNumber(type: ValueType): boolean {
  return isIntegral(type) || type === 'DECIMAL'
}

// ------------------------------------------------------------------------------------------ predicates

/** A text or binary column compares with numbers as doubles. */
function belowExact(value: Value): Value | undefined {
  if (value.radix !== undefined) return undefined
  const integer = equalInteger(value)
  if (integer === undefined || isCharacters(value.type)) return integer
  return integer.bytes.length <= exactDigits ? integer : undefined
}

function equalUnknown(domain: VindexDomain, value: Value): Value | undefined {
  if (domain === 'integer') return equalInteger(value)
  if (value.radix !== undefined) return undefined
  if (domain === 'any' && (isIntegral(value.type) || isFloat(value.type))) return equalInteger(value)
  if (isCharacters(value.type)) return domain === 'any' && isOddNumber(latin1(value)) ? undefined : value
  return isBinary(value.type) && isAscii(value.bytes) ? value : undefined
}

/** Text that an integer column takes for a number which has another spelling: `012`, ` 12`, `12.0`. */
function isOddNumber(text: string): boolean {
  return (
    /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$/.test(text) &&
    !/^(?:0|-?[1-9][0-9]*)$/.test(text)
  )
}

function equalText(domain: VindexDomain, column: RoutedColumn, value: Value): Value | undefined {
  const form = column.type === 'CHAR' ? withoutTrailingSpaces(value) : value
  // The column's collation rules, also over a binary string, whose bytes are in the column's character set.
  const isText = isCharacters(value.type) || (isBinary(value.type) && isAscii(value.bytes))
  return isText && isFaithful(domain, column, value.bytes) ? form : undefined
}

/** Whether texts that the collation calls equal to this one have its id. */
function isFaithful(domain: VindexDomain, { type, collation }: RoutedColumn, text: Uint8Array): boolean {
  if (collation === undefined) return true
  const fidelity = fidelityOf(domain, type === 'CHAR', collation)
  return fidelity === 'all' || (fidelity === 'basic plane' && !hasSupplementary(text))
}

function equalBinary(column: RoutedColumn, value: Value): Value | undefined {
  if (!isCharacters(value.type) && !isBinary(value.type)) return undefined
  const last = value.bytes[value.bytes.length - 1]
  return column.type === 'BINARY' && (last === undefined || last === 0) ? undefined : value
}

// --------------------------------------------------------------------------------------------- helpers

export function withoutTrailingSpaces(value: Value): Value {
  let end = value.bytes.length
  while (end > 0 && value.bytes[end - 1] === 0x20) end--
  return end === value.bytes.length ? value : { type: value.type, bytes: value.bytes.subarray(0, end) }
}

/** Whether UTF-8 text has a sequence of four bytes. */
function hasSupplementary(text: Uint8Array): boolean {
  for (const byte of text) if (byte >= 0xf0) return true
  return false
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false
  return true
}

export function latin1(value: Value): string {
  const { bytes } = value
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}
