import {
  identEnd,
  isBlank,
  isDigit,
  isIdentChar,
  number,
  quotedEnd,
  radixStringEnd,
  readNumber,
} from './chars.ts'
import { introducedCharset } from './charsets.ts'
import type { SlotItemType } from './scan.ts'
import { ANSI_QUOTES, NO_BACKSLASH_ESCAPES, type SqlMode } from './sql-mode.ts'
import type { TextCursor } from './text-cursor.ts'
import { keywordAt } from './words.ts'

/** Finds where literals end; the cursor tells what lies between them and is left where it was. */
export class LiteralReader {
  readonly #cursor: TextCursor
  readonly #escapes: boolean
  readonly #ansiQuotes: boolean
  /** Type of the literal read last. */
  type: SlotItemType = 'Int'

  constructor(cursor: TextCursor, mode: SqlMode) {
    this.#cursor = cursor
    this.#escapes = (mode & NO_BACKSLASH_ESCAPES) === 0
    this.#ansiQuotes = (mode & ANSI_QUOTES) !== 0
  }

  isStringQuote(c: number): boolean {
    return c === 39 || (c === 34 && !this.#ansiQuotes)
  }

  /**
   * End of the string whose quote is at `start`, adjacent strings included (they are one literal); -1 when unclosed.
   * The cursor is left where it was.
   */
  stringEnd(start: number): number {
    const cursor = this.#cursor
    const { sql } = cursor
    let end = quotedEnd(sql, start, this.#escapes)
    while (end >= 0) {
      const c = sql.charCodeAt(end)
      // The usual case first: a comma or parenthesis, so nothing more.
      if (c === 44 || c === 41) break
      const { pos, mark, borders } = cursor
      cursor.pos = end
      cursor.skipBlanks()
      const next = cursor.pos
      cursor.pos = pos
      if (!this.isStringQuote(sql.charCodeAt(next))) {
        cursor.rewind(mark)
        cursor.borders = borders
        break
      }
      end = quotedEnd(sql, next, this.#escapes)
    }
    return end
  }

  /** End of the string whose quote is at `start`, and of no other; -1 when unclosed. */
  oneStringEnd(start: number): number {
    return quotedEnd(this.#cursor.sql, start, this.#escapes)
  }

  /** End of a literal at `start` that may be an item of a list, or -1. Sets `type`. */
  itemEnd(start: number): number {
    const { sql } = this.#cursor
    const c = sql.charCodeAt(start)
    if (c > 48 && c <= 57) return this.#plainIntEnd(start)
    if (c === 48 || c === 46) return this.#numberEnd(start)
    if (this.isStringQuote(c)) {
      this.type = 'String'
      return this.stringEnd(start)
    }
    if (c === 45 || c === 43) return this.#numberEnd(start + 1)
    return isIdentChar(c) ? this.#wordEnd(start) : -1
  }

  /** The usual number, nothing but digits, in one loop; anything else begins again in `#numberEnd`. */
  #plainIntEnd(start: number): number {
    const { sql } = this.#cursor
    let pos = start + 1
    let c = sql.charCodeAt(pos)
    while (c >= 48 && c <= 57) c = sql.charCodeAt(++pos)
    if (c !== 44 && c !== 41 && c !== 32) return this.#numberEnd(start)
    this.type = 'Int'
    return pos
  }

  #numberEnd(start: number): number {
    const { sql } = this.#cursor
    const c = sql.charCodeAt(start)
    if (!isDigit(c) && !(c === 46 && isDigit(sql.charCodeAt(start + 1)))) return -1
    readNumber(sql, start)
    if (number.form === 'Ident') return -1
    this.type = number.form
    return number.end
  }

  #wordEnd(start: number): number {
    const { sql } = this.#cursor
    if (sql.charCodeAt(start + 1) === 39) {
      const c = sql.charCodeAt(start) | 32
      if (c === 120 || c === 98) {
        this.type = c === 120 ? 'Hex' : 'Bit'
        return radixStringEnd(sql, start)
      }
      if (c === 110) {
        this.type = 'String'
        return this.stringEnd(start + 1)
      }
    }
    const end = identEnd(sql, start)
    if (introducedCharset(sql, start, end) !== '') return this.#introducedEnd(end)
    switch (keywordAt(sql, start, end)) {
      case 'NULL':
        this.type = 'Null'
        return end
      case 'TRUE':
        this.type = 'True'
        return end
      case 'FALSE':
        this.type = 'False'
        return end
      default:
        return -1
    }
  }

  #introducedEnd(introducerEnd: number): number {
    const { sql } = this.#cursor
    let pos = introducerEnd
    while (isBlank(sql.charCodeAt(pos))) pos++
    const c = sql.charCodeAt(pos)
    if (this.isStringQuote(c)) {
      this.type = 'String'
      return this.stringEnd(pos)
    }
    const end = this.itemEnd(pos)
    return this.type === 'Hex' || this.type === 'Bit' ? end : -1
  }
}
