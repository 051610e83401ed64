import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/** Rows that are all there. */
export class HeldStream implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  #rows: RowBatch

  constructor(columns: readonly StreamColumn[], format: RowFormat, rows: RowBatch) {
    this.columns = columns
    this.format = format
    this.#rows = rows
  }

  async next(): Promise<RowBatch | undefined> {
    const rows = this.#rows
    this.#rows = []
    return rows.length === 0 ? undefined : rows
  }

  async close(): Promise<void> {
    this.#rows = []
  }
}
