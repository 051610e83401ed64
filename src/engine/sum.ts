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
  const place = { column: columns[source], source, output, format }
  return arithmeticOf(columns[source]) === 'exact'
    ? new ColumnSum(place, exactNumbers)
    : new ColumnSum(place, doubleNumbers)
}

/** Where the values stand and where their sum goes. */
interface Place {
  readonly column: StreamColumn
  readonly source: number
  readonly output: StreamColumn
  readonly format: RowFormat
}

/** A kind of numbers: how they are read, added and written. */
interface Numbers<T> {
  readonly read: (column: StreamColumn, format: RowFormat, row: Row, start: number, end: number) => T
  readonly add: (a: T, b: T) => T
  readonly write: (column: StreamColumn, format: RowFormat, value: T) => Buffer
  /** Null where a double would have to be taken as exact. */
  readonly exact: (value: T) => Decimal | null
  readonly double: (value: T) => number
}

const exactNumbers: Numbers<Decimal> = {
  read: readExact,
  add: addDecimals,
  write: writeExact,
  exact: (value) => value,
  double: (value) => Number(value.unscaled) / 10 ** value.scale,
}

const doubleNumbers: Numbers<number> = {
  read: readDouble,
  add: (a, b) => a + b,
  write: writeDouble,
  exact: () => null,
  double: (value) => value,
}

class ColumnSum<T> implements Sum {
  readonly #place: Place
  readonly #numbers: Numbers<T>
  #sum: T | null = null

  constructor(place: Place, numbers: Numbers<T>) {
    this.#place = place
    this.#numbers = numbers
  }

  reset(): void {
    this.#sum = null
  }

  add(row: Row, cells: Int32Array): void {
    const { column, source, format } = this.#place
    const start = cells[2 * source]
    if (start < 0) return
    const value = this.#numbers.read(column, format, row, start, cells[2 * source + 1])
    this.#sum = this.#sum === null ? value : this.#numbers.add(this.#sum, value)
  }

  exact(): Decimal | null {
    return this.#sum === null ? null : this.#numbers.exact(this.#sum)
  }

  double(): number | null {
    return this.#sum === null ? null : this.#numbers.double(this.#sum)
  }

  cell(): Buffer | null {
    const { output, format } = this.#place
    return this.#sum === null ? null : this.#numbers.write(output, format, this.#sum)
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
