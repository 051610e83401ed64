import { notSupported } from '../errors/sql-error.ts'
import { fieldTypes } from '../values/types.ts'
import { MapStream } from './map-stream.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

export interface DateLimits {
  /** 0000-00-00, too: a server may have made it of another, or warns of it under NO_ZERO_DATE. */
  readonly zero: boolean
}

/** Columns whose values may lack a month or a day. A TIMESTAMP is a moment, or zero. */
export function hasDates(columns: readonly StreamColumn[]): boolean {
  return columns.some(isDate)
}

function isDate({ type }: StreamColumn): boolean {
  return type === fieldTypes.date || type === fieldTypes.newDate || type === fieldTypes.dateTime
}

/**
 * The same rows. Throws ER_NOT_SUPPORTED_YET for a date without a month or a day, or with a day that its month has not: under
 * NO_ZERO_IN_DATE, and without ALLOW_INVALID_DATES, a server makes it 0000-00-00 where it takes a temporary table, and keeps it
 * where it takes none.
 */
export function withoutIncompleteDates(input: RowStream, limits: DateLimits): RowStream {
  const { columns, format } = input
  const isMeant = (column: StreamColumn) =>
    isDate(column) || (limits.zero && column.type === fieldTypes.timestamp)
  const dates = columns.flatMap((column, at) => (isMeant(column) ? [at] : []))
  if (dates.length === 0) return input
  const layout = new RowLayout(format, columns)
  const count = dates.at(-1)! + 1
  const cells = new Int32Array(2 * count)
  const isRefused = (row: Row, start: number, end: number) => {
    const date = dateOf(format, row, start, end)
    return isZero(date) ? limits.zero : isIncomplete(date)
  }
  const map = (batch: RowBatch): RowBatch => {
    for (const row of batch) {
      layout.locate(row, count, cells)
      for (const at of dates) {
        if (cells[2 * at]! < 0 || !isRefused(row, cells[2 * at]!, cells[2 * at + 1]!)) continue
        throw notSupported(
          `rows of several shards with a date without a month or a day (column '${columns[at]!.name}'): ask with the directive /*vt+ PLANNER=federation */`,
        )
      }
    }
    return batch
  }
  return new MapStream(input, { map })
}

interface DateParts {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** `2024-00-00` as text, or int<2> year, int<1> month, int<1> day: nothing at all of 0000-00-00. */
function dateOf(format: RowFormat, row: Row, start: number, end: number): DateParts {
  if (format === 'binary') {
    if (end - start < 4) return { year: 0, month: 0, day: 0 }
    return { year: row.readUInt16LE(start), month: row[start + 2]!, day: row[start + 3]! }
  }
  const digits = (at: number) => 10 * (row[start + at]! - ZERO) + row[start + at + 1]! - ZERO
  return { year: 100 * digits(0) + digits(2), month: digits(5), day: digits(8) }
}

const ZERO = '0'.charCodeAt(0)

function isZero({ year, month, day }: DateParts): boolean {
  return year === 0 && month === 0 && day === 0
}

function isIncomplete({ year, month, day }: DateParts): boolean {
  if (month === 0 || day === 0) return true
  if (day <= 28) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day > (month === 2 ? (isLeap ? 29 : 28) : SHORT_MONTHS.has(month) ? 30 : 31)
}

const SHORT_MONTHS: ReadonlySet<number> = new Set([4, 6, 9, 11])
