import { assert } from '../base/assert.ts'
import { type BatchMap, MapStream } from './map-stream.ts'
import { RowCutter, RowLayout } from './row-format.ts'
import type { RowBatch, RowStream } from './row-stream.ts'

/** Cuts the last `drop` columns off: hidden sort keys and partial sums never reach the client. */
export function dropColumns(input: RowStream, drop: number): RowStream {
  if (drop === 0) return input
  const keep = input.columns.length - drop
  assert(keep >= 0, `${drop} columns to cut of ${input.columns.length}`)
  const cutter = new RowCutter(new RowLayout(input.format, input.columns), keep)
  const map: BatchMap = { map: (batch: RowBatch) => batch.map((row) => cutter.cut(row)) }
  return new MapStream(input, map, input.columns.slice(0, keep))
}
