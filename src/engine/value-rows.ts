import { valueLiteral } from '../values/sql-literal.ts'
import type { Value } from '../values/value.ts'
import type { OuterRows } from './bindings.ts'

/** Rows of values, for a statement that is run beneath them. Text is UTF-8. */
export class ValueRows implements OuterRows {
  readonly #rows: readonly (readonly Value[])[]

  /** At least one. */
  constructor(rows: readonly (readonly Value[])[]) {
    this.#rows = rows
  }

  value(column: number): Value {
    return this.#rows[0]![column]!
  }

  values(column: number): readonly Value[] {
    return this.#rows.map((row) => row[column]!)
  }

  text(columns: readonly number[]): string {
    const rows = this.#rows.map((row) => columns.map((c) => valueLiteral(row[c]!, 'utf8mb4')).join(', '))
    return columns.length === 1 ? rows.join(', ') : rows.map((row) => `(${row})`).join(', ')
  }

  only(_column: number, numbers: readonly number[]): ValueRows {
    return new ValueRows(numbers.map((number) => this.#rows[number]!))
  }
}
