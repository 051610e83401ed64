import type { ByteBudget } from '../base/byte-budget.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { SortKey } from '../plan/primitives.ts'
import { BatchBuilder } from './batch-builder.ts'
import { type KeyOrder, keyOrder } from './key-order.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/** What a row takes beside its bytes: two views, and where its cells are. */
const ROW_BYTES = 300

interface SortedRow {
  readonly row: Row
  readonly cells: Int32Array
}

/**
 * Sorts all rows of the input in memory; rows that are equal keep their order. Throws ER_OUT_OF_SORTMEMORY when there
 * is no memory for all of the input: a part of the answer is never given for the whole.
 */
export class Sort implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #order: KeyOrder
  readonly #memory: ByteBudget
  #heldBytes = 0
  #sorted: SortedRow[] | undefined
  #at = 0
  #closed = false

  constructor(input: RowStream, keys: readonly SortKey[], memory: ByteBudget) {
    this.columns = input.columns
    this.format = input.format
    this.#input = input
    this.#order = keyOrder(keys, input.columns, input.format)
    this.#memory = memory
  }

  /** Reads and sorts all of it now: what can go wrong does, while nothing has been answered. */
  async load(): Promise<void> {
    this.#sorted ??= await this.#load()
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
    this.#memory.give(this.#heldBytes)
    this.#heldBytes = 0
    await this.#input.close()
  }

  async #load(): Promise<SortedRow[]> {
    const rows: SortedRow[] = []
    for (let batch = await this.#input.next(); batch !== undefined; batch = await this.#input.next()) {
      this.#hold(batch)
      for (const row of batch) rows.push({ row, cells: this.#order.locate(row) })
    }
    const order = this.#order
    return rows.sort((a, b) => order.compare(a.row, a.cells, b.row, b.cells))
  }

  #hold(batch: RowBatch): void {
    if (this.#closed) return
    const bytes = batch.reduce((sum, row) => sum + ROW_BYTES + row.length, 0)
    if (!this.#memory.take(bytes)) throw tooMuch(this.#heldBytes + bytes)
    this.#heldBytes += bytes
  }
}

function tooMuch(bytes: number): SqlError {
  return new SqlError(
    'ER_OUT_OF_SORTMEMORY',
    `Out of sort memory: a result of several shards needs ${bytes} bytes and more to be sorted: narrow it, or raise connection_memory_limit`,
  )
}
