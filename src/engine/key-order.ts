import { LastMade } from '../base/last-made.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { SortKey } from '../plan/primitives.ts'
import { type CellComparator, cellComparator } from '../values/compare.ts'
import { classOf, columnFlags } from '../values/types.ts'
import { columnAt } from './columns.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import { comparePadded } from './weight-string.ts'

/**
 * An order of rows, compiled from sort keys for the columns of one stream. Rows stay as they are: `locate` notes where
 * the key cells lie, `compare` compares bytes there.
 *
 * Throws ER_NOT_SUPPORTED_YET naming the column for a key whose type has no order here: JSON and GEOMETRY when it is
 * compiled, text without its weight string when such a row is compared.
 */
export class KeyOrder {
  readonly #keys: readonly Key[]
  readonly #layout: RowLayout
  readonly #columnsToLocate: number
  readonly #scratch: Int32Array

  constructor(keys: readonly SortKey[], columns: readonly StreamColumn[], format: RowFormat) {
    this.#keys = keys.map((key) => compileKey(key, columns, format))
    this.#layout = new RowLayout(format, columns)
    this.#columnsToLocate = this.#keys.reduce((most, key) => Math.max(most, lastColumn(key) + 1), 0)
    this.#scratch = new Int32Array(2 * this.#columnsToLocate)
  }

  /** Offsets of the row's key cells, for `compare`. */
  locate(row: Row): Int32Array {
    const cells = this.createCells()
    this.locateInto(row, cells)
    return cells
  }

  createCells(): Int32Array {
    return new Int32Array(this.#keys.length * offsetsPerKey)
  }

  /** As `locate`, into an array that `createCells` or `locate` made; of a row that lies from `start` to `end` of a buffer. */
  locateInto(row: Row, cells: Int32Array, start = 0, end = row.length): void {
    const scratch = this.#scratch
    this.#layout.locate(row, this.#columnsToLocate, scratch, start, end)
    this.pickInto(scratch, cells)
  }

  /** As `locateInto`, of a row all of whose cells have been located. */
  pickInto(located: Int32Array, cells: Int32Array): void {
    let at = 0
    for (const key of this.#keys) {
      at = copyCell(located, key.column, cells, at)
      at = copyCell(located, key.weight, cells, at)
      at = copyCell(located, key.pad, cells, at)
    }
  }

  /** Negative when row a comes first, zero when the rows are equal on all keys. NULL comes first, last if descending. */
  compare(a: Row, aCells: Int32Array, b: Row, bCells: Int32Array): number {
    const keys = this.#keys
    for (let k = 0; k < keys.length; k++) {
      const order = compareKey(keys[k], a, aCells, b, bCells, k * offsetsPerKey)
      if (order !== 0) return keys[k].descending ? -order : order
    }
    return 0
  }
}

const ordersOf = (format: RowFormat) =>
  new LastMade(
    (keys: readonly SortKey[], columns: readonly StreamColumn[]) => new KeyOrder(keys, columns, format),
  )
const orders = { text: ordersOf('text'), binary: ordersOf('binary') }

/** The order of a plan's keys, compiled once for the same columns. Throws as `KeyOrder`. */
export function keyOrder(
  keys: readonly SortKey[],
  columns: readonly StreamColumn[],
  format: RowFormat,
): KeyOrder {
  return orders[format].get(keys, columns)
}

interface Key {
  readonly column: number
  readonly weight: number
  readonly pad: number
  readonly descending: boolean
  readonly compareColumn: CellComparator
  readonly compareWeight: CellComparator
}

/** Start and end of the column, its weight and its pad. */
const offsetsPerKey = 6
const weightAt = 2
const padAt = 4
const absent = -1

function compileKey(key: SortKey, columns: readonly StreamColumn[], format: RowFormat): Key {
  const column = columnAt(columns, key.column)
  const weight = key.weight === undefined ? absent : columnAt(columns, key.weight)
  if (weight !== absent) checkWeight(columns[column], columns[weight], format)
  return {
    column,
    weight,
    pad: key.pad === undefined ? absent : columnAt(columns, key.pad),
    descending: key.descending,
    compareColumn: comparatorOf(columns[column], format),
    compareWeight: weight === absent ? unordered(columns[column]) : comparatorOf(columns[weight], format),
  }
}

/**
 * Some types are not ordered by what is sent of them: ENUM and SET by number, FLOAT by digits that its text does not
 * show. A planner that does not know the column's type asks for a weight string, which does not help.
 */
function checkWeight(column: StreamColumn, weight: StreamColumn, format: RowFormat): void {
  const isNumbered = (column.flags & (columnFlags.enum | columnFlags.set)) !== 0
  const isRounded = classOf(column) === 'float' && format === 'text'
  const weightClass = classOf(weight)
  const isWeightString = weightClass === 'bytes' || weightClass === 'text'
  if ((isNumbered || isRounded) && isWeightString) throw noOrder(column)
}

function comparatorOf(column: StreamColumn, format: RowFormat): CellComparator {
  const comparator = cellComparator(column, format)
  if (comparator !== undefined) return comparator
  if (classOf(column) === 'opaque') throw noOrder(column)
  return unordered(column)
}

function unordered(column: StreamColumn): CellComparator {
  return () => {
    throw noOrder(column)
  }
}

function noOrder(column: StreamColumn): Error {
  return notSupported(`ordering by column '${column.name}' over several shards`)
}

function lastColumn(key: Key): number {
  return Math.max(key.column, key.weight, key.pad)
}

function copyCell(from: Int32Array, column: number, to: Int32Array, at: number): number {
  to[at] = column === absent ? absent : from[2 * column]
  to[at + 1] = column === absent ? absent : from[2 * column + 1]
  return at + 2
}

function compareKey(key: Key, a: Row, aCells: Int32Array, b: Row, bCells: Int32Array, at: number): number {
  const aWeight = aCells[at + weightAt]
  const bWeight = bCells[at + weightAt]
  if (aWeight >= 0 && bWeight >= 0) {
    const pad = aCells[at + padAt]
    const aEnd = aCells[at + weightAt + 1]
    const bEnd = bCells[at + weightAt + 1]
    if (pad < 0) return key.compareWeight(a, aWeight, aEnd, b, bWeight, bEnd)
    const space = a.subarray(pad, aCells[at + padAt + 1])
    return comparePadded(a.subarray(aWeight, aEnd), b.subarray(bWeight, bEnd), space)
  }
  const aStart = aCells[at]
  const bStart = bCells[at]
  if (aStart < 0 || bStart < 0) return Number(bStart < 0) - Number(aStart < 0)
  return key.compareColumn(a, aStart, aCells[at + 1], b, bStart, bCells[at + 1])
}
