import { notSupported, SqlError } from '../errors/sql-error.ts'
import {
  type Decimal,
  decimalDigits,
  decimalDigitsMax,
  formatDecimal,
  parseDecimal,
  rescaleDecimal,
} from '../values/decimal.ts'
import { formatDouble } from '../values/number-format.ts'
import { binaryWidth, type ColumnType, classOf, fieldTypes } from '../values/types.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'

/** Integers and decimals are exact; doubles are not. */
export type ExactOrDouble = 'exact' | 'double'

/** Whether sums over the column are exact. Throws ER_NOT_SUPPORTED_YET naming a column that holds no numbers. */
export function arithmeticOf(column: StreamColumn): ExactOrDouble {
  switch (classOf(column)) {
    case 'signed':
    case 'unsigned':
    case 'decimal':
    case 'null':
      return 'exact'
    case 'float':
    case 'double':
      return 'double'
    default:
      throw notSupported(`adding up column '${column.name}' over several shards`)
  }
}

/** The cell `[start, end)` of an integer or decimal column. */
export function readExact(
  column: ColumnType,
  format: RowFormat,
  row: Row,
  start: number,
  end: number,
): Decimal {
  if (format === 'text' || classOf(column) === 'decimal') {
    const value = parseDecimal(row.latin1Slice(start, end))
    if (value === undefined) throw malformedNumber()
    return value
  }
  return { unscaled: readBinaryInteger(column, row, start, end - start), scale: 0 }
}

/** The cell `[start, end)` of any numeric column as a double. */
export function readDouble(
  column: ColumnType,
  format: RowFormat,
  row: Row,
  start: number,
  end: number,
): number {
  if (format === 'binary' && column.type === fieldTypes.double) return row.readDoubleLE(start)
  if (format === 'binary' && column.type === fieldTypes.float) return row.readFloatLE(start)
  if (format === 'binary' && classOf(column) !== 'decimal') {
    return Number(readBinaryInteger(column, row, start, end - start))
  }
  const value = Number(row.latin1Slice(start, end))
  if (Number.isNaN(value)) throw malformedNumber()
  return value
}

/**
 * The bytes of a cell that holds the number, as MySQL writes it in a column of this type. Throws ER_DATA_OUT_OF_RANGE
 * naming the column when the type cannot hold it.
 */
export function writeExact(column: StreamColumn, format: RowFormat, value: Decimal): Buffer {
  switch (classOf(column)) {
    case 'signed':
    case 'unsigned':
      return writeInteger(column, format, rescaleDecimal(value, 0).unscaled)
    case 'decimal':
      return writeDecimal(column, value)
    case 'float':
    case 'double':
      return writeDouble(column, format, Number(formatDecimal(value)))
    default:
      throw notSupported(`a sum in column '${column.name}' over several shards`)
  }
}

export function writeDouble(column: StreamColumn, format: RowFormat, value: number): Buffer {
  if (!Number.isFinite(value)) throw outOfRange('DOUBLE', column)
  if (format === 'text') return Buffer.from(formatDouble(value, column.decimals), 'latin1')
  const isFloat = column.type === fieldTypes.float
  const cell = Buffer.allocUnsafe(isFloat ? 4 : 8)
  if (isFloat) cell.writeFloatLE(value)
  else cell.writeDoubleLE(value)
  return cell
}

/** MariaDB's have up to 38 digits behind the point. */
function writeDecimal(column: StreamColumn, value: Decimal): Buffer {
  const fixed = rescaleDecimal(value, column.decimals)
  if (decimalDigits(fixed) > decimalDigitsMax) throw outOfRange('DECIMAL', column)
  return Buffer.from(formatDecimal(fixed), 'latin1')
}

function writeInteger(column: StreamColumn, format: RowFormat, value: bigint): Buffer {
  const bytes = binaryWidth(column.type) as number
  const bits = 8 * bytes
  const isUnsigned = classOf(column) === 'unsigned'
  const wrapped = isUnsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)
  if (wrapped !== value) throw outOfRange(isUnsigned ? 'BIGINT UNSIGNED' : 'BIGINT', column)
  if (format === 'text') return Buffer.from(value.toString(), 'latin1')
  const cell = Buffer.allocUnsafe(8)
  cell.writeBigUInt64LE(BigInt.asUintN(64, value))
  return cell.subarray(0, bytes)
}

function readBinaryInteger(column: ColumnType, row: Row, start: number, bytes: number): bigint {
  const isUnsigned = classOf(column) === 'unsigned'
  if (bytes === 8) return isUnsigned ? row.readBigUInt64LE(start) : row.readBigInt64LE(start)
  return BigInt(isUnsigned ? row.readUIntLE(start, bytes) : row.readIntLE(start, bytes))
}

function outOfRange(type: string, column: StreamColumn): SqlError {
  return new SqlError('ER_DATA_OUT_OF_RANGE', `${type} value is out of range in '${column.name}'`)
}

function malformedNumber(): SqlError {
  return new SqlError(
    'ER_MALFORMED_PACKET',
    'Malformed communication packet: a numeric column holds no number',
  )
}
