import { unreachable } from '../base/assert.ts'
import type { AggregateColumn, SortKey } from '../plan/primitives.ts'
import { decimalZero, divideDecimal } from '../values/decimal.ts'
import { columnAt } from './columns.ts'
import { KeyOrder } from './key-order.ts'
import { arithmeticOf, writeDouble, writeExact } from './number-cell.ts'
import type { NewCell } from './row-format.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import { createSum, NotNullCount, type Sum } from './sum.ts'

/** What one aggregate column gathers over the rows of one group. */
export interface Accumulator {
  /** A new group begins. */
  reset(): void
  /** `cells` are the offsets of all cells of the row, as `RowLayout.locate` gives them. */
  add(row: Row, cells: Int32Array): void
  /** Sets the cells that the group's row gets. */
  finish(changes: NewCell[]): void
}

/** Throws ER_NOT_SUPPORTED_YET for a column whose type cannot be aggregated outside MySQL. */
export function createAccumulator(
  aggregate: AggregateColumn,
  columns: readonly StreamColumn[],
  format: RowFormat,
): Accumulator {
  const at = (offset: number) => columnAt(columns, offset)
  const target = at(aggregate.column)
  switch (aggregate.kind) {
    case 'Sum':
      return new SumColumn(createSum(columns, format, target), target)
    case 'Count':
      return new CountColumn(createSum(columns, format, target), target, columns[target], format)
    case 'Min':
    case 'Max':
      return new Extreme(aggregate, columns, format)
    case 'Avg': {
      const parts = {
        sum: createSum(columns, format, at(aggregate.sum)),
        count: createSum(columns, format, at(aggregate.count)),
      }
      return new Average(parts, target, columns, format)
    }
    case 'CountDistinct':
      return new OncePerValue(new RowCount(target, columns[target], format), aggregate.value, columns, format)
    case 'SumDistinct': {
      const sum = createSum(columns, format, at(aggregate.value.column), columns[target])
      return new OncePerValue(new SumColumn(sum, target), aggregate.value, columns, format)
    }
    case 'AvgDistinct': {
      const parts = {
        sum: createSum(columns, format, at(aggregate.value.column)),
        count: new NotNullCount(at(aggregate.value.column)),
      }
      return new OncePerValue(new Average(parts, target, columns, format), aggregate.value, columns, format)
    }
    default:
      return unreachable(aggregate)
  }
}

class SumColumn implements Accumulator {
  readonly #sum: Sum
  readonly #target: number

  constructor(sum: Sum, target: number) {
    this.#sum = sum
    this.#target = target
  }

  reset(): void {
    this.#sum.reset()
  }

  add(row: Row, cells: Int32Array): void {
    this.#sum.add(row, cells)
  }

  finish(changes: NewCell[]): void {
    changes[this.#target] = this.#sum.cell()
  }
}

/** A sum of counts: 0 where there was nothing to count. */
class CountColumn implements Accumulator {
  readonly #sum: Sum
  readonly #target: number
  readonly #none: Buffer

  constructor(sum: Sum, target: number, column: StreamColumn, format: RowFormat) {
    this.#sum = sum
    this.#target = target
    this.#none = writeExact(column, format, decimalZero)
  }

  reset(): void {
    this.#sum.reset()
  }

  add(row: Row, cells: Int32Array): void {
    this.#sum.add(row, cells)
  }

  finish(changes: NewCell[]): void {
    changes[this.#target] = this.#sum.cell() ?? this.#none
  }
}

/** Counts the rows it is given. */
class RowCount implements Accumulator {
  readonly #target: number
  readonly #column: StreamColumn
  readonly #format: RowFormat
  #count = 0

  constructor(target: number, column: StreamColumn, format: RowFormat) {
    this.#target = target
    this.#column = column
    this.#format = format
  }

  reset(): void {
    this.#count = 0
  }

  add(): void {
    this.#count++
  }

  finish(changes: NewCell[]): void {
    changes[this.#target] = writeExact(this.#column, this.#format, {
      unscaled: BigInt(this.#count),
      scale: 0,
    })
  }
}

interface AverageParts {
  readonly sum: Sum
  readonly count: Pick<Sum, 'reset' | 'add' | 'exact'>
}

/** Sum divided by count, with the digits of the result column; NULL where nothing was counted. */
class Average implements Accumulator {
  readonly #parts: AverageParts
  readonly #target: number
  readonly #column: StreamColumn
  readonly #format: RowFormat

  constructor(parts: AverageParts, target: number, columns: readonly StreamColumn[], format: RowFormat) {
    this.#parts = parts
    this.#target = target
    this.#column = columns[target]
    this.#format = format
  }

  reset(): void {
    this.#parts.sum.reset()
    this.#parts.count.reset()
  }

  add(row: Row, cells: Int32Array): void {
    this.#parts.sum.add(row, cells)
    this.#parts.count.add(row, cells)
  }

  finish(changes: NewCell[]): void {
    changes[this.#target] = this.#quotient()
  }

  #quotient(): Buffer | null {
    const count = this.#parts.count.exact()?.unscaled ?? 0n
    const exact = this.#parts.sum.exact()
    const double = this.#parts.sum.double()
    if (count === 0n || double === null) return null
    if (exact === null || arithmeticOf(this.#column) === 'double') {
      return writeDouble(this.#column, this.#format, double / Number(count))
    }
    // MySQL adds div_precision_increment digits to the argument's; both columns were described by the shard.
    const increment = Math.max(0, this.#column.decimals - exact.scale)
    return writeExact(this.#column, this.#format, divideDecimal(exact, count, increment))
  }
}

// ------------------------------------------------------------------------------------------ extremes

/** MIN and MAX: the cells of the row that won, weight and pad included, so that an order above still holds. */
class Extreme implements Accumulator {
  readonly #order: KeyOrder
  readonly #columns: readonly number[]
  #best: { row: Row; cells: Int32Array; keyCells: Int32Array } | undefined

  constructor(
    aggregate: AggregateColumn & { readonly kind: 'Min' | 'Max' },
    columns: readonly StreamColumn[],
    format: RowFormat,
  ) {
    const { kind, column, weight, pad } = aggregate
    const key = {
      column,
      descending: kind === 'Max',
      ...(weight === undefined ? {} : { weight }),
      ...(pad === undefined ? {} : { pad }),
    }
    this.#order = new KeyOrder([key], columns, format)
    this.#columns = [column, weight ?? column, pad ?? column].map((offset) => columnAt(columns, offset))
  }

  reset(): void {
    this.#best = undefined
  }

  add(row: Row, cells: Int32Array): void {
    if (cells[2 * this.#columns[0]] < 0) return
    const keyCells = this.#order.locate(row)
    const best = this.#best
    if (best !== undefined && this.#order.compare(row, keyCells, best.row, best.keyCells) >= 0) return
    this.#best = { row, keyCells, cells: cells.slice() }
  }

  finish(changes: NewCell[]): void {
    for (const column of this.#columns) {
      const start = this.#best?.cells[2 * column] ?? -1
      changes[column] = start < 0 ? null : this.#best!.row.subarray(start, this.#best!.cells[2 * column + 1])
    }
  }
}

// ------------------------------------------------------------------------------------------ distinct

/** Passes on the first row of each distinct value; the group's rows are sorted by the value. NULL is no value. */
class OncePerValue implements Accumulator {
  readonly #inner: Accumulator
  readonly #order: KeyOrder
  readonly #column: number
  #last: { row: Row; keyCells: Int32Array } | undefined

  constructor(inner: Accumulator, value: SortKey, columns: readonly StreamColumn[], format: RowFormat) {
    this.#inner = inner
    this.#order = new KeyOrder([value], columns, format)
    this.#column = columnAt(columns, value.column)
  }

  reset(): void {
    this.#last = undefined
    this.#inner.reset()
  }

  add(row: Row, cells: Int32Array): void {
    if (cells[2 * this.#column] < 0) return
    const keyCells = this.#order.locate(row)
    const last = this.#last
    if (last !== undefined && this.#order.compare(last.row, last.keyCells, row, keyCells) === 0) return
    this.#last = { row, keyCells }
    this.#inner.add(row, cells)
  }

  finish(changes: NewCell[]): void {
    this.#inner.finish(changes)
  }
}
