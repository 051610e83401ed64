/** Of one chunk: what is read from a socket at once, and the beginning of a packet that the read before has cut. */
const CHUNK_BYTES = 144 * 1024
/** What needs less is made to measure: who holds many such chunks would hold mostly air. */
const BYTES_MIN = CHUNK_BYTES / 4
/** Of a process: 4.5 MB. */
const FREE_MAX = 32

/**
 * Memory for rows on their way through, used again and again. Made anew for each read it has the garbage collector mark the
 * whole heap every few dozen megabytes, which costs more than all that is done with the rows (bench/scatter.ts, stream: of 3.8 ms of CPU a megabyte
 * 1.2 are left, of 4.9 for rows in order 2.1).
 *
 * Who has taken a chunk, or was handed it, may give it back when nobody reads it any more. Nobody has to: a chunk that is kept
 * is collected as any other.
 */
export class ChunkPool {
  readonly bytesMax = CHUNK_BYTES
  readonly #free: ArrayBufferLike[] = []
  readonly #lent = new WeakSet<ArrayBufferLike>()

  /** `bytes` of memory, with what was there before. */
  take(bytes: number): Buffer {
    if (bytes < BYTES_MIN || bytes > CHUNK_BYTES) return Buffer.allocUnsafe(bytes)
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES).buffer
    this.#lent.add(memory)
    return Buffer.from(memory, 0, bytes)
  }

  /** Takes back what lies in the pool's memory, and leaves the others. */
  give(chunks: readonly Buffer[]): void {
    for (const { buffer } of chunks)
      if (this.#lent.delete(buffer) && this.#free.length < FREE_MAX) this.#free.push(buffer)
  }
}

export const rowChunks = new ChunkPool()
