import type { Row, RowBatch } from './row-stream.ts'

// A batch is one hand-over between primitives: large enough to make its promise cheap, small enough that a merge of
// many shards holds little. Rows of megabytes make batches of one row.
const batchRows = 256
const batchBytes = 65_536

/** Collects rows until they make a batch. */
export class BatchBuilder {
  #rows: Row[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  get isFull(): boolean {
    return this.#rows.length >= batchRows || this.#bytes >= batchBytes
  }

  push(row: Row): void {
    this.#rows.push(row)
    this.#bytes += row.length
  }

  /** The rows so far; the builder begins anew. Undefined when there are none. */
  take(): RowBatch | undefined {
    if (this.#rows.length === 0) return undefined
    const rows = this.#rows
    this.#rows = []
    this.#bytes = 0
    return rows
  }
}
