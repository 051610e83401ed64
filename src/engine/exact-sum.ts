import { addDecimals, type Decimal, formatDigits } from '../values/decimal.ts'
import { classOf, fieldTypes } from '../values/types.ts'
import { readExact, writeExact } from './number-cell.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import type { Sum } from './sum.ts'

/** Where the values of a sum stand, and where it goes. */
export interface Place {
  readonly column: StreamColumn
  readonly source: number
  readonly output: StreamColumn
  readonly format: RowFormat
}

/** Any number of so many digits, and any of them more, is an integer that a double holds. */
const smallDigitsMax = 15

/**
 * A sum of integers or decimals without rounding. Numbers that are written in a few digits are read and added as they lie in
 * the row, as multiples of a power of ten that doubles hold exactly; all others, and what grows beyond, as bigints. Groups of
 * two shards cost a sixth less than with bigints alone.
 */
export class ExactSum implements Sum {
  readonly #place: Place
  readonly #isWritten: boolean
  #isEmpty = true
  /** Together with `#scale`, as in `Decimal`; only as long as there is no `#large`. */
  #unscaled = 0
  #scale = 0
  #large: Decimal | undefined

  constructor(place: Place) {
    this.#place = place
    this.#isWritten = place.format === 'text' || classOf(place.column) === 'decimal'
  }

  reset(): void {
    this.#isEmpty = true
    this.#large = undefined
  }

  add(row: Row, cells: Int32Array): void {
    const { source } = this.#place
    const start = cells[2 * source]
    if (start < 0) return
    const end = cells[2 * source + 1]
    if (!this.#isWritten || !this.#addSmall(row, start, end)) this.#addLarge(row, start, end)
    this.#isEmpty = false
  }

  exact(): Decimal | null {
    if (this.#isEmpty) return null
    return this.#large ?? { unscaled: BigInt(this.#unscaled), scale: this.#scale }
  }

  double(): number | null {
    const exact = this.exact()
    return exact === null ? null : Number(exact.unscaled) / 10 ** exact.scale
  }

  cell(): Buffer | null {
    if (this.#isEmpty) return null
    const { output, format } = this.#place
    return this.#smallCell() ?? writeExact(output, format, this.exact()!)
  }

  /** False, with nothing added, for what is not a few digits with a point, or not of the digits behind it that the others have. */
  #addSmall(row: Row, start: number, end: number): boolean {
    const isNegative = row[start] === minus
    const from = isNegative ? start + 1 : start
    let point = end
    let value = 0
    for (let at = from; at < end; at++) {
      const digit = row[at] - zero
      if (digit >= 0 && digit <= 9) value = 10 * value + digit
      else if (row[at] === dot && point === end) point = at
      else return false
    }
    const scale = point === end ? 0 : end - point - 1
    const digits = end - from - (point === end ? 0 : 1)
    if (digits === 0 || digits > smallDigitsMax || this.#large !== undefined) return false
    if (!this.#isEmpty && scale !== this.#scale) return false
    const before = this.#isEmpty ? 0 : this.#unscaled
    const sum = isNegative ? before - value : before + value
    if (!Number.isSafeInteger(sum)) return false
    this.#unscaled = sum
    this.#scale = scale
    return true
  }

  #addLarge(row: Row, start: number, end: number): void {
    const { column, format } = this.#place
    const value = readExact(column, format, row, start, end)
    const sum = this.exact()
    this.#large = sum === null ? value : addDecimals(sum, value)
  }

  /** Undefined where the general way must look at it. */
  #smallCell(): Buffer | undefined {
    const { output, format } = this.#place
    if (this.#large !== undefined) return undefined
    const kind = classOf(output)
    const isWide = format === 'text' && output.type === fieldTypes.longLong && this.#scale === 0
    const isInteger = isWide && (kind === 'signed' || (kind === 'unsigned' && this.#unscaled >= 0))
    if (!isInteger && (kind !== 'decimal' || this.#scale !== output.decimals)) return undefined
    const digits = formatDigits(String(Math.abs(this.#unscaled)), this.#scale)
    return Buffer.from(this.#unscaled < 0 ? `-${digits}` : digits, 'latin1')
  }
}

const zero = 0x30
const minus = 0x2d
const dot = 0x2e
