import { assert } from '../../base/assert.ts'
import type { Bindings, BoundRows } from '../../engine/bindings.ts'
import type { KeyspaceId } from '../../key/keyspace-id.ts'
import type { LookupRouting } from '../../plan/routing.ts'
import type { QueryTemplate } from '../../plan/text.ts'
import { literalValue } from '../../sql/literal-value.ts'
import type { ListSlot, LiteralSlot, RowsSlot, Scan, SlotItem } from '../../sql/scan.ts'
import type { SqlMode } from '../../sql/sql-mode.ts'
import { toUtf8 } from '../../values/to-utf8.ts'
import { isText, type Value } from '../../values/value.ts'

/** A statement's text (binary string) with what its bytes mean. */
export interface StatementText {
  readonly sql: string
  readonly scan: Scan
  readonly mode: SqlMode
  /** Character set of the client, in which the text is. */
  readonly charset: string
  readonly isMariadb: boolean
}

/** The literals of one statement text, read on demand by their place in it. */
export class StatementBindings implements Bindings {
  readonly #text: StatementText
  readonly #sessionText: (name: string) => string
  /** Set before the statement begins (compute-values.ts). */
  computed: ReadonlyMap<QueryTemplate, Value> | undefined
  /** The same (look-up.ts). */
  lookups: ReadonlyMap<LookupRouting, readonly KeyspaceId[]> | undefined

  constructor(text: StatementText, sessionText: (name: string) => string) {
    this.#text = text
    this.#sessionText = sessionText
  }

  get isMariadb(): boolean {
    return this.#text.isMariadb
  }

  get scan(): Scan {
    return this.#text.scan
  }

  slotValue(slot: number): Value {
    return this.#value(this.#text.scan.slots[slot] as LiteralSlot)
  }

  slotText(slot: number): string {
    const { sql, scan } = this.#text
    const { start, end } = scan.slots[slot]!
    return sql.slice(start, end)
  }

  /** The statement with other text in place of some of its literals. */
  textWith(texts: ReadonlyMap<number, string>): string {
    const { sql, scan } = this.#text
    let text = ''
    let at = 0
    for (const [i, { start, end }] of scan.slots.entries()) {
      const other = texts.get(i)
      if (other === undefined) continue
      text += sql.slice(at, start) + other
      at = end
    }
    return text + sql.slice(at)
  }

  /** The same literals, some with other text. */
  withSlotTexts(texts: ReadonlyMap<number, string>): Bindings {
    return {
      isMariadb: this.isMariadb,
      statementBytes: this.statementBytes,
      slotText: (slot) => texts.get(slot) ?? this.slotText(slot),
      slotValue: (slot) => this.slotValue(slot),
      listValues: (slot) => this.listValues(slot),
      rows: (slot) => this.rows(slot),
      paramValue: (param) => this.paramValue(param),
      paramText: (param) => this.paramText(param),
      sessionText: (name) => this.sessionText(name),
      computedValue: (text) => this.computedValue(text),
      lookedUp: (routing) => this.lookedUp(routing),
      textWith: (more) => this.textWith(new Map([...texts, ...more])),
      withSlotTexts: (more) => this.withSlotTexts(new Map([...texts, ...more])),
    }
  }

  listValues(slot: number): readonly Value[] {
    return (this.#text.scan.slots[slot] as ListSlot).items.map((item) => this.#value(item))
  }

  rows(slot: number): BoundRows {
    const { sql, scan } = this.#text
    const rows = scan.slots[slot] as RowsSlot
    assert(rows.kind === 'rows', 'the slot holds rows')
    const { width, items, rowSpans } = rows
    const item = (row: number, column: number) => items[row * width + column]!
    return {
      rowCount: rowSpans.length / 2,
      width,
      rowText: (row) => sql.slice(rowSpans[2 * row], rowSpans[2 * row + 1]),
      cellText: (row, column) => sql.slice(item(row, column).start, item(row, column).end),
      cellValue: (row, column) => this.#value(item(row, column)),
    }
  }

  paramValue(param: number): Value {
    throw new Error(`param ${param} of a statement that has none`)
  }

  paramText(param: number): string {
    throw new Error(`param ${param} of a statement that has none`)
  }

  get statementBytes(): number {
    return this.#text.sql.length
  }

  sessionText(name: string): string {
    return this.#sessionText(name)
  }

  computedValue(text: QueryTemplate): Value {
    return this.computed?.get(text) ?? untold
  }

  lookedUp(routing: LookupRouting): readonly KeyspaceId[] | undefined {
    return this.lookups?.get(routing)
  }

  #value(item: SlotItem): Value {
    const { sql, mode, charset } = this.#text
    return inUtf8(literalValue(sql, item, mode), charset)
  }
}

const untold: Value = { type: 'EXPRESSION', bytes: new Uint8Array(0) }

/** Text values as vindexes take them. */
export function inUtf8(value: Value, charset: string): Value {
  if (!isText(value.type)) return value
  const bytes = toUtf8(value.bytes, charset)
  return bytes === value.bytes ? value : { type: value.type, bytes }
}
