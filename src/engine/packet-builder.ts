import { rowChunks } from '../base/chunk-pool.ts'
import { isCut, payloadBytes } from './packet-rows.ts'
import type { RowPackets } from './row-stream.ts'

/** Of rows that are handed over together. */
const batchBytes = 128 * 1024

interface PacketRow {
  readonly chunk: Buffer
  /** What the chunk is a view of. */
  readonly memory: ArrayBufferLike
  readonly packetStart: number
  readonly packetEnd: number
}

/** Collects rows, as they lie in the packets of several chunks, until they make a batch. Rows in a row are copied as one. */
export class PacketBuilder {
  /** Runs that are not in a chunk of their own yet: where each lies, from and to. */
  #memories: ArrayBufferLike[] = []
  #bounds: number[] = []
  /** The chunk in which the last run lies. */
  #last: Buffer | undefined
  #bytes = 0
  #rows = 0
  readonly #chunks: Buffer[] = []

  get isFull(): boolean {
    return this.#bytes >= batchBytes || this.#chunks.length > 0
  }

  add({ chunk, memory, packetStart, packetEnd }: PacketRow): void {
    this.#rows++
    if (isCut(payloadBytes(chunk, packetStart))) {
      this.#endChunk()
      this.#chunks.push(chunk)
      return
    }
    const bounds = this.#bounds
    const start = chunk.byteOffset + packetStart
    if (this.#last === chunk && bounds[bounds.length - 1] === start) {
      bounds[bounds.length - 1] = chunk.byteOffset + packetEnd
    } else {
      this.#memories.push(memory)
      bounds.push(start, chunk.byteOffset + packetEnd)
      this.#last = chunk
    }
    this.#bytes += packetEnd - packetStart
  }

  /** The rows so far. Undefined when there are none. */
  take(): RowPackets | undefined {
    this.#endChunk()
    return this.#rows === 0 ? undefined : { chunks: this.#chunks, rows: this.#rows }
  }

  /** `Buffer.copy` of a part costs twice as much as a view of it and `set`, where the memory need not be asked for. */
  #endChunk(): void {
    const memories = this.#memories
    const bounds = this.#bounds
    if (memories.length > 0) {
      const joined = rowChunks.take(this.#bytes)
      let at = 0
      for (let i = 0; i < memories.length; i++) {
        const start = bounds[2 * i]
        const bytes = bounds[2 * i + 1] - start
        joined.set(new Uint8Array(memories[i], start, bytes), at)
        at += bytes
      }
      this.#chunks.push(joined)
    }
    this.#memories = []
    this.#bounds = []
    this.#last = undefined
    this.#bytes = 0
  }
}
