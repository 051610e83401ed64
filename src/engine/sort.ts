import { SqlError } from '../errors/sql-error.ts'
import type { SortKey } from '../plan/primitives.ts'
import { BatchBuilder } from './batch-builder.ts'
import { KeyOrder } from './key-order.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/** What one sort may hold in the proxy's memory. */
export interface MemoryLimits {
  readonly sortRowsMax: number
  readonly sortBytesMax: number
}

interface SortedRow {
  readonly row: Row
  readonly cells: Int32Array
}

/**
 * Sorts all rows of the input in memory; rows that are equal keep their order. Throws ER_OUT_OF_SORTMEMORY when the
 * input exceeds the limits: a part of the answer is never given for the whole.
 */
export class Sort implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #order: KeyOrder
  readonly #limits: MemoryLimits
  #sorted: SortedRow[] | undefined
  #at = 0
  #closed = false

  constructor(input: RowStream, keys: readonly SortKey[], limits: MemoryLimits) {
    this.columns = input.columns
    this.format = input.format
    this.#input = input
    this.#order = new KeyOrder(keys, input.columns, input.format)
    this.#limits = limits
  }

  async next(): Promise<RowBatch | undefined> {
    this.#sorted ??= await this.#load()
    if (this.#closed) return undefined
    const out = new BatchBuilder()
    while (this.#at < this.#sorted.length && !out.isFull) out.push(this.#sorted[this.#at++].row)
    return out.take()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#sorted = []
    await this.#input.close()
  }

  async #load(): Promise<SortedRow[]> {
    const rows: SortedRow[] = []
    let bytes = 0
    for (let batch = await this.#input.next(); batch !== undefined; batch = await this.#input.next()) {
      for (const row of batch) {
        rows.push({ row, cells: this.#order.locate(row) })
        bytes += row.length
      }
      if (rows.length > this.#limits.sortRowsMax || bytes > this.#limits.sortBytesMax)
        throw tooMuch(this.#limits)
    }
    const order = this.#order
    return rows.sort((a, b) => order.compare(a.row, a.cells, b.row, b.cells))
  }
}

function tooMuch(limits: MemoryLimits): SqlError {
  return new SqlError(
    'ER_OUT_OF_SORTMEMORY',
    `Out of sort memory: the result of several shards is larger than ${limits.sortRowsMax} rows or ${limits.sortBytesMax} bytes`,
  )
}
