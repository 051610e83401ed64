import type { Decimal } from '../values/decimal.ts'
import { ExactSum, type Place } from './exact-sum.ts'
import { arithmeticOf, readDouble, writeDouble } from './number-cell.ts'
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
  const place = { column: columns[source], source, output, format }
  return arithmeticOf(columns[source]) === 'exact' ? new ExactSum(place) : new DoubleSum(place)
}

/** In doubles, one by one in the order of the rows. */
class DoubleSum implements Sum {
  readonly #place: Place
  #sum: number | null = null

  constructor(place: Place) {
    this.#place = place
  }

  reset(): void {
    this.#sum = null
  }

  add(row: Row, cells: Int32Array): void {
    const { column, source, format } = this.#place
    const start = cells[2 * source]
    if (start < 0) return
    const value = readDouble(column, format, row, start, cells[2 * source + 1])
    this.#sum = this.#sum === null ? value : this.#sum + value
  }

  exact(): Decimal | null {
    return null
  }

  double(): number | null {
    return this.#sum
  }

  cell(): Buffer | null {
    const { output, format } = this.#place
    return this.#sum === null ? null : writeDouble(output, format, this.#sum)
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
