import { assert } from '../base/assert.ts'
import { LastMade } from '../base/last-made.ts'
import { type BatchMap, MapStream } from './map-stream.ts'
import { RowCutter, RowLayout } from './row-format.ts'
import type { RowBatch, RowStream, StreamColumn } from './row-stream.ts'

const firstColumns = new LastMade((columns: readonly StreamColumn[], keep: number) => columns.slice(0, keep))

/** Cuts the last `drop` columns off: hidden sort keys and partial sums never reach the client. */
export function dropColumns(input: RowStream, drop: number): RowStream {
  if (drop === 0) return input
  const keep = input.columns.length - drop
  assert(keep >= 0, `${drop} columns to cut of ${input.columns.length}`)
  const cutter = new RowCutter(new RowLayout(input.format, input.columns), keep)
  const map: BatchMap = { map: (batch: RowBatch) => batch.map((row) => cutter.cut(row)) }
  return new MapStream(input, map, firstColumns.get(input.columns, keep))
}
