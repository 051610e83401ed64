import { HEADER_BYTES, MAX_PACKET_PAYLOAD } from './constants.ts'
import { framePayload, writeHeader } from './framing.ts'
import { lenencSize, writeLenenc } from './lenenc.ts'

const INITIAL_BYTES = 256

/**
 * Builds one MySQL packet: int<3> payload length, int<1> sequence id, payload; little-endian.
 *
 * Text is written by one of two names, because the two differ: `binary` takes a binary string (one character a byte,
 * the form of SQL text and of column names here), `utf8` takes a JavaScript string.
 * Source: MySQL client/server protocol, "Protocol Basics", section "MySQL Packets".
 */
export class PacketWriter {
  #buf = Buffer.allocUnsafe(INITIAL_BYTES)
  #end = HEADER_BYTES

  uint1(value: number): this {
    this.#reserve(1)
    this.#buf[this.#end++] = value
    return this
  }

  uint2(value: number): this {
    this.#reserve(2)
    this.#end = this.#buf.writeUInt16LE(value & 0xffff, this.#end)
    return this
  }

  uint3(value: number): this {
    this.#reserve(3)
    this.#end = this.#buf.writeUIntLE(value, this.#end, 3)
    return this
  }

  uint4(value: number): this {
    this.#reserve(4)
    this.#end = this.#buf.writeUInt32LE(value >>> 0, this.#end)
    return this
  }

  uint8(value: number | bigint): this {
    this.#reserve(8)
    this.#end = this.#buf.writeBigUInt64LE(BigInt(value), this.#end)
    return this
  }

  lenencInt(value: number | bigint): this {
    if (typeof value === 'bigint' && value > Number.MAX_SAFE_INTEGER) return this.uint1(0xfe).uint8(value)
    const small = Number(value)
    this.#reserve(lenencSize(small))
    this.#end = writeLenenc(this.#buf, this.#end, small)
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#buf.set(bytes, this.#end)
    this.#end += bytes.length
    return this
  }

  zeros(count: number): this {
    this.#reserve(count)
    this.#buf.fill(0, this.#end, this.#end + count)
    this.#end += count
    return this
  }

  /** A binary string: every character code is one byte. */
  binary(text: string): this {
    this.#reserve(text.length)
    this.#end += this.#buf.latin1Write(text, this.#end)
    return this
  }

  utf8(text: string): this {
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.#end += this.#buf.utf8Write(text, this.#end)
    return this
  }

  lenencBytes(bytes: Uint8Array): this {
    return this.lenencInt(bytes.length).bytes(bytes)
  }

  lenencBinary(text: string): this {
    return this.lenencInt(text.length).binary(text)
  }

  lenencUtf8(text: string): this {
    return this.lenencInt(Buffer.byteLength(text)).utf8(text)
  }

  /** The payload without a header. The caller owns it; the writer starts a fresh buffer. */
  finishPayload(): Buffer {
    const payload = this.#buf.subarray(HEADER_BYTES, this.#end)
    this.#reset()
    return payload
  }

  /**
   * Completes the packet; a payload of 2^24 - 1 bytes and more becomes several.
   * The caller owns the returned bytes; the writer starts a fresh buffer.
   */
  finish(sequenceId: number): Buffer {
    const length = this.#end - HEADER_BYTES
    if (length >= MAX_PACKET_PAYLOAD) return framePayload(this.finishPayload(), sequenceId)
    const packet = this.#buf.subarray(0, this.#end)
    writeHeader(packet, 0, length, sequenceId)
    this.#reset()
    return packet
  }

  #reset(): void {
    this.#buf = Buffer.allocUnsafe(INITIAL_BYTES)
    this.#end = HEADER_BYTES
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes
    if (needed <= this.#buf.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buf.length * 2))
    this.#buf.copy(grown, 0, 0, this.#end)
    this.#buf = grown
  }
}
