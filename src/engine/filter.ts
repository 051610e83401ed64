import { unreachable } from '../base/assert.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { Predicate } from '../plan/primitives.ts'
import { compareDecimals, type Decimal, formatDecimal, parseDecimal } from '../values/decimal.ts'
import { isFloat, isIntegral, isQuoted, isText, type Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { columnAt } from './columns.ts'
import { type BatchMap, MapStream } from './map-stream.ts'
import { arithmeticOf, readDouble, readExact } from './number-cell.ts'
import { bindValue } from './plan-value.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

type Comparison = Predicate & { readonly kind: 'Compare' }
/** Whether the row passes. UNKNOWN is as good as false, for there is no NOT. */
type Test = (row: Row, cells: Int32Array) => boolean

/**
 * Keeps the rows for which the predicate is true. Integers and decimals compare exactly, with doubles and text as
 * doubles, as MySQL does. Throws ER_NOT_SUPPORTED_YET for columns that hold no numbers and for values that are none.
 */
export function filterRows(input: RowStream, predicate: Predicate, bindings: Bindings): RowStream {
  const { columns, format } = input
  const layout = new RowLayout(format, columns)
  const cells = new Int32Array(2 * columns.length)
  const test = compile(predicate, columns, format, bindings)
  const passes = (row: Row) => {
    layout.locate(row, columns.length, cells)
    return test(row, cells)
  }
  const map: BatchMap = { map: (batch: RowBatch) => batch.filter(passes) }
  return new MapStream(input, map)
}

function compile(
  predicate: Predicate,
  columns: readonly StreamColumn[],
  format: RowFormat,
  bindings: Bindings,
): Test {
  switch (predicate.kind) {
    case 'And': {
      const tests = predicate.parts.map((part) => compile(part, columns, format, bindings))
      return (row, cells) => tests.every((test) => test(row, cells))
    }
    case 'Or': {
      const tests = predicate.parts.map((part) => compile(part, columns, format, bindings))
      return (row, cells) => tests.some((test) => test(row, cells))
    }
    case 'Compare':
      return compileComparison(predicate, columns, format, bindValue(predicate.value, bindings))
    default:
      return unreachable(predicate)
  }
}

function compileComparison(
  { op, column: offset }: Comparison,
  columns: readonly StreamColumn[],
  format: RowFormat,
  value: Value,
): Test {
  if (value.type === 'NULL') return () => false
  const at = columnAt(columns, offset)
  const column = columns[at]
  const number = numberOf(value, column)
  if (typeof number === 'number' || arithmeticOf(column) === 'double') {
    const right = typeof number === 'number' ? number : Number(formatDecimal(number))
    return (row, cells) => {
      const start = cells[2 * at]
      return start >= 0 && holds(op, readDouble(column, format, row, start, cells[2 * at + 1]) - right)
    }
  }
  return (row, cells) => {
    const start = cells[2 * at]
    return (
      start >= 0 &&
      holds(op, compareDecimals(readExact(column, format, row, start, cells[2 * at + 1]), number))
    )
  }
}

/** An exact number, or a double. */
function numberOf(value: Value, column: StreamColumn): Decimal | number {
  const text = Buffer.from(value.bytes).latin1Slice()
  if (isIntegral(value.type) || value.type === 'DECIMAL') {
    const exact = parseDecimal(text)
    if (exact !== undefined) return exact
  }
  const isPlainText = isText(value.type) && isQuoted(value.type) && /^-?[0-9]+(?:\.[0-9]+)?$/.test(text)
  if (isFloat(value.type) || isPlainText) return Number(text)
  throw notSupported(`comparing column '${column.name}' with a ${value.type} over several shards`)
}

/** `order`: negative, zero or positive, as left compares to right. */
function holds(op: Comparison['op'], order: number): boolean {
  switch (op) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return unreachable(op)
  }
}
