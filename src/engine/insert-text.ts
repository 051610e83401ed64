import type { CopiedAs } from '../plan/primitives.ts'
import type { Row } from './row-stream.ts'

/** A statement of this size costs little beside its rows, and is far below any server's max_allowed_packet. */
const FULL_BYTES = 64 * 1024

/**
 * Text of INSERT … VALUES for rows of the text protocol, made in one buffer that is used again. It is read under utf8mb4, UTC
 * and a sql_mode without NO_BACKSLASH_ESCAPES.
 */
export class InsertText {
  readonly #head: string
  readonly #as: readonly CopiedAs[]
  #buffer = Buffer.allocUnsafe(2 * FULL_BYTES)
  /** Of the statement before, which may be on its way. */
  #other = Buffer.allocUnsafe(2 * FULL_BYTES)
  #end = 0
  rows = 0
  /** ENUM values that are no member: the server warns of each. */
  zeroMembers = 0

  constructor(head: string, as: readonly CopiedAs[]) {
    this.#head = head
    this.#as = as
  }

  get isFull(): boolean {
    return this.#end >= FULL_BYTES
  }

  /** `cells`: where the row's cells lie, as `RowLayout.locate` tells. */
  add(row: Row, cells: Int32Array): void {
    // Every byte may be escaped, and around each cell there is an introducer.
    this.#reserve(this.#head.length + 2 * row.length + 48 * this.#as.length + 8)
    this.#write(this.rows === 0 ? `${this.#head}(` : ',(')
    for (const [i, as] of this.#as.entries()) {
      if (i > 0) this.#write(',')
      const start = cells[2 * i]!
      if (start < 0) this.#write('NULL')
      else this.#cell(row, start, cells[2 * i + 1]!, as)
    }
    this.#write(')')
    this.rows++
  }

  /** The statement so far; the next one begins. It is there until that is taken, too. */
  take(): Buffer {
    const sql = this.#buffer.subarray(0, this.#end)
    const other = this.#other
    this.#other = this.#buffer
    this.#buffer = other
    this.#end = 0
    this.rows = 0
    this.zeroMembers = 0
    return sql
  }

  #cell(row: Row, start: number, end: number, as: CopiedAs): void {
    switch (as) {
      case 'member':
        if (end - start === 1 && row[start] === ZERO) this.zeroMembers++
        return this.#copy(row, start, end)
      case 'number':
        return this.#copy(row, start, end)
      case 'quoted':
        this.#write("'")
        this.#copy(row, start, end)
        return this.#write("'")
      case 'timestamp':
        return this.#write(`'${timestampText(row.latin1Slice(start, end))}'`)
      case 'bytes':
        this.#write("_binary'")
        this.#escaped(row, start, end)
        return this.#write("'")
      case 'json':
        this.#write("'")
        this.#escaped(row, start, end)
        return this.#write("'")
    }
  }

  #write(text: string): void {
    this.#end += this.#buffer.latin1Write(text, this.#end)
  }

  #copy(row: Row, start: number, end: number): void {
    this.#end += row.copy(this.#buffer, this.#end, start, end)
  }

  #escaped(row: Row, start: number, end: number): void {
    const buffer = this.#buffer
    let at = this.#end
    for (let i = start; i < end; i++) {
      const byte = row[i]!
      if (byte === QUOTE || byte === BACKSLASH) buffer[at++] = BACKSLASH
      buffer[at++] = byte
    }
    this.#end = at
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#end + bytes))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}

const QUOTE = 0x27
const BACKSLASH = 0x5c
const ZERO = 0x30

/** `1704067200.123456` → `2024-01-01 00:00:00.123456` (UTC); 0 is the zero date, for no TIMESTAMP is as early. */
export function timestampText(seconds: string): string {
  const [whole = '', fraction] = seconds.split('.')
  const isZero = Number(seconds) === 0
  const time = isZero
    ? '0000-00-00 00:00:00'
    : new Date(Number(whole) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return fraction === undefined ? time : `${time}.${fraction}`
}
