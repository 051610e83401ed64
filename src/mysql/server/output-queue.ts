import type { Socket } from 'node:net'

/** Below this, chunks are joined by copying, which costs less than a vectored write of many small ones. */
const JOIN_BYTES_MAX = 64 * 1024

type Written = (error?: Error | null) => void

/**
 * Writes of one tick become one write to the socket.
 *
 * What has been queued leaves at the end of the tick, or at once by `flush`. `write` says false when `highWaterBytes`
 * wait for the client; `onDrain` is called once when they have gone.
 */
export class OutputQueue {
  readonly #socket: Socket
  readonly #highWaterBytes: number
  readonly #onDrain: () => void
  #chunks: Buffer[] = []
  #bytes = 0
  /** To be called when the chunks have been written. */
  #written: (() => void)[] = []
  #scheduled = false
  #blocked = false

  constructor(socket: Socket, highWaterBytes: number, onDrain: () => void) {
    this.#socket = socket
    this.#highWaterBytes = highWaterBytes
    this.#onDrain = onDrain
    socket.on('drain', () => this.#release())
  }

  /** A writer was told to stop and has not been told to go on. */
  get blocked(): boolean {
    return this.#blocked
  }

  /** `written` is called when the system has taken the chunk, unless writing fails. */
  write(chunk: Buffer, written?: () => void): boolean {
    this.#chunks.push(chunk)
    if (written !== undefined) this.#written.push(written)
    this.#bytes += chunk.length
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(this.#endOfTick)
    }
    this.#blocked ||= this.#bytes + this.#socket.writableLength >= this.#highWaterBytes
    return !this.#blocked
  }

  /** Writes what is queued and `chunk`, now. */
  writeThrough(chunk: Buffer): void {
    if (this.#chunks.length === 0) {
      this.#socket.write(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.flush()
  }

  flush(): void {
    const chunks = this.#chunks
    if (chunks.length === 0) return
    const bytes = this.#bytes
    this.#chunks = []
    this.#bytes = 0
    const written = this.#takeWritten()
    if (chunks.length === 1) this.#socket.write(chunks[0]!, written)
    else if (bytes <= JOIN_BYTES_MAX) this.#socket.write(Buffer.concat(chunks, bytes), written)
    else this.#writeVector(chunks, written)
    // The socket may have its own, larger mark and have nothing to drain.
    if (this.#blocked && !this.#socket.writableNeedDrain) process.nextTick(() => this.#release())
  }

  #endOfTick = (): void => {
    this.#scheduled = false
    this.flush()
  }

  #writeVector(chunks: readonly Buffer[], written: Written | undefined): void {
    const last = chunks.length - 1
    this.#socket.cork()
    for (let i = 0; i < last; i++) this.#socket.write(chunks[i]!)
    this.#socket.write(chunks[last]!, written)
    this.#socket.uncork()
  }

  #takeWritten(): Written | undefined {
    const callbacks = this.#written
    if (callbacks.length === 0) return undefined
    this.#written = []
    return (error) => {
      if (!error) for (const written of callbacks) written()
    }
  }

  #release(): void {
    if (!this.#blocked || this.#socket.writableNeedDrain) return
    this.#blocked = false
    this.#onDrain()
  }
}
