import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from './constants.ts'
import { packetsOutOfOrder } from './packet-assembler.ts'

/**
 * Takes the headers off the packets in which a client sends a file, in a byte stream cut anywhere. Nothing is kept but
 * a header of which the rest has not come. A packet without payload ends the file, unless it continues one of the largest
 * size. Source: MySQL client/server protocol, "LOCAL INFILE Request".
 */
export class FilePackets {
  /** Payload bytes of the current packet that have not come yet. */
  #left = 0
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #continued = false
  #sequenceId: number
  #ended = false

  constructor(firstSequenceId: number) {
    this.#sequenceId = firstSequenceId & 0xff
  }

  /** The empty packet has come. */
  get ended(): boolean {
    return this.#ended
  }

  /** Sequence id of the packet that follows the last one. */
  get sequenceId(): number {
    return this.#sequenceId
  }

  /**
   * The file's bytes in `chunk`, as views of it, and at the end what lies behind the file. Throws
   * ER_NET_PACKETS_OUT_OF_ORDER for a wrong sequence id.
   */
  take(chunk: Buffer): { readonly pieces: readonly Buffer[]; readonly rest?: Buffer } {
    const pieces: Buffer[] = []
    let at = 0
    while (at < chunk.length && !this.#ended) {
      if (this.#left > 0) {
        const end = Math.min(at + this.#left, chunk.length)
        pieces.push(chunk.subarray(at, end))
        this.#left -= end - at
        at = end
      } else {
        this.#header[this.#headerBytes++] = chunk[at++]!
        if (this.#headerBytes === HEADER_BYTES) this.#begin()
      }
    }
    return this.#ended && at < chunk.length ? { pieces, rest: chunk.subarray(at) } : { pieces }
  }

  #begin(): void {
    const length = this.#header.readUIntLE(0, 3)
    if (this.#header[3] !== this.#sequenceId) throw packetsOutOfOrder()
    this.#sequenceId = (this.#sequenceId + 1) & 0xff
    this.#headerBytes = 0
    this.#ended = length === 0 && !this.#continued
    this.#continued = length === MAX_PACKET_PAYLOAD
    this.#left = length
  }
}
