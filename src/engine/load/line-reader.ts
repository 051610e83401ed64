import type { LineFormat } from './line-format.ts'

/** A line of the file with what ends it, and where its fields lie in it. */
export interface Line {
  readonly bytes: Buffer
  /** Where the first field begins, behind what lines start with. */
  readonly fieldsAt: number
  /** Of each field, where it begins and ends with its quotes: as many as the line has, at most those that are wanted. */
  readonly fields: readonly number[]
}

/** The end of what is there has come before the end of a field or line. */
const CUT = -1

/**
 * Cuts a file into lines as the servers do, byte for byte: what they read of a line by itself is what they would have read
 * of it in the file. Character sets must be such that bytes below 0x80 are never part of a longer character.
 * Source: MySQL 9.7 manual, "LOAD DATA Statement"; `READ_INFO::read_field()` and `next_line()` in sql_load.cc.
 *
 * Memory: what has come of a line whose end has not, which is read anew whenever as much again has come.
 */
export class LineReader {
  readonly #format: LineFormat
  readonly #fieldCount: number
  /** Bytes that a field goes on through without a look at them. */
  readonly #isPlain: Uint8Array
  #buf: Buffer = Buffer.alloc(0)
  #at = 0
  #isLast = false
  /** Lines to be passed over. */
  #skipped: number
  /** Bytes that must be there before it is worth while to read on. */
  #needed = 0
  /** Where the field or line that has been read ends, without and with its end. */
  #end = 0
  #next = 0

  /** `fieldCount`: fields that a line should have, at least one. */
  constructor(format: LineFormat, fieldCount: number, skippedLines: number) {
    this.#format = format
    this.#fieldCount = fieldCount
    this.#skipped = skippedLines
    this.#isPlain = new Uint8Array(256).fill(1)
    for (const byte of [format.escaped, format.enclosed, format.fieldEnd[0], format.lineEnd[0]])
      if (byte !== undefined && byte >= 0) this.#isPlain[byte] = 0
  }

  /** Bytes of a line whose end has not come. */
  get heldBytes(): number {
    return this.#buf.length - this.#at
  }

  /** More of the file, which is the reader's from now on. */
  push(chunk: Buffer): void {
    const rest = this.#buf.subarray(this.#at)
    this.#buf = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    this.#at = 0
  }

  /** Nothing more comes: what is left is a line, too. */
  finish(): void {
    this.#isLast = true
  }

  /** The next line that is there whole. */
  next(): Line | undefined {
    if (this.heldBytes < this.#needed && !this.#isLast) return undefined
    while (this.#skipped > 0) if (!this.#skip()) return this.#cut()
    if (this.heldBytes === 0) return undefined
    const line = this.#line()
    if (line === undefined) return this.#cut()
    this.#needed = 0
    return line
  }

  #cut(): undefined {
    this.#needed = 2 * this.heldBytes
    return undefined
  }

  /** IGNORE n LINES looks for the ends of lines alone. */
  #skip(): boolean {
    const { lineEnd } = this.#format
    const end = lineEnd.length === 0 ? this.#line()?.bytes.length : this.#lineEnd(this.#at)
    if (end === undefined || end === CUT) return false
    this.#at = lineEnd.length === 0 ? this.#at : end
    this.#skipped--
    return this.heldBytes > 0 || !this.#isLast || this.#skipped === 0
  }

  #line(): Line | undefined {
    const { lineStart } = this.#format
    const start = this.#at
    const found = lineStart.length === 0 ? start : this.#buf.indexOf(lineStart, start)
    if (found < 0 || found + lineStart.length === this.#buf.length) {
      // Behind the last line that starts as it should there may be anything.
      if (this.#isLast && lineStart.length > 0) this.#at = this.#buf.length
      return undefined
    }
    const fieldsAt = found + lineStart.length
    const fields: number[] = []
    const end = this.#fields(fieldsAt, fields)
    if (end === CUT) return undefined
    this.#at = end
    const bytes = this.#buf.subarray(start, end)
    return { bytes, fieldsAt: fieldsAt - start, fields: fields.map((at) => at - start) }
  }

  /** Reads the fields from `at` on; where the next line begins. */
  #fields(at: number, fields: number[]): number {
    let from = at
    for (let count = 1; ; count++) {
      if (from === this.#buf.length) return this.#isLast ? from : CUT
      const ended = this.#field(from)
      if (ended === 'cut') return CUT
      fields.push(from, this.#end)
      if (ended === 'line') return this.#next
      from = this.#next
      if (count === this.#fieldCount) return this.#lineEnd(from)
    }
  }

  /** What the field that begins at `at` ends with: `#end` and `#next` tell where. */
  #field(at: number): 'field' | 'line' | 'cut' {
    const { escaped, enclosed, fieldEnd, lineEnd } = this.#format
    const buf = this.#buf
    const isEnclosed = buf[at] === enclosed
    let pos = isEnclosed ? at + 1 : at
    for (;;) {
      while (pos < buf.length && this.#isPlain[buf[pos]!] === 1) pos++
      if (pos === buf.length) return this.#endOfFile(pos)
      const byte = buf[pos]!
      if (byte === escaped) {
        if (pos + 1 === buf.length) return this.#endOfFile(pos + 1)
        if (escaped !== enclosed || buf[pos + 1] === escaped) {
          pos += 2
          continue
        }
      }
      if (isEnclosed && byte === enclosed) {
        if (pos + 1 === buf.length) return this.#endOfFile(pos + 1)
        if (buf[pos + 1] === enclosed) {
          pos += 2
          continue
        }
        const ended = this.#ends(pos + 1)
        if (ended !== undefined) return ended
      } else if (!isEnclosed && (byte === lineEnd[0] || byte === fieldEnd[0])) {
        const ended = this.#ends(pos)
        if (ended !== undefined) return ended
      }
      pos++
    }
  }

  #endOfFile(pos: number): 'line' | 'cut' {
    if (!this.#isLast) return 'cut'
    this.#end = pos
    this.#next = pos
    return 'line'
  }

  /** Whether the field ends before `pos`. */
  #ends(pos: number): 'field' | 'line' | 'cut' | undefined {
    const { fieldEnd, lineEnd } = this.#format
    const line = this.#has(lineEnd, pos)
    const field = line === true ? false : this.#has(fieldEnd, pos)
    if (line === 'cut' || field === 'cut') return 'cut'
    if (!line && !field) return undefined
    this.#end = pos
    this.#next = pos + (line ? lineEnd.length : fieldEnd.length)
    return line ? 'line' : 'field'
  }

  #has(term: Buffer, pos: number): boolean | 'cut' {
    const buf = this.#buf
    for (let i = 0; i < term.length; i++) {
      if (pos + i === buf.length) return this.#isLast ? false : 'cut'
      if (buf[pos + i] !== term[i]) return false
    }
    return term.length > 0
  }

  /** Behind all fields that are wanted: where the next line begins. Quotes count for nothing here. */
  #lineEnd(at: number): number {
    const { escaped, lineEnd } = this.#format
    if (lineEnd.length === 0) return at
    const buf = this.#buf
    for (let pos = at; pos < buf.length; pos++) {
      if (buf[pos] === escaped) pos++
      else if (buf[pos] === lineEnd[0]) {
        const has = this.#has(lineEnd, pos)
        if (has === 'cut') return CUT
        if (has) return pos + lineEnd.length
      }
    }
    return this.#isLast ? buf.length : CUT
  }
}
