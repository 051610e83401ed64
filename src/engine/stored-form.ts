import { notSupported } from '../errors/sql-error.ts'
import type { RoutedColumn } from '../plan/routing.ts'
import { type Decimal, formatDecimal, parseDecimal, rescaleDecimal } from '../values/decimal.ts'
import { formatDouble } from '../values/number-format.ts'
import { isBinary, isFloat, isIntegral, type Value, type ValueType } from '../values/value.ts'
import type { VindexDomain } from '../vindex/domain.ts'
import { equalInteger, integerValue, plainInteger, storedInteger } from './integer-value.ts'
import { type ColumnClass, classOfColumn, isCharacters, latin1, withoutTrailingSpaces } from './routable.ts'

/**
 * The value as the column will hold it, which is what its row is placed by: a row that is written as `'a  '`,
 * `2024/01/02` or 300 must be found, and meet its duplicates, where `'a'`, `2024-01-02` and 127 are. NULL stays NULL.
 *
 * Without strict mode MySQL stores what comes nearest to a value that does not fit; with it the shard refuses the row
 * (but for trailing spaces, which are always cut off), so that both modes are served by the nearest value.
 *
 * Throws ER_NOT_SUPPORTED_YET naming the column where the stored form cannot be told.
 */
export function storedForm(
  domain: VindexDomain,
  column: RoutedColumn | undefined,
  value: Value,
  name: string,
): Value {
  if (value.type === 'NULL' || domain === 'constant') return value
  const stored = storedByClass(classOfColumn(column), column, domain, value)
  if (stored === undefined) {
    throw notSupported(`a value of type ${value.type} for vindex column '${name}' of this or unknown type`)
  }
  return stored
}

/** The same of a value that the column holds already, as its server gives it back: dates that no client may write are as they are. */
export function heldForm(
  domain: VindexDomain,
  column: RoutedColumn | undefined,
  value: Value,
  name: string,
): Value {
  const isKnown = value.type === 'NULL' || classOfColumn(column) !== 'other' || !isStorable(column)
  if (isKnown || isTold(domain, column, value)) return storedForm(domain, column, value, name)
  return { type: 'VARCHAR', bytes: value.bytes }
}

/** Whether `storedForm` can tell it. */
export function isTold(domain: VindexDomain, column: RoutedColumn | undefined, value: Value): boolean {
  if (value.type === 'NULL' || domain === 'constant') return true
  return storedByClass(classOfColumn(column), column, domain, value) !== undefined
}

/** Whether it can tell all that the column may hold, as the column's server gives it back. */
export function isStorable(column: RoutedColumn | undefined): boolean {
  const columnClass = classOfColumn(column)
  if (columnClass !== 'other') return columnClass !== 'unknown'
  return STORABLE.has(column!.type) && (column!.type !== 'FLOAT64' || column!.size === undefined)
}

const STORABLE: ReadonlySet<ValueType> = new Set(['ENUM', 'YEAR', 'FLOAT64', 'DATE', 'DATETIME', 'TIME'])

/** A stored form whose literal equals what the column holds: `'5x'` is equal to the number 5, though not to the text 5. */
export function asCompared(column: RoutedColumn | undefined, value: Value): Value {
  const columnClass = classOfColumn(column)
  const isText = columnClass === 'text' || columnClass === 'binary'
  return isText && isIntegral(value.type) ? { ...value, type: 'VARCHAR' } : value
}

function storedByClass(
  columnClass: ColumnClass,
  column: RoutedColumn | undefined,
  domain: VindexDomain,
  value: Value,
): Value | undefined {
  switch (columnClass) {
    case 'integer':
      return storedIn(column, value)
    case 'decimal':
      return storedDecimal(column!, domain, value)
    case 'text':
      return cutText(column!, convertible(column!, value) ? storedText(value) : undefined)
    case 'binary':
      return cutBinary(column!, fits(column!, value) ? storedText(value) : undefined)
    case 'other':
      return storedOther(column!, value)
    case 'unknown':
      return storedUnknown(domain, value)
  }
}

function storedUnknown(domain: VindexDomain, value: Value): Value | undefined {
  if (domain === 'integer') return storedIn(undefined, value)
  if (domain !== 'any') return storedText(value)
  // A column of integers or of strings: 5 is `5` in both, 5.5 might be kept as 5, 5.50 or 6.
  if (isFloat(value.type)) return equalInteger(value)
  return value.type === 'DECIMAL' || value.radix !== undefined ? undefined : storedText(value)
}

/**
 * What a NOT NULL column holds where MySQL does not insist: INSERT IGNORE, and several rows without strict mode.
 * Undefined: there is nothing it could be placed by. `isTaken`: the server does not insist; where it does, its shard refuses the row,
 * and the date that nobody may write is not to be spoken of before.
 */
export function implicitDefault(column: RoutedColumn, isTaken = true): Value | undefined {
  switch (classOfColumn(column)) {
    case 'integer':
    case 'decimal':
      return { type: 'INT64', bytes: Buffer.from('0', 'latin1') }
    case 'text':
    case 'binary':
      return asText('')
    default:
      return column.type === 'DATE' && isTaken ? asText('0000-00-00') : undefined
  }
}

// --------------------------------------------------------------------------------------------- numbers

export const rangeOf: Partial<Record<ValueType, readonly [bigint, bigint]>> = {
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  UINT8: [0n, 2n ** 8n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  INT24: [-(2n ** 23n), 2n ** 23n - 1n],
  UINT24: [0n, 2n ** 24n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
}

/** The same for numbers that are exact as doubles: bigints are slow to compare. */
const plainRangeOf: Partial<Record<ValueType, readonly number[]>> = Object.fromEntries(
  Object.entries(rangeOf).map(([type, range]) => [type, range.map(Number)]),
)

function storedIn(column: RoutedColumn | undefined, value: Value): Value | undefined {
  if (isPlainWithin(column, value)) return value
  const range = column === undefined ? undefined : rangeOf[column.type]
  const n = storedInteger(value)
  if (n === undefined) return undefined
  return integerValue(range === undefined ? n : clamp(n, range))
}

function isPlainWithin(column: RoutedColumn | undefined, value: Value): boolean {
  const n = plainInteger(value)
  if (n === undefined) return false
  const [least = n, most = n] = (column && plainRangeOf[column.type]) ?? []
  return n >= least && n <= most
}

function clamp(n: bigint, [least, most]: readonly [bigint, bigint]): bigint {
  if (n < least) return least
  return n > most ? most : n
}

/** With the column's fractional digits: 5 is kept as 5.00 in a DECIMAL(10, 2). */
function storedDecimal(column: RoutedColumn, domain: VindexDomain, value: Value): Value | undefined {
  const given = decimalOf(value)
  if (given === undefined) return undefined
  const { size, scale = 0 } = column
  if (size === undefined) return domain === 'integer' ? (equalInteger(value) ?? value) : value
  const most = 10n ** BigInt(size) - 1n
  const stored = { unscaled: clamp(rescaleDecimal(given, scale).unscaled, [-most, most]), scale }
  const text: Value = { type: 'DECIMAL', bytes: Buffer.from(formatDecimal(stored), 'latin1') }
  return domain === 'integer' ? (equalInteger(text) ?? text) : text
}

function decimalOf(value: Value): Decimal | undefined {
  if (isFloat(value.type) && Number.isSafeInteger(Number(latin1(value))))
    return { unscaled: BigInt(Number(latin1(value))), scale: 0 }
  if (isFloat(value.type) || isIntegral(value.type) || value.type === 'DECIMAL')
    return parseDecimal(latin1(value))
  // Text that only begins with a number is refused in strict mode and depends on the mode otherwise.
  return isCharacters(value.type) ? parseDecimal(latin1(value).trim()) : undefined
}

// --------------------------------------------------------------------------------------------- strings

function storedText(value: Value): Value | undefined {
  if (isCharacters(value.type) || isBinary(value.type)) return value
  if (isIntegral(value.type)) return equalInteger(value)
  if (isFloat(value.type)) return asText(formatDouble(Number(latin1(value))))
  const decimal = value.type === 'DECIMAL' ? parseDecimal(latin1(value)) : undefined
  return decimal === undefined ? undefined : asText(formatDecimal(decimal))
}

/** A column too narrow for a double gets fewer digits of it. */
function fits({ size }: RoutedColumn, value: Value): boolean {
  if (!isFloat(value.type) || size === undefined) return true
  return formatDouble(Number(latin1(value))).length <= size
}

/** Whether the column's character set has the text; otherwise `?` is stored, or nothing in strict mode. */
function convertible(column: RoutedColumn, value: Value): boolean {
  if (!fits(column, value)) return false
  const charset = column.collation?.toLowerCase().split('_', 1)[0]
  if (charset === undefined || charset === 'utf8mb4' || charset === 'binary') return true
  const isAscii = value.bytes.every((byte) => byte < 0x80)
  if (isAscii || (charset !== 'utf8' && charset !== 'utf8mb3' && isBinary(value.type))) return isAscii
  const text = Buffer.from(value.bytes).toString()
  if (charset === 'utf8' || charset === 'utf8mb3') return !/[\u{10000}-\u{10ffff}]/u.test(text)
  return charset === 'latin1' ? /^[\0-\x7f\xa0-\xff]*$/.test(text) : charset !== 'ascii'
}

function cutText({ type, size }: RoutedColumn, value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined
  const cut = size === undefined || type === 'TEXT' ? value : firstCharacters(value, size)
  return type === 'CHAR' ? withoutTrailingSpaces(cut) : cut
}

/** The first `count` characters of UTF-8 text. */
function firstCharacters(value: Value, count: number): Value {
  const { bytes } = value
  if (bytes.length <= count) return value
  let left = count
  for (let end = 0; end < bytes.length; end++) {
    const isStart = (bytes[end] & 0xc0) !== 0x80
    if (isStart && left-- === 0) return { ...value, bytes: bytes.subarray(0, end) }
  }
  return value
}

/** A BINARY column is filled with zero bytes. */
function cutBinary({ type, size }: RoutedColumn, value: Value | undefined): Value | undefined {
  if (value === undefined || size === undefined || type === 'BLOB') return value
  if (value.bytes.length > size) return { ...value, bytes: value.bytes.subarray(0, size) }
  if (type !== 'BINARY' || value.bytes.length === size) return value
  const bytes = new Uint8Array(size)
  bytes.set(value.bytes)
  return { ...value, bytes }
}

// --------------------------------------------------------------------------------------------- others

/**
 * Only a value in the very form that MySQL gives back: `2024/01/02`, `'B'` for the member `b`, and texts that depend on
 * the session's time zone are refused, for they would place one value in several ways.
 */
function storedOther(column: RoutedColumn, value: Value): Value | undefined {
  const text = latin1(value)
  switch (column.type) {
    case 'ENUM':
      return isCharacters(value.type) && isMember(column, value) ? value : undefined
    case 'YEAR':
      return /^(?:190[1-9]|19[1-9]\d|20\d\d|21[0-4]\d|215[0-5])$/.test(text) ? asText(text) : undefined
    case 'FLOAT64':
      return column.size === undefined ? storedDouble(value, text) : undefined
    case 'DATE':
      return isDate(text) ? asText(text) : undefined
    case 'DATETIME':
      return withFraction(
        column,
        text,
        (rest) => rest[10] === ' ' && isDate(rest.slice(0, 10)) && isTimeOfDay(rest.slice(11)),
      )
    case 'TIME':
      return withFraction(column, text, isTimeOfDay)
    default:
      return undefined
  }
}

function isMember({ members }: RoutedColumn, value: Value): boolean {
  return members?.includes(Buffer.from(value.bytes).toString()) ?? true
}

function storedDouble(value: Value, text: string): Value | undefined {
  const isNumber = isIntegral(value.type) || isFloat(value.type) || value.type === 'DECIMAL'
  // Only a double has a negative zero; -0 + 0 is 0.
  const n = isFloat(value.type) ? Number(text) : isNumber ? Number(text) + 0 : Number.NaN
  return Number.isFinite(n) ? asText(formatDouble(n)) : undefined
}

/** A fraction shorter than the column's is filled with zeros; a longer one would be rounded. */
function withFraction(
  { size = 0 }: RoutedColumn,
  text: string,
  isWhole: (text: string) => boolean,
): Value | undefined {
  const [, whole = '', digits = ''] = /^([^.]*)(?:\.(\d+))?$/.exec(text) ?? []
  const fraction = digits.replace(/0+$/, '')
  if (!isWhole(whole) || fraction.length > size) return undefined
  return asText(size === 0 ? whole : `${whole}.${fraction.padEnd(size, '0')}`)
}

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (found === null) return false
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])]
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  return days !== undefined && day >= 1 && day <= days
}

function isTimeOfDay(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text)
}

function asText(text: string): Value {
  return { type: 'VARCHAR', bytes: Buffer.from(text, 'latin1') }
}
