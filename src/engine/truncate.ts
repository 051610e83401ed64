import { type BatchMap, MapStream } from './map-stream.ts'
import { RowCutter, RowLayout } from './row-format.ts'
import type { RowBatch, RowStream } from './row-stream.ts'

/** Keeps the first `keep` columns: hidden sort keys and partial sums never reach the client. */
export function truncateColumns(input: RowStream, keep: number): RowStream {
  if (keep >= input.columns.length) return input
  const cutter = new RowCutter(new RowLayout(input.format, input.columns), keep)
  const map: BatchMap = { map: (batch: RowBatch) => batch.map((row) => cutter.cut(row)) }
  return new MapStream(input, map, input.columns.slice(0, keep))
}
