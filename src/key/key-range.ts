import { SqlError } from '../errors/sql-error.ts'
import { compareKeyspaceIds, isLowest, parseKeyspaceId, printKeyspaceId } from './keyspace-id.ts'

/** Half-open interval `[start, end)` of keyspace ids; an empty (or all-zero) bound is open. */
export interface KeyRange {
  readonly start: Uint8Array
  readonly end: Uint8Array
}

const open = new Uint8Array(0)

export const completeKeyRange: KeyRange = { start: open, end: open }

/** Whether the text is a key range name (`-`, `-80`, `40-80`, `80-`) and not a plain shard name such as `0`. */
export function isKeyRangeName(name: string): boolean {
  const dash = name.indexOf('-')
  return dash >= 0 && isHexPairs(name.slice(0, dash)) && isHexPairs(name.slice(dash + 1))
}

/** Reads `start-end` in hex. Throws ER_WRONG_ARGUMENTS for other text and for a start that is not below the end. */
export function parseKeyRange(name: string): KeyRange {
  if (!isKeyRangeName(name)) throw new SqlError('ER_WRONG_ARGUMENTS', `invalid key range: '${name}'`)
  const dash = name.indexOf('-')
  const range = { start: parseKeyspaceId(name.slice(0, dash)), end: parseKeyspaceId(name.slice(dash + 1)) }
  if (!isLowest(range.end) && compareKeyspaceIds(range.start, range.end) >= 0) {
    throw new SqlError('ER_WRONG_ARGUMENTS', `out of order key range: '${name}'`)
  }
  return range
}

/** The range's name: lower-case hex of both bounds; `-` for the whole space. */
export function printKeyRange(range: KeyRange): string {
  if (isComplete(range)) return '-'
  return `${printKeyspaceId(range.start)}-${printKeyspaceId(range.end)}`
}

export function isComplete(range: KeyRange): boolean {
  return isLowest(range.start) && isLowest(range.end)
}

export function rangeContains(range: KeyRange, id: Uint8Array): boolean {
  return (
    compareKeyspaceIds(range.start, id) <= 0 && (isLowest(range.end) || compareKeyspaceIds(id, range.end) < 0)
  )
}

/** Whether some keyspace id lies in both ranges. */
export function rangesIntersect(a: KeyRange, b: KeyRange): boolean {
  return startsBelow(b.start, a.end) && startsBelow(a.start, b.end)
}

/** Whether every id of `inner` lies in `outer`. */
export function rangeContainsRange(outer: KeyRange, inner: KeyRange): boolean {
  return compareKeyspaceIds(outer.start, inner.start) <= 0 && compareEnds(inner.end, outer.end) <= 0
}

/** Order by start, then by end; an open start is lowest, an open end is highest. */
export function compareKeyRanges(a: KeyRange, b: KeyRange): number {
  return compareKeyspaceIds(a.start, b.start) || compareEnds(a.end, b.end)
}

/** Order of two range ends; an open end is highest. */
export function compareEnds(a: Uint8Array, b: Uint8Array): number {
  const aIsOpen = isLowest(a)
  const bIsOpen = isLowest(b)
  if (aIsOpen || bIsOpen) return Number(aIsOpen) - Number(bIsOpen)
  return compareKeyspaceIds(a, b)
}

/** Names of `count` shards of nearly equal width, as `GenerateShardRanges` makes them; 1 to 65,536 shards. */
export function generateShardRanges(count: number): string[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new SqlError('ER_WRONG_ARGUMENTS', 'shards must be greater than zero')
  }
  if (count > 65_536) {
    throw new SqlError(
      'ER_WRONG_ARGUMENTS',
      'this function does not support more than 65536 shards in a single keyspace',
    )
  }
  const digits = count <= 256 ? 2 : 4
  const space = 16 ** digits
  const bound = (i: number) => {
    if (i === 0 || i === count) return ''
    return Math.floor((i * space) / count)
      .toString(16)
      .padStart(digits, '0')
  }
  return Array.from({ length: count }, (_, i) => `${bound(i)}-${bound(i + 1)}`)
}

function startsBelow(start: Uint8Array, end: Uint8Array): boolean {
  return isLowest(end) || compareKeyspaceIds(start, end) < 0
}

function isHexPairs(text: string): boolean {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text)
}
