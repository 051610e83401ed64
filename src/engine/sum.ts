import { addDecimals, type Decimal } from '../values/decimal.ts'
import { arithmeticOf, readDouble, readExact, writeDouble, writeExact } from './number-cell.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'

/** Adds up one column; NULLs do not count. */
export interface Sum {
  reset(): void
  add(row: Row, cells: Int32Array): void
  /** Null: no value was added. */
  exact(): Decimal | null
  double(): number | null
  /** The sum as a cell of the output column. */
  cell(): Buffer | null
}

/** Throws ER_NOT_SUPPORTED_YET for a column that holds no numbers. */
export function createSum(
  columns: readonly StreamColumn[],
  format: RowFormat,
  source: number,
  output: StreamColumn = columns[source],
): Sum {
  const isExact = arithmeticOf(columns[source]) === 'exact'
  return isExact
    ? new ExactSum(columns[source], source, output, format)
    : new DoubleSum(columns[source], source, output, format)
}

class ExactSum implements Sum {
  readonly #column: StreamColumn
  readonly #source: number
  readonly #output: StreamColumn
  readonly #format: RowFormat
  #sum: Decimal | null = null

  constructor(column: StreamColumn, source: number, output: StreamColumn, format: RowFormat) {
    this.#column = column
    this.#source = source
    this.#output = output
    this.#format = format
  }

  reset(): void {
    this.#sum = null
  }

  add(row: Row, cells: Int32Array): void {
    const start = cells[2 * this.#source]
    if (start < 0) return
    const value = readExact(this.#column, this.#format, row, start, cells[2 * this.#source + 1])
    this.#sum = this.#sum === null ? value : addDecimals(this.#sum, value)
  }

  exact(): Decimal | null {
    return this.#sum
  }

  double(): number | null {
    return this.#sum === null ? null : Number(this.#sum.unscaled) / 10 ** this.#sum.scale
  }

  cell(): Buffer | null {
    return this.#sum === null ? null : writeExact(this.#output, this.#format, this.#sum)
  }
}

class DoubleSum implements Sum {
  readonly #column: StreamColumn
  readonly #source: number
  readonly #output: StreamColumn
  readonly #format: RowFormat
  #sum: number | null = null

  constructor(column: StreamColumn, source: number, output: StreamColumn, format: RowFormat) {
    this.#column = column
    this.#source = source
    this.#output = output
    this.#format = format
  }

  reset(): void {
    this.#sum = null
  }

  add(row: Row, cells: Int32Array): void {
    const start = cells[2 * this.#source]
    if (start < 0) return
    const value = readDouble(this.#column, this.#format, row, start, cells[2 * this.#source + 1])
    this.#sum = this.#sum === null ? value : this.#sum + value
  }

  exact(): null {
    return null
  }

  double(): number | null {
    return this.#sum
  }

  cell(): Buffer | null {
    return this.#sum === null ? null : writeDouble(this.#output, this.#format, this.#sum)
  }
}

/** The count of values that are not NULL, in the shape of a sum of counts. */
export class NotNullCount implements Pick<Sum, 'reset' | 'add' | 'exact'> {
  readonly #source: number
  #count = 0n

  constructor(source: number) {
    this.#source = source
  }

  reset(): void {
    this.#count = 0n
  }

  add(_row: Row, cells: Int32Array): void {
    if (cells[2 * this.#source] >= 0) this.#count++
  }

  exact(): Decimal {
    return { unscaled: this.#count, scale: 0 }
  }
}
