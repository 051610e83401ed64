import type { SortKey } from '../plan/primitives.ts'
import { BatchBuilder } from './batch-builder.ts'
import { KeyOrder } from './key-order.ts'
import type { Row, RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'

/**
 * Merges streams that are sorted by the keys into one; rows that are equal keep the order of their inputs.
 *
 * The inputs' current rows stand in a binary heap. A batch ends where an input has to be asked again, so that no row
 * waits for a slow shard whose turn it is not yet; one batch an input is held, and nothing is read ahead.
 */
export class MergeSort implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #inputs: readonly RowStream[]
  readonly #order: KeyOrder
  readonly #heap: Cursor[] = []
  /** Cursors that have no current row. */
  #starved: Cursor[]
  #closed = false

  constructor(inputs: readonly RowStream[], keys: readonly SortKey[]) {
    const { columns, format } = inputs[0]
    this.columns = columns
    this.format = format
    this.#inputs = inputs
    this.#order = new KeyOrder(keys, columns, format)
    this.#starved = inputs.map((input, rank) => new Cursor(input, rank, this.#order))
  }

  async next(): Promise<RowBatch | undefined> {
    await this.#feed()
    return this.#closed ? undefined : this.#merge()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#inputs.map((input) => input.close()))
  }

  async #feed(): Promise<void> {
    if (this.#starved.length === 0) return
    const starved = this.#starved
    this.#starved = []
    const fed = await Promise.all(starved.map((cursor) => cursor.fetch()))
    for (let i = 0; i < starved.length; i++) if (fed[i]) this.#insert(starved[i])
  }

  #merge(): RowBatch | undefined {
    const out = new BatchBuilder()
    while (this.#heap.length > 0 && !out.isFull) {
      const least = this.#heap[0]
      out.push(least.row)
      if (least.step()) {
        this.#sink()
        continue
      }
      this.#removeLeast()
      this.#starved.push(least)
      break
    }
    return out.take()
  }

  #isBefore(a: Cursor, b: Cursor): boolean {
    const order = this.#order.compare(a.row, a.cells, b.row, b.cells)
    return order !== 0 ? order < 0 : a.rank < b.rank
  }

  #insert(cursor: Cursor): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(cursor)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(cursor, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = cursor
  }

  /** Puts the first cursor, whose row is a new one, where it belongs. */
  #sink(): void {
    const heap = this.#heap
    const cursor = heap[0]
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1], heap[child])) child++
      if (!this.#isBefore(heap[child], cursor)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = cursor
  }

  #removeLeast(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink()
  }
}

const noRows: RowBatch = []

/** An input, the batch it gave last and the place in it. */
class Cursor {
  readonly rank: number
  cells: Int32Array = new Int32Array(0)
  readonly #input: RowStream
  readonly #order: KeyOrder
  #batch: RowBatch = noRows
  #at = 0

  constructor(input: RowStream, rank: number, order: KeyOrder) {
    this.#input = input
    this.rank = rank
    this.#order = order
  }

  get row(): Row {
    return this.#batch[this.#at]
  }

  /** Asks for the next batch; whether there is one. */
  async fetch(): Promise<boolean> {
    this.#batch = (await this.#input.next()) ?? noRows
    this.#at = 0
    if (this.#batch.length === 0) return false
    this.cells = this.#order.locate(this.row)
    return true
  }

  /** Goes to the next row of the batch; false at its end. */
  step(): boolean {
    this.#at++
    if (this.#at >= this.#batch.length) return false
    this.#order.locateInto(this.row, this.cells)
    return true
  }
}
