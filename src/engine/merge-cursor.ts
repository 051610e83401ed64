import { rowChunks } from '../base/chunk-pool.ts'
import type { KeyOrder } from './key-order.ts'
import { headerBytes, isCut, joinedRow, nextPackets, payloadBytes } from './packet-rows.ts'
import type { Row, RowStream } from './row-stream.ts'

const noChunks: readonly Buffer[] = []
const noBytes = Buffer.alloc(0)

/** An input of a merge, the batch it gave last and the row in it that is current. No object is made for a row. */
export class MergeCursor {
  readonly rank: number
  /** The row: it lies from `start` to `end` of `buf`, its key cells at `cells`. */
  buf: Buffer = noBytes
  start = 0
  end = 0
  readonly cells: Int32Array
  /** Its packets: from `packetStart` to `packetEnd` of `chunk`. */
  chunk: Buffer = noBytes
  /** What the chunk is a view of: asking it costs as much as copying a row. */
  memory: ArrayBufferLike = noBytes.buffer
  packetStart = 0
  packetEnd = 0
  readonly #input: RowStream
  readonly #order: KeyOrder
  #chunks = noChunks
  /** Views of the batch's rows are with others. */
  #isKept = false
  /** Of the chunk behind the current one. */
  #next = 0

  constructor(input: RowStream, rank: number, order: KeyOrder) {
    this.#input = input
    this.rank = rank
    this.#order = order
    this.cells = order.createCells()
  }

  /** Asks for the next batch; whether there is one. */
  async fetch(): Promise<boolean> {
    if (!this.#isKept) rowChunks.give(this.#chunks)
    this.#isKept = false
    const packets = await nextPackets(this.#input)
    this.#chunks = packets?.chunks ?? noChunks
    this.#next = 0
    this.chunk = noBytes
    this.packetEnd = 0
    return this.step()
  }

  /** Goes to the next row of the batch; false at its end. */
  step(): boolean {
    let at = this.packetEnd
    if (at === this.chunk.length) {
      if (this.#next === this.#chunks.length) return false
      this.chunk = this.#chunks[this.#next++]
      this.memory = this.chunk.buffer
      at = 0
    }
    this.#enter(at)
    this.#order.locateInto(this.buf, this.cells, this.start, this.end)
    return true
  }

  /** The row, to be kept. */
  row(): Row {
    this.#isKept = true
    return this.buf.subarray(this.start, this.end)
  }

  #enter(at: number): void {
    const { chunk } = this
    const length = payloadBytes(chunk, at)
    this.packetStart = at
    if (isCut(length)) {
      this.packetEnd = chunk.length
      this.buf = joinedRow(chunk)
      this.start = 0
      this.end = this.buf.length
    } else {
      this.buf = chunk
      this.start = at + headerBytes
      this.end = this.start + length
      this.packetEnd = this.end
    }
  }
}
