import type { SortKey } from '../plan/primitives.ts'
import { BatchBuilder } from './batch-builder.ts'
import { type KeyOrder, keyOrder } from './key-order.ts'
import { MergeCursor } from './merge-cursor.ts'
import { PacketBuilder } from './packet-builder.ts'
import type { RowBatch, RowFormat, RowPackets, RowStream, StreamColumn } from './row-stream.ts'

/** Takes rows from the cursors that they are current in. */
interface Output {
  readonly isFull: boolean
  add(cursor: MergeCursor): void
}

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
  readonly #heap: MergeCursor[] = []
  /** Cursors that have no current row. */
  #starved: MergeCursor[]
  #closed = false

  constructor(inputs: readonly RowStream[], keys: readonly SortKey[]) {
    const { columns, format } = inputs[0]
    this.columns = columns
    this.format = format
    this.#inputs = inputs
    this.#order = keyOrder(keys, columns, format)
    this.#starved = inputs.map((input, rank) => new MergeCursor(input, rank, this.#order))
  }

  async next(): Promise<RowBatch | undefined> {
    await this.#feed()
    const out = new RowOutput()
    this.#merge(out)
    return out.batch.take()
  }

  async nextPackets(): Promise<RowPackets | undefined> {
    await this.#feed()
    const out = new PacketBuilder()
    this.#merge(out)
    return out.take()
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

  #merge(out: Output): void {
    if (this.#closed) return
    while (this.#heap.length > 0 && !out.isFull) {
      const least = this.#heap[0]
      out.add(least)
      if (least.step()) {
        this.#sink()
        continue
      }
      this.#removeLeast()
      this.#starved.push(least)
      break
    }
  }

  #isBefore(a: MergeCursor, b: MergeCursor): boolean {
    const order = this.#order.compare(a.buf, a.cells, b.buf, b.cells)
    return order !== 0 ? order < 0 : a.rank < b.rank
  }

  #insert(cursor: MergeCursor): void {
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

class RowOutput implements Output {
  readonly batch = new BatchBuilder()

  get isFull(): boolean {
    return this.batch.isFull
  }

  add(cursor: MergeCursor): void {
    this.batch.push(cursor.row())
  }
}
