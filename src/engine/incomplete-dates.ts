import { notSupported } from '../errors/sql-error.ts'
import { classOf } from '../values/types.ts'
import { MapStream } from './map-stream.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowBatch, RowFormat, RowStream } from './row-stream.ts'

/**
 * The same rows. Throws ER_NOT_SUPPORTED_YET for a date without a month or a day: under NO_ZERO_DATE and NO_ZERO_IN_DATE MySQL
 * warns and makes it 0000-00-00 where it takes a temporary table, and keeps it where it takes none.
 */
export function withoutIncompleteDates(input: RowStream): RowStream {
  const { columns, format } = input
  const dates = columns.flatMap((column, at) => (classOf(column) === 'datetime' ? [at] : []))
  if (dates.length === 0) return input
  const layout = new RowLayout(format, columns)
  const count = dates.at(-1)! + 1
  const cells = new Int32Array(2 * count)
  const map = (batch: RowBatch): RowBatch => {
    for (const row of batch) {
      layout.locate(row, count, cells)
      for (const at of dates) {
        if (cells[2 * at]! < 0 || !isIncomplete(format, row, cells[2 * at]!, cells[2 * at + 1]!)) continue
        throw notSupported(
          `sorting rows with a date without a month or a day (column '${columns[at]!.name}')`,
        )
      }
    }
    return batch
  }
  return new MapStream(input, { map })
}

/** `2024-00-00` as text, or int<2> year, int<1> month, int<1> day: nothing at all of 0000-00-00. */
function isIncomplete(format: RowFormat, row: Row, start: number, end: number): boolean {
  if (format === 'binary') return end - start < 4 || row[start + 2] === 0 || row[start + 3] === 0
  const text = row.latin1Slice(start, start + 10)
  return text.startsWith('00', 5) || text.startsWith('00', 8)
}
