import { SqlError } from '../errors/sql-error.ts'
import { binaryWidth, type ColumnType } from '../values/types.ts'
import type { Row, RowFormat } from './row-stream.ts'

/**
 * Where the cells of a row payload lie, in both row formats.
 *
 * Text row: one lenenc string a column, 0xfb for NULL. Binary row: 0x00, a NULL bitmap of `(columns + 9) >> 3` bytes in
 * which column c is bit c + 2, then the values of the columns that are not NULL: fixed widths for numbers, a length
 * byte and parts for temporal types, lenenc strings for the rest.
 * Source: MySQL client/server protocol, "Protocol::ResultsetRow", "Binary Protocol Resultset Row".
 */
export class RowLayout {
  readonly format: RowFormat
  readonly columns: readonly ColumnType[]
  /** Bytes of each column's value in a binary row; 0: a length stands before it. Empty for text rows. */
  readonly #widths: readonly number[]

  constructor(format: RowFormat, columns: readonly ColumnType[]) {
    this.format = format
    this.columns = columns
    this.#widths = format === 'binary' ? columns.map((column) => binaryWidth(column.type) ?? 0) : []
  }

  /**
   * Locates the first `count` cells: cell c is `[cells[2c], cells[2c + 1])` without its length prefix, start -1 for
   * NULL. Answers the offset just behind them. Throws ER_MALFORMED_PACKET when the row ends before. A row that is a part of
   * a buffer lies there from `start` to `end`; offsets are those of the buffer.
   */
  locate(row: Row, count: number, cells: Int32Array, start = 0, end = row.length): number {
    const at =
      this.format === 'text'
        ? locateText(row, start, end, count, cells)
        : this.#locateBinary(row, start, end, count, cells)
    if (at > end) throw malformedRow()
    return at
  }

  /** Whether a length stands before the cell's bytes. */
  hasLength(column: number): boolean {
    return this.format === 'text' || this.#widths[column] === 0
  }

  #locateBinary(row: Row, start: number, end: number, count: number, cells: Int32Array): number {
    const widths = this.#widths
    let at = start + 1 + bitmapBytes(widths.length)
    for (let c = 0; c < count; c++) {
      if (isNullBit(row, c, start)) {
        cells[2 * c] = -1
        cells[2 * c + 1] = -1
        continue
      }
      const width = widths[c]
      if (width === 0) {
        at = locateLenenc(row, at, end, cells, c)
      } else {
        cells[2 * c] = at
        at += width
        cells[2 * c + 1] = at
      }
    }
    return at
  }
}

/** Keeps the first `keep` cells of rows of one layout. */
export class RowCutter {
  readonly #layout: RowLayout
  readonly #keep: number
  readonly #cells: Int32Array

  constructor(layout: RowLayout, keep: number) {
    this.#layout = layout
    this.#keep = keep
    this.#cells = new Int32Array(2 * keep)
  }

  /** A view of the row where the bytes allow, a copy where a binary row's NULL bitmap must shrink. */
  cut(row: Row): Row {
    const end = this.#layout.locate(row, this.#keep, this.#cells)
    return this.#layout.format === 'text' ? row.subarray(0, end) : this.#cutBinary(row, end)
  }

  #cutBinary(row: Row, end: number): Row {
    const columns = this.#layout.columns.length
    const before = bitmapBytes(columns)
    const after = bitmapBytes(this.#keep)
    if (before === after && !someNull(row, this.#keep, columns)) return row.subarray(0, end)
    const out = Buffer.allocUnsafe(end - before + after)
    row.copy(out, 0, 0, 1 + after)
    clearBitsFrom(out, this.#keep, after)
    row.copy(out, 1 + after, 1 + before, end)
    return out
  }
}

/** A new cell: its bytes without length prefix, null for NULL; undefined leaves the cell as it is. */
export type NewCell = Uint8Array | null | undefined

/**
 * Writes rows with some cells replaced. The other cells are copied from a row whose cells were located; without a row
 * they are NULL.
 */
export function rebuildRow(
  layout: RowLayout,
  row: Row | undefined,
  cells: Int32Array,
  changes: readonly NewCell[],
): Row {
  const isText = layout.format === 'text'
  const columns = layout.columns.length
  const head = isText ? 0 : 1 + bitmapBytes(columns)
  let bytes = head
  for (let c = 0; c < columns; c++) {
    const length = cellBytes(row, cells, changes[c], c)
    bytes += length < 0 ? (isText ? 1 : 0) : length + (layout.hasLength(c) ? lenencBytes(length) : 0)
  }
  const out = Buffer.allocUnsafe(bytes)
  out.fill(0, 0, head)
  let at = head
  for (let c = 0; c < columns; c++) {
    const change = changes[c]
    const length = cellBytes(row, cells, change, c)
    if (length >= 0) {
      if (layout.hasLength(c)) at = writeLenenc(out, at, length)
      if (change) out.set(change, at)
      else row?.copy(out, at, cells[2 * c], cells[2 * c + 1])
      at += length
    } else if (isText) {
      out[at++] = textNull
    } else {
      out[1 + ((c + 2) >> 3)] |= 1 << ((c + 2) & 7)
    }
  }
  return out
}

const textNull = 0xfb

/** Of the new cell, without its length prefix; negative for NULL. */
function cellBytes(row: Row | undefined, cells: Int32Array, change: NewCell, column: number): number {
  if (change !== undefined) return change === null ? -1 : change.length
  const start = cells[2 * column]
  return row === undefined || start < 0 ? -1 : cells[2 * column + 1] - start
}

function locateText(row: Row, start: number, end: number, count: number, cells: Int32Array): number {
  let at = start
  for (let c = 0; c < count; c++) {
    if (at < end && row[at] === textNull) {
      cells[2 * c] = -1
      cells[2 * c + 1] = -1
      at++
    } else {
      at = locateLenenc(row, at, end, cells, c)
    }
  }
  return at
}

/** Answers the offset behind the cell, which lies in the row: whatever a shard sends, no offset leaves it. */
function locateLenenc(row: Row, at: number, rowEnd: number, cells: Int32Array, column: number): number {
  if (at >= rowEnd) throw malformedRow()
  const first = row[at]
  let start = at + 1
  let length = first
  if (first >= 0xfb) {
    const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : first === 0xfe ? 8 : 0
    start += bytes
    if (bytes === 0 || start > rowEnd) throw malformedRow()
    length = bytes < 8 ? row.readUIntLE(at + 1, bytes) : Number(row.readBigUInt64LE(at + 1))
  }
  const end = start + length
  if (end > rowEnd) throw malformedRow()
  cells[2 * column] = start
  cells[2 * column + 1] = end
  return end
}

function lenencBytes(length: number): number {
  if (length < 0xfb) return 1
  return length <= 0xffff ? 3 : length <= 0xff_ffff ? 4 : 9
}

/** Answers the offset behind it. */
function writeLenenc(out: Buffer, at: number, length: number): number {
  const bytes = lenencBytes(length)
  if (bytes === 1) {
    out[at] = length
  } else if (bytes === 9) {
    out[at] = 0xfe
    out.writeBigUInt64LE(BigInt(length), at + 1)
  } else {
    out[at] = bytes === 3 ? 0xfc : 0xfd
    out.writeUIntLE(length, at + 1, bytes - 1)
  }
  return at + bytes
}

export function bitmapBytes(columns: number): number {
  return (columns + 9) >> 3
}

/** The row begins at `start` of its buffer. */
export function isNullBit(row: Row, column: number, start = 0): boolean {
  return (row[start + 1 + ((column + 2) >> 3)] & (1 << ((column + 2) & 7))) !== 0
}

function someNull(row: Row, from: number, to: number): boolean {
  for (let c = from; c < to; c++) if (isNullBit(row, c)) return true
  return false
}

function clearBitsFrom(row: Row, column: number, bitmapLength: number): void {
  for (let bit = column + 2; bit < 8 * bitmapLength; bit++) row[1 + (bit >> 3)] &= ~(1 << (bit & 7))
}

function malformedRow(): SqlError {
  return new SqlError(
    'ER_MALFORMED_PACKET',
    'Malformed communication packet: a row ends before its last column',
  )
}
