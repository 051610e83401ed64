import type { LiteralReader } from './literal-reader.ts'
import type { ListSlot, RowsSlot, SlotItem } from './scan.ts'
import type { TextCursor } from './text-cursor.ts'

const COMMA = 44
const OPEN = 40
const CLOSE = 41

/**
 * Reads lists and rows of nothing but literals, in which no versioned comment begins or ends: a part of such a text may
 * be none. A slot's `end` tells how far. The cursor's place is lost.
 */
export class ListReader {
  readonly #cursor: TextCursor
  readonly #literals: LiteralReader

  constructor(cursor: TextCursor, literals: LiteralReader) {
    this.#cursor = cursor
    this.#literals = literals
  }

  /** What the `(` at `pos` opens: `(1, 2)`, or tuples `((1, 2), (3, 4))`; undefined when it holds anything else. */
  list(pos: number): ListSlot | RowsSlot | undefined {
    const cursor = this.#cursor
    const { borders } = cursor
    cursor.pos = pos + 1
    cursor.skipBlanks()
    if (cursor.sql.charCodeAt(cursor.pos) === OPEN) return this.#tuples()
    const items: SlotItem[] = []
    const isList = this.#items(items) && cursor.borders === borders
    return isList ? { kind: 'list', start: pos + 1, end: cursor.pos, items } : undefined
  }

  #tuples(): RowsSlot | undefined {
    const cursor = this.#cursor
    const slot = this.rows(cursor.pos)
    cursor.skipBlanks()
    return slot !== undefined && slot.width > 1 && cursor.sql.charCodeAt(cursor.pos) === CLOSE
      ? slot
      : undefined
  }

  /** Rows of one width, separated by commas, the first of which opens at `pos`; undefined when there is anything else. */
  rows(pos: number): RowsSlot | undefined {
    const cursor = this.#cursor
    const { sql, borders } = cursor
    const items: SlotItem[] = []
    const rowSpans: number[] = []
    let width = 0
    cursor.pos = pos
    for (;;) {
      const start = cursor.pos
      if (sql.charCodeAt(start) !== OPEN) return undefined
      cursor.pos++
      const before = items.length
      if (!this.#items(items) || cursor.borders !== borders) return undefined
      const count = items.length - before
      if (width === 0) width = count
      else if (count !== width) return undefined
      cursor.pos++
      rowSpans.push(start, cursor.pos)
      const { pos: end, mark } = cursor
      cursor.skipBlanks()
      if (sql.charCodeAt(cursor.pos) !== COMMA) {
        cursor.pos = end
        cursor.rewind(mark)
        return { kind: 'rows', start: pos, end, width, items, rowSpans }
      }
      cursor.pos++
      cursor.skipBlanks()
    }
  }

  /** With the cursor behind `(`: reads literals up to `)` and leaves the cursor at it. False for anything else, or nothing. */
  #items(items: SlotItem[]): boolean {
    const cursor = this.#cursor
    const literals = this.#literals
    const { sql } = cursor
    let { pos } = cursor
    for (;;) {
      pos = this.#behindBlanks(pos)
      const end = literals.itemEnd(pos)
      if (end < 0) return false
      items.push({ type: literals.type, start: pos, end })
      pos = this.#behindBlanks(end)
      const c = sql.charCodeAt(pos)
      if (c !== COMMA) {
        cursor.pos = pos
        return c === CLOSE
      }
      pos++
    }
  }

  /** As skipBlanks, and fast for no blank or a single one. */
  #behindBlanks(pos: number): number {
    const cursor = this.#cursor
    const { sql } = cursor
    if (!mayBeBlank(sql.charCodeAt(pos))) return pos
    if (sql.charCodeAt(pos) === 32 && !mayBeBlank(sql.charCodeAt(pos + 1))) return pos + 1
    cursor.pos = pos
    cursor.skipBlanks()
    return cursor.pos
  }
}

/** False for what surely begins no blank and no comment: spares a call for each item of a long list. */
function mayBeBlank(c: number): boolean {
  return c < 44 && c !== 39 ? c !== CLOSE : c === 45 || c === 47
}
