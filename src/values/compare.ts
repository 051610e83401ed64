import { type ColumnType, classOf, fieldTypes } from './types.ts'

/** How a cell is written: as the text protocol or as the binary protocol sends it, without its length prefix. */
export type CellEncoding = 'text' | 'binary'

/**
 * Orders two cells of one column, `[start, end)` of each buffer: negative, zero or positive, as MySQL's ORDER BY
 * would. NULL is not a cell. Nothing is allocated but for doubles in text.
 */
export type CellComparator = (
  a: Buffer,
  aStart: number,
  aEnd: number,
  b: Buffer,
  bStart: number,
  bEnd: number,
) => number

/**
 * The comparator of a column's values; undefined for text (only its collation can order it; ENUM and SET order by
 * number) and for JSON, GEOMETRY and VECTOR.
 */
export function cellComparator(column: ColumnType, encoding: CellEncoding): CellComparator | undefined {
  const inText = encoding === 'text'
  switch (classOf(column)) {
    case 'signed':
      return inText ? compareNumberText : signedComparator(column.type)
    case 'unsigned':
      return inText ? compareNumberText : compareLittleEndian
    case 'decimal':
      return compareNumberText
    case 'float':
      return inText ? compareFloatText : compareFloats
    case 'double':
      return inText ? compareFloatText : compareDoubles
    case 'datetime':
      return inText ? compareBytes : compareBinaryDateTime
    case 'time':
      return inText ? compareTimeText : compareBinaryTime
    case 'bytes':
      return compareBytes
    case 'bit':
      return compareBigEndian
    case 'null':
      return () => 0
    case 'text':
    case 'opaque':
      return undefined
  }
}

/** Bytes, unsigned, left to right; a prefix comes first. */
export const compareBytes: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) =>
  a.compare(b, bStart, bEnd, aStart, aEnd)

const minus = 0x2d
const zero = 0x30
const point = 0x2e
const colon = 0x3a

/** Integers and decimals as text, of any length, exactly: `-12.50`, also with ZEROFILL's leading zeros. */
export const compareNumberText: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  const aNegative = a[aStart] === minus
  const bNegative = b[bStart] === minus
  if (aNegative !== bNegative) {
    if (isZeroText(a, aStart, aEnd) && isZeroText(b, bStart, bEnd)) return 0
    return aNegative ? -1 : 1
  }
  const order = compareMagnitudes(a, aStart + Number(aNegative), aEnd, b, bStart + Number(bNegative), bEnd)
  return aNegative ? 0 - order : order
}

function compareMagnitudes(
  a: Buffer,
  aStart: number,
  aEnd: number,
  b: Buffer,
  bStart: number,
  bEnd: number,
): number {
  let i = skipZeros(a, aStart, aEnd)
  let j = skipZeros(b, bStart, bEnd)
  const lengths = wholeDigits(a, i, aEnd) - wholeDigits(b, j, bEnd)
  if (lengths !== 0) return lengths
  for (; i < aEnd && j < bEnd; i++, j++) {
    if (a[i] !== b[j]) return a[i] - b[j]
  }
  // One is a prefix of the other: what follows is a fraction, and counts unless it is zero.
  if (i < aEnd) return isZeroText(a, i, aEnd) ? 0 : 1
  return isZeroText(b, j, bEnd) ? 0 : -1
}

function skipZeros(text: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && text[at] === zero) at++
  return at
}

function wholeDigits(text: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && text[at] !== point) at++
  return at - start
}

/** Whether the text has no digit but zeros. */
function isZeroText(text: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text[at] > zero) return false
  return true
}

const compareFloatText: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) =>
  Number(a.latin1Slice(aStart, aEnd)) - Number(b.latin1Slice(bStart, bEnd))

const compareFloats: CellComparator = (a, aStart, _aEnd, b, bStart) =>
  order(a.readFloatLE(aStart), b.readFloatLE(bStart))

const compareDoubles: CellComparator = (a, aStart, _aEnd, b, bStart) =>
  order(a.readDoubleLE(aStart), b.readDoubleLE(bStart))

function order(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function signedComparator(type: number): CellComparator {
  switch (type) {
    case fieldTypes.tiny:
      return (a, aStart, _aEnd, b, bStart) => a.readInt8(aStart) - b.readInt8(bStart)
    case fieldTypes.short:
      return (a, aStart, _aEnd, b, bStart) => a.readInt16LE(aStart) - b.readInt16LE(bStart)
    case fieldTypes.longLong:
      return (a, aStart, _aEnd, b, bStart) =>
        a.readInt32LE(aStart + 4) - b.readInt32LE(bStart + 4) ||
        a.readUInt32LE(aStart) - b.readUInt32LE(bStart)
    default:
      return (a, aStart, _aEnd, b, bStart) => a.readInt32LE(aStart) - b.readInt32LE(bStart)
  }
}

/** Unsigned integers of one width, the least significant byte first. */
const compareLittleEndian: CellComparator = (a, aStart, aEnd, b, bStart) => {
  for (let i = aEnd - aStart - 1; i >= 0; i--) {
    if (a[aStart + i] !== b[bStart + i]) return a[aStart + i] - b[bStart + i]
  }
  return 0
}

/** BIT: an unsigned number of any width, the most significant byte first. */
const compareBigEndian: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  let i = aStart
  let j = bStart
  while (i < aEnd && a[i] === 0) i++
  while (j < bEnd && b[j] === 0) j++
  return aEnd - i - (bEnd - j) || compareBytes(a, i, aEnd, b, j, bEnd)
}

/** int<2> year, then bytes month, day, hour, minute, second, int<4> microseconds; trailing zero parts are left out. */
const compareBinaryDateTime: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  const years = part16(a, aStart, aEnd) - part16(b, bStart, bEnd)
  if (years !== 0) return years
  for (let i = 2; i < 7; i++) {
    const parts = part8(a, aStart + i, aEnd) - part8(b, bStart + i, bEnd)
    if (parts !== 0) return parts
  }
  return part32(a, aStart + 7, aEnd) - part32(b, bStart + 7, bEnd)
}

/** int<1> is negative, int<4> days, bytes hour, minute, second, int<4> microseconds; nothing at all for 00:00:00. */
const compareBinaryTime: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  const aNegative = part8(a, aStart, aEnd) === 1
  const bNegative = part8(b, bStart, bEnd) === 1
  if (aNegative !== bNegative) return aNegative ? -1 : 1
  const longer = compareTimeMagnitudes(a, aStart, aEnd, b, bStart, bEnd)
  return aNegative ? 0 - longer : longer
}

const compareTimeMagnitudes: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  const days = part32(a, aStart + 1, aEnd) - part32(b, bStart + 1, bEnd)
  if (days !== 0) return days
  for (let i = 5; i < 8; i++) {
    const parts = part8(a, aStart + i, aEnd) - part8(b, bStart + i, bEnd)
    if (parts !== 0) return parts
  }
  return part32(a, aStart + 8, aEnd) - part32(b, bStart + 8, bEnd)
}

function part8(cell: Buffer, at: number, end: number): number {
  return at < end ? cell[at] : 0
}

function part16(cell: Buffer, at: number, end: number): number {
  return at + 2 <= end ? cell.readUInt16LE(at) : 0
}

function part32(cell: Buffer, at: number, end: number): number {
  return at + 4 <= end ? cell.readUInt32LE(at) : 0
}

/** `-838:59:59.000000`: two or three digits of hours. */
const compareTimeText: CellComparator = (a, aStart, aEnd, b, bStart, bEnd) => {
  const aNegative = a[aStart] === minus
  const bNegative = b[bStart] === minus
  if (aNegative !== bNegative) return aNegative ? -1 : 1
  const i = aStart + Number(aNegative)
  const j = bStart + Number(bNegative)
  const longer = hourDigits(a, i, aEnd) - hourDigits(b, j, bEnd) || compareBytes(a, i, aEnd, b, j, bEnd)
  return aNegative ? 0 - longer : longer
}

function hourDigits(text: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && text[at] !== colon) at++
  return at - start
}
