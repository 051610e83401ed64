import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from '../codec/constants.ts'
import { writeHeader } from '../codec/framing.ts'
import type { BackendConnection } from './backend-connection.ts'

/** Bytes of a file that wait for the server before the sender is told to wait. */
const UNSENT_BYTES_MAX = 256 * 1024

/** The server has sequence id 0 of the statement and 1 of its own request behind it. */
const FIRST_SEQUENCE_ID = 2

/**
 * Sends a server the file that it has asked for (LOCAL INFILE), as packets. What is sent to a connection that is lost goes
 * nowhere: the reader of the answer hears of that.
 */
export class FileSender {
  readonly #connection: BackendConnection
  #sequenceId = FIRST_SEQUENCE_ID

  constructor(connection: BackendConnection) {
    this.#connection = connection
  }

  /** The bytes are the connection's from now on. False: wait for `drained`. */
  send(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      const packet = bytes.subarray(at, at + PACKET_BYTES)
      this.#header(packet.length)
      this.#connection.sendFile(packet)
    }
    return this.#connection.unsentBytes < UNSENT_BYTES_MAX
  }

  /** Resolves when the server has taken what was sent, or is gone. */
  drained(): Promise<void> {
    return this.#connection.drained()
  }

  /** The file is complete: the server answers. */
  end(): void {
    this.#header(0)
  }

  #header(payloadBytes: number): void {
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    writeHeader(header, 0, payloadBytes, this.#sequenceId++)
    this.#connection.sendFile(header)
  }
}

/** One of the largest size would be continued by the packet behind it. */
const PACKET_BYTES = MAX_PACKET_PAYLOAD - 1
