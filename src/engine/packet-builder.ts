import { rowChunks } from '../base/chunk-pool.ts'
import { isCut, payloadBytes } from './packet-rows.ts'
import type { RowPackets } from './row-stream.ts'

/** Of rows that are handed over together. */
const batchBytes = 128 * 1024

interface PacketRow {
  readonly chunk: Buffer
  readonly packetStart: number
  readonly packetEnd: number
}

/** Collects rows, as they lie in the packets of several chunks, until they make a batch. Rows in a row are copied as one. */
export class PacketBuilder {
  /** Runs that are not in a chunk of their own yet: where each lies, from and to. */
  #sources: Buffer[] = []
  #bounds: number[] = []
  #bytes = 0
  #rows = 0
  readonly #chunks: Buffer[] = []

  get isFull(): boolean {
    return this.#bytes >= batchBytes || this.#chunks.length > 0
  }

  add({ chunk, packetStart, packetEnd }: PacketRow): void {
    this.#rows++
    if (isCut(payloadBytes(chunk, packetStart))) {
      this.#endChunk()
      this.#chunks.push(chunk)
      return
    }
    const last = this.#sources.length - 1
    if (last >= 0 && this.#sources[last] === chunk && this.#bounds[2 * last + 1] === packetStart) {
      this.#bounds[2 * last + 1] = packetEnd
    } else {
      this.#sources.push(chunk)
      this.#bounds.push(packetStart, packetEnd)
    }
    this.#bytes += packetEnd - packetStart
  }

  /** The rows so far. Undefined when there are none. */
  take(): RowPackets | undefined {
    this.#endChunk()
    return this.#rows === 0 ? undefined : { chunks: this.#chunks, rows: this.#rows }
  }

  #endChunk(): void {
    const sources = this.#sources
    const bounds = this.#bounds
    if (sources.length > 0) {
      const joined = rowChunks.take(this.#bytes)
      let at = 0
      for (let i = 0; i < sources.length; i++)
        at += sources[i].copy(joined, at, bounds[2 * i], bounds[2 * i + 1])
      this.#chunks.push(joined)
    }
    this.#sources = []
    this.#bounds = []
    this.#bytes = 0
  }
}
