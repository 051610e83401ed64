import { assert } from '../base/assert.ts'
import { nullValue, type Value, value } from '../values/value.ts'
import { identEnd, isBlank } from './chars.ts'
import type { SlotItem } from './scan.ts'
import { NO_BACKSLASH_ESCAPES, type SqlMode } from './sql-mode.ts'
import { decodeBinary } from './text.ts'
import { TextCursor } from './text-cursor.ts'

const INT64_MAX = 9223372036854775807n
const UINT64_MAX = 18446744073709551615n
const INT64_MIN = -9223372036854775808n

/**
 * Value of a literal in `sql` (a binary string), as MySQL types it: INT64, UINT64 or, beyond them, DECIMAL for whole
 * numbers; DECIMAL; FLOAT64; VARCHAR with its escapes resolved; VARBINARY for hexadecimal and bit literals and for strings
 * introduced by `_binary`; INT64 for TRUE and FALSE; NULL.
 * Source: MySQL 9.7 manual, "Literal Values".
 */
export function literalValue(sql: string, item: SlotItem, mode: SqlMode): Value {
  const { type, start, end } = item
  switch (type) {
    case 'Null':
      return nullValue
    case 'True':
      return value('INT64', '1')
    case 'False':
      return value('INT64', '0')
    case 'Int':
      return wholeNumber(sql.slice(start, end))
    case 'Decimal':
      return value('DECIMAL', withoutPlus(sql.slice(start, end)))
    case 'Float':
      return value('FLOAT64', withoutPlus(sql.slice(start, end)))
    case 'Hex':
      return introduced(radixValue(sql, start, hexBytes(radixDigits(sql, start, end))), sql, start)
    case 'Bit':
      return introduced(radixValue(sql, start, bitBytes(radixDigits(sql, start, end))), sql, start)
    case 'String':
      return introduced(stringValue(sql, start, end, (mode & NO_BACKSLASH_ESCAPES) === 0), sql, start)
  }
}

function withoutPlus(text: string): string {
  return text.startsWith('+') ? text.slice(1) : text
}

/** Digits that are a number in its shortest form and far from the bounds of 64 bits. */
const PLAIN_DIGITS_MAX = 15

/** The digits in their shortest form, so that equal numbers have equal bytes. */
function wholeNumber(text: string): Value {
  const first = text.charCodeAt(0)
  if (first >= 49 && first <= 57 && text.length <= PLAIN_DIGITS_MAX) {
    return { type: 'INT64', bytes: Buffer.from(text, 'latin1') }
  }
  const number =
    BigInt(withoutPlus(text.startsWith('-') ? text.slice(1) : text)) * (text.startsWith('-') ? -1n : 1n)
  if (number >= INT64_MIN && number <= INT64_MAX) return value('INT64', number.toString())
  return value(number > 0n && number <= UINT64_MAX ? 'UINT64' : 'DECIMAL', number.toString())
}

function radixValue(sql: string, start: number, bytes: Uint8Array): Value {
  const first = sql[start]
  if (first === '_') return value('VARBINARY', bytes)
  return { type: 'VARBINARY', bytes, radix: first === 'x' || first === 'X' ? 'either' : 'number' }
}

/** Digits of `x'1f'`, `0x1f`, `b'01'`, `0b01`, also behind an introducer. */
function radixDigits(sql: string, start: number, end: number): string {
  const at = introducerEnd(sql, start)
  return sql.charCodeAt(at + 1) === 39 ? sql.slice(at + 2, end - 1) : sql.slice(at + 2, end)
}

function hexBytes(digits: string): Uint8Array {
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

function bitBytes(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(digits.length / 8))
  for (let i = 0; i < digits.length; i++) {
    const bit = digits.length - 1 - i
    if (digits.charCodeAt(i) === 49) bytes[bytes.length - 1 - (bit >> 3)] |= 1 << (bit & 7)
  }
  return bytes
}

const wideCharsets: ReadonlySet<string> = new Set(['ucs2', 'utf16', 'utf16le', 'utf32'])

/** Behind an introducer the bytes are what it says: another character set's text is known only where it is ASCII. */
function introduced(bare: Value, sql: string, start: number): Value {
  if (sql.charCodeAt(start) !== 95) return bare
  const charset = sql.slice(start + 1, identEnd(sql, start)).toLowerCase()
  if (charset === 'binary' || charset.startsWith('utf8')) return bare
  const isKnown = !wideCharsets.has(charset) && bare.bytes.every((byte) => byte < 0x80)
  return isKnown ? bare : { type: 'EXPRESSION', bytes: bare.bytes }
}

/** Behind `_charset` and blanks, where a literal begins with them. */
function introducerEnd(sql: string, start: number): number {
  if (sql.charCodeAt(start) !== 95) return start
  let pos = identEnd(sql, start)
  while (isBlank(sql.charCodeAt(pos))) pos++
  return pos
}

/** One string or adjacent ones, with blanks and comments between them, but no border of a versioned comment. */
function stringValue(sql: string, start: number, end: number, escapes: boolean): Value {
  const first = introducerEnd(sql, start)
  const isBinary = first > start && sql.slice(start, start + 7).toLowerCase() === '_binary'
  const cursor = new TextCursor(sql, 0, first)
  // N'…' is a string in the national character set, which is utf8.
  if (sql.charCodeAt(first) === 110 || sql.charCodeAt(first) === 78) cursor.pos++
  let text = ''
  while (cursor.pos < end) {
    const part = readString(sql, cursor.pos, escapes)
    text += part.text
    cursor.pos = part.end
    cursor.skipBlanks()
  }
  return value(isBinary ? 'VARBINARY' : 'VARCHAR', Buffer.from(text, 'latin1'))
}

/** What a quoted string (its source, a binary string) spells, as Unicode. */
export function stringText(source: string, mode: SqlMode): string {
  return decodeBinary(readString(source, 0, (mode & NO_BACKSLASH_ESCAPES) === 0).text)
}

/** The string whose opening quote is at `start`; runs without an escape are taken in one piece. */
function readString(
  sql: string,
  start: number,
  escapes: boolean,
): { readonly text: string; readonly end: number } {
  const quote = sql.charCodeAt(start)
  assert(quote === 39 || quote === 34, 'a string begins with a quote')
  let text = ''
  let from = start + 1
  let pos = from
  for (;;) {
    const c = sql.charCodeAt(pos)
    if (c === quote) {
      text += sql.slice(from, pos)
      if (sql.charCodeAt(pos + 1) !== quote) return { text, end: pos + 1 }
      from = pos + 1
      pos += 2
    } else if (c === 92 && escapes) {
      text += sql.slice(from, pos) + resolveEscape(sql, pos + 1)
      pos += 2
      from = pos
    } else pos++
  }
}

/** What a backslash and the character at `pos` stand for. Only LIKE resolves `\%` and `\_`: both bytes stay. */
function resolveEscape(sql: string, pos: number): string {
  switch (sql.charCodeAt(pos)) {
    case 48: // 0
      return '\0'
    case 98: // b
      return '\b'
    case 110: // n
      return '\n'
    case 114: // r
      return '\r'
    case 116: // t
      return '\t'
    case 90: // Z
      return '\x1a'
    case 37: // %
      return '\\%'
    case 95: // _
      return '\\_'
    default:
      return sql[pos]
  }
}
