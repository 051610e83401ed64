import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { InsertedRow, SplitInsert } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import type { TextBinder } from './bind.ts'
import type { Bindings, BoundRows } from './bindings.ts'
import { bindValue } from './plan-value.ts'

/** A number that takes the place of the cell at `offset`, or follows the last one. */
export interface GeneratedCell {
  readonly offset: number
  readonly text: string
}

/** The rows of an INSERT, wherever their text is kept. */
export interface InsertSource {
  readonly rowCount: number
  /** Rows of the statement ahead of these; absent: none. */
  readonly rowsBefore?: number
  /** The cell is the keyword DEFAULT. */
  isDefault(row: number, offset: number): boolean
  /** Undefined: only MySQL can evaluate the cell, or it is DEFAULT. */
  value(row: number, offset: number): Value | undefined
  /** As `value`, for a cell that places the row. Throws ER_NOT_SUPPORTED_YET where it is not known. */
  vindexValue(row: number, offset: number, column: string): Value
  /** Whether any server of the keyspace stores the same of the cell, an expression, before the statement runs. */
  isConstant(row: number, offset: number): boolean | 'but for dates'
  /** The value is what the column holds of the cell, as a server has told it. */
  isHeld?(row: number, offset: number): boolean
  appendCell(text: TextBinder, row: number, offset: number): void
  /** Writes the row with its parentheses. */
  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void
}

/** Throws ER_WRONG_VALUE_COUNT_ON_ROW for the first row that has not as many cells as there are columns. */
export function rowsOf(plan: PlannedRows, bindings: Bindings): InsertSource {
  const wrong = wrongRow(plan, bindings)
  if (wrong >= 0) throw wrongWidth(wrong)
  const { rows } = plan
  return rows.kind === 'Slot'
    ? new LiteralRows(bindings.rows(rows.slot))
    : new TemplateRows(rows.rows, bindings)
}

type PlannedRows = Pick<SplitInsert, 'rows' | 'columnCount'>

/** Position of the first row that has not as many cells as there are columns; -1: there is none. */
export function wrongRow({ rows, columnCount }: PlannedRows, bindings: Bindings): number {
  if (rows.kind === 'Slot') return bindings.rows(rows.slot).width === columnCount ? -1 : 0
  return rows.rows.findIndex((row) => row.cells.length !== columnCount)
}

function wrongWidth(row: number): SqlError {
  const text = `Column count doesn't match value count at row ${row + 1}`
  return new SqlError('ER_WRONG_VALUE_COUNT_ON_ROW', text)
}

/** A row of `width` cells with its parentheses, a generated one among or behind them. */
export function rowText(
  width: number,
  cellText: (column: number) => string,
  generated: GeneratedCell | undefined,
): string {
  const cells = Array.from({ length: width }, (_, c) =>
    c === generated?.offset ? generated.text : cellText(c),
  )
  if (generated !== undefined && generated.offset >= width) cells.push(generated.text)
  return `(${cells.join(', ')})`
}

class LiteralRows implements InsertSource {
  readonly rowCount: number
  readonly #rows: BoundRows

  constructor(rows: BoundRows) {
    this.#rows = rows
    this.rowCount = rows.rowCount
  }

  isDefault(): boolean {
    return false
  }

  isConstant(): boolean {
    return true
  }

  value(row: number, offset: number): Value {
    return this.#rows.cellValue(row, offset)
  }

  vindexValue(row: number, offset: number): Value {
    return this.#rows.cellValue(row, offset)
  }

  appendCell(text: TextBinder, row: number, offset: number): void {
    text.appendPiece(this.#rows.cellText(row, offset))
  }

  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void {
    if (generated === undefined) {
      text.appendPiece(this.#rows.rowText(row))
      return
    }
    text.appendPiece(rowText(this.#rows.width, (c) => this.#rows.cellText(row, c), generated))
  }
}

class TemplateRows implements InsertSource {
  readonly rowCount: number
  readonly #rows: readonly InsertedRow[]
  readonly #bindings: Bindings

  constructor(rows: readonly InsertedRow[], bindings: Bindings) {
    this.#rows = rows
    this.#bindings = bindings
    this.rowCount = rows.length
  }

  isDefault(row: number, offset: number): boolean {
    return this.#rows[row].cells[offset].isDefault
  }

  isConstant(row: number, offset: number): boolean | 'but for dates' {
    return this.#rows[row].cells[offset].isConstant ?? false
  }

  value(row: number, offset: number): Value | undefined {
    const planned = this.#rows[row].cells[offset].value
    return planned === undefined ? undefined : bindValue(planned, this.#bindings)
  }

  vindexValue(row: number, offset: number, column: string): Value {
    const value = this.value(row, offset)
    if (value !== undefined) return value
    const what = this.isDefault(row, offset) ? 'DEFAULT' : 'an expression'
    throw notSupported(`${what} for vindex column '${column}'`)
  }

  appendCell(text: TextBinder, row: number, offset: number): void {
    text.append(this.#rows[row].cells[offset].text)
  }

  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void {
    const { cells } = this.#rows[row]
    const isAppended = generated !== undefined && generated.offset >= cells.length
    const width = cells.length + Number(isAppended)
    text.appendPiece('(')
    for (let c = 0; c < width; c++) {
      if (c > 0) text.appendPiece(', ')
      if (generated !== undefined && c === Math.min(generated.offset, width - 1))
        text.appendPiece(generated.text)
      else text.append(cells[c].text)
    }
    text.appendPiece(')')
  }
}
