import type { RoutedColumn } from '../plan/routing.ts'
import { isBinary, type Value } from '../values/value.ts'
import { classOfColumn, isCharacters, withoutTrailingSpaces } from './routable.ts'

/**
 * The pattern, cut down to the bytes that every value of the column begins with which is LIKE it, and a `%`; undefined where
 * that cannot be told.
 *
 * LIKE compares character by character under the column's collation: only of a binary one is it known that equal
 * characters are equal bytes (`'A%'` finds `abc` under any other). A column of which nothing is known is trusted to compare
 * bytes, as for equality (routable.ts). The prefix ends at a backslash: whether that escapes what follows, and is no
 * character itself, depends on sql_mode.
 */
export function likePrefix(column: RoutedColumn | undefined, pattern: Value): Value | undefined {
  if (!isCharacters(pattern.type) && !isBinary(pattern.type)) return undefined
  const end = pattern.bytes.findIndex((byte) => byte === PERCENT || byte === UNDERSCORE || byte === BACKSLASH)
  const prefix = end < 0 ? pattern : cut(pattern, end)
  switch (classOfColumn(column)) {
    case 'unknown':
    case 'binary':
      return prefix
    case 'text':
      if (!comparesBytes(column?.collation)) return undefined
      // PAD_CHAR_TO_FULL_LENGTH reads a CHAR with spaces that it is not stored with.
      return column?.type === 'CHAR' ? beforeSpaces(pattern, end) : prefix
    default:
      return undefined
  }
}

function cut({ type, bytes }: Value, end: number): Value {
  return { type, bytes: Buffer.concat([bytes.subarray(0, end), Buffer.of(PERCENT)]) }
}

function beforeSpaces({ type, bytes }: Value, end: number): Value {
  const begin = { type, bytes: end < 0 ? bytes : bytes.subarray(0, end) }
  return cut(begin, withoutTrailingSpaces(begin).bytes.length)
}

const PERCENT = 0x25
const UNDERSCORE = 0x5f
const BACKSLASH = 0x5c

function comparesBytes(collation: string | undefined): boolean {
  const name = collation?.toLowerCase()
  return name === undefined || name === 'binary' || name.endsWith('_bin')
}
