import { SqlError } from '../../errors/sql-error.ts'
import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from './constants.ts'
import { headerLength } from './framing.ts'

/** One complete message of the other side. Both views stay valid and are never written to again. */
export interface Frame {
  /** Payload without headers, joined when it came in several packets. */
  readonly payload: Buffer
  /** The same with its headers, exactly as received. */
  readonly packet: Buffer
  /** Sequence id that the answer starts with: one behind the last packet's. */
  readonly nextSequenceId: number
}

const GROWTH_BYTES_MIN = 4096

/**
 * Finds messages in a byte stream cut anywhere.
 *
 * A message that arrives whole in one chunk is a view of that chunk. An incomplete one is gathered in a buffer that
 * grows with what really arrived (at most twofold), never with what a header promises, so that neither a false length
 * nor a sender of single bytes costs memory. Raises ER_NET_PACKET_TOO_LARGE as soon as the headers announce a payload
 * of `maxPayloadBytes` or more, and ER_NET_PACKETS_OUT_OF_ORDER for a wrong sequence id; both end the stream.
 */
export class PacketAssembler {
  /** Bytes not handed out yet, a view of the backing store. */
  #buf: Buffer = EMPTY
  /** Backing store with room behind `#buf`, when it is ours to append to. */
  #store: Buffer | undefined
  /** End of `#buf` within `#store`. */
  #storeEnd = 0
  /** Offset in `#buf` of the header that is looked at next, and the payload bytes before it. */
  #scan = 0
  #payloadBytes = 0
  #sequenceId: number
  maxPayloadBytes: number

  constructor(maxPayloadBytes: number, firstSequenceId = 0) {
    this.maxPayloadBytes = maxPayloadBytes
    this.#sequenceId = firstSequenceId
  }

  /** Bytes received and not handed out. */
  get bufferedBytes(): number {
    return this.#buf.length
  }

  /** Sequence id that the next packet must have. */
  get sequenceId(): number {
    return this.#sequenceId
  }

  /** Sets the sequence id that the next message must begin with. */
  expect(sequenceId: number): void {
    this.#sequenceId = sequenceId & 0xff
  }

  push(chunk: Buffer): void {
    if (this.#buf.length === 0) {
      this.#buf = chunk
      this.#store = undefined
      return
    }
    if (this.#store === undefined || this.#storeEnd + chunk.length > this.#store.length)
      this.#grow(chunk.length)
    const store = this.#store!
    chunk.copy(store, this.#storeEnd)
    const start = this.#storeEnd - this.#buf.length
    this.#storeEnd += chunk.length
    this.#buf = store.subarray(start, this.#storeEnd)
  }

  /** The next complete message, or undefined until more bytes come. */
  next(): Frame | undefined {
    const buf = this.#buf
    for (;;) {
      const at = this.#scan
      if (buf.length < at + HEADER_BYTES) return undefined
      const length = headerLength(buf, at)
      if (buf[at + 3] !== this.#sequenceId) throw packetsOutOfOrder()
      if (this.#payloadBytes + length >= this.maxPayloadBytes) throw packetTooLarge()
      const end = at + HEADER_BYTES + length
      if (buf.length < end) return undefined
      this.#sequenceId = (this.#sequenceId + 1) & 0xff
      this.#payloadBytes += length
      this.#scan = end
      if (length < MAX_PACKET_PAYLOAD) return this.#take(end)
    }
  }

  /** What is buffered, without taking it. */
  peek(): Buffer {
    return this.#buf
  }

  /** Takes bytes from the beginning as they are, of something that is no packet; at most what is buffered. */
  takeBytes(bytes: number): Buffer {
    const taken = this.#buf.subarray(0, bytes)
    this.#buf = this.#buf.subarray(bytes)
    this.#scan = 0
    this.#payloadBytes = 0
    return taken
  }

  /** Takes everything that is buffered as it is, e.g. to hand it to TLS or to drop it. */
  drain(): Buffer {
    return this.takeBytes(this.#buf.length)
  }

  #take(end: number): Frame {
    const packet = end === this.#buf.length ? this.#buf : this.#buf.subarray(0, end)
    const payload =
      end === HEADER_BYTES + this.#payloadBytes
        ? packet.subarray(HEADER_BYTES)
        : joinPayload(packet, this.#payloadBytes)
    this.#buf = end === this.#buf.length ? EMPTY : this.#buf.subarray(end)
    this.#scan = 0
    this.#payloadBytes = 0
    return { payload, packet, nextSequenceId: this.#sequenceId }
  }

  #grow(moreBytes: number): void {
    const length = this.#buf.length
    const store = Buffer.allocUnsafeSlow(Math.max(2 * length, length + moreBytes, GROWTH_BYTES_MIN))
    this.#buf.copy(store)
    this.#store = store
    this.#storeEnd = length
  }
}

const EMPTY = Buffer.alloc(0)

/** Copies the payload out of several packets. */
function joinPayload(packets: Buffer, payloadBytes: number): Buffer {
  const payload = Buffer.allocUnsafe(payloadBytes)
  let written = 0
  for (let at = 0; at < packets.length; ) {
    const length = headerLength(packets, at)
    packets.copy(payload, written, at + HEADER_BYTES, at + HEADER_BYTES + length)
    written += length
    at += HEADER_BYTES + length
  }
  return payload
}

export function packetsOutOfOrder(): SqlError {
  return new SqlError('ER_NET_PACKETS_OUT_OF_ORDER', 'Got packets out of order')
}

function packetTooLarge(): SqlError {
  return new SqlError('ER_NET_PACKET_TOO_LARGE', "Got a packet bigger than 'max_allowed_packet' bytes")
}
