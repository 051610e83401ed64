import { assert } from '../base/assert.ts'
import type { Bindings, BoundRows } from '../engine/bindings.ts'
import { literalValue } from '../sql/literal-value.ts'
import type { ListSlot, LiteralSlot, RowsSlot, Scan, SlotItem } from '../sql/scan.ts'
import type { SqlMode } from '../sql/sql-mode.ts'
import { nullValue, type Value } from '../values/value.ts'

/** The literals of one statement text, read on demand by their place in it. */
export class StatementBindings implements Bindings {
  sql: string
  scan: Scan
  mode: SqlMode
  params: readonly Value[]
  readonly #sessionText: (name: string) => string

  constructor(
    text: {
      readonly sql: string
      readonly scan: Scan
      readonly mode: SqlMode
      readonly params?: readonly Value[]
    },
    sessionText: (name: string) => string,
  ) {
    this.sql = text.sql
    this.scan = text.scan
    this.mode = text.mode
    this.params = text.params ?? []
    this.#sessionText = sessionText
  }

  slotValue(slot: number): Value {
    return this.#value(this.scan.slots[slot] as LiteralSlot)
  }

  slotText(slot: number): string {
    const { start, end } = this.scan.slots[slot]!
    return this.sql.slice(start, end)
  }

  listValues(slot: number): readonly Value[] {
    return (this.scan.slots[slot] as ListSlot).items.map((item) => this.#value(item))
  }

  rows(slot: number): BoundRows {
    const rows = this.scan.slots[slot] as RowsSlot
    assert(rows.kind === 'rows', 'the slot holds rows')
    const { width, items, rowSpans } = rows
    const item = (row: number, column: number) => items[row * width + column]!
    return {
      rowCount: rowSpans.length / 2,
      width,
      rowText: (row) => this.sql.slice(rowSpans[2 * row], rowSpans[2 * row + 1]),
      cellText: (row, column) => this.sql.slice(item(row, column).start, item(row, column).end),
      cellValue: (row, column) => this.#value(item(row, column)),
    }
  }

  paramValue(param: number): Value {
    return this.params[param] ?? nullValue
  }

  sessionText(name: string): string {
    return this.#sessionText(name)
  }

  #value(item: SlotItem): Value {
    return literalValue(this.sql, item, this.mode)
  }
}
