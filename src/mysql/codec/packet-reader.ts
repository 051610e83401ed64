import { SqlError } from '../../errors/sql-error.ts'

export function malformedPacket(): SqlError {
  return new SqlError('ER_MALFORMED_PACKET', 'Malformed communication packet.')
}

/**
 * Bounds-checked cursor over one payload. Whatever would read past the end raises ER_MALFORMED_PACKET and leaves
 * the cursor where it was.
 *
 * Byte results are views of the payload, not copies. Lengths and counts above 2^53 cannot be meant and are malformed;
 * values that may be that large have their own `bigint` reader.
 * Source: MySQL client/server protocol, "Protocol Basics", sections "Integer Types" and "String Types".
 */
export class PacketReader {
  readonly #buf: Buffer
  #pos: number

  constructor(payload: Buffer, start = 0) {
    this.#buf = payload
    this.#pos = start
    if (start > payload.length) throw malformedPacket()
  }

  /** Offset of the next byte within the payload. */
  get position(): number {
    return this.#pos
  }

  get remaining(): number {
    return this.#buf.length - this.#pos
  }

  uint1(): number {
    return this.#buf[this.#take(1)]!
  }

  uint2(): number {
    return this.#buf.readUInt16LE(this.#take(2))
  }

  uint3(): number {
    return this.#buf.readUIntLE(this.#take(3), 3)
  }

  uint4(): number {
    return this.#buf.readUInt32LE(this.#take(4))
  }

  uint8(): bigint {
    return this.#buf.readBigUInt64LE(this.#take(8))
  }

  /** A length-encoded integer that is a length or a count: at most 2^53 - 1. */
  lenencInt(): number {
    const value = this.lenencBigInt()
    if (value > Number.MAX_SAFE_INTEGER) throw malformedPacket()
    return Number(value)
  }

  /** Any length-encoded integer; 0xfb (NULL in a row) and 0xff (ERR) start none. */
  lenencBigInt(): number | bigint {
    const start = this.#pos
    try {
      const first = this.uint1()
      if (first < 0xfb) return first
      if (first === 0xfc) return this.uint2()
      if (first === 0xfd) return this.uint3()
      if (first === 0xfe) return this.uint8()
      throw malformedPacket()
    } catch (error) {
      this.#pos = start
      throw error
    }
  }

  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#buf.subarray(start, start + length)
  }

  lenencBytes(): Buffer {
    const start = this.#pos
    const length = this.lenencInt()
    if (length > this.remaining) {
      this.#pos = start
      throw malformedPacket()
    }
    return this.bytes(length)
  }

  /** A cell of a text row: null for 0xfb. */
  lenencBytesOrNull(): Buffer | null {
    if (this.#buf[this.#pos] !== 0xfb) return this.lenencBytes()
    this.#take(1)
    return null
  }

  /** A lenenc string as a binary string: one character a byte. */
  lenencBinary(): string {
    return this.lenencBytes().latin1Slice()
  }

  /** Bytes up to a NUL, which is consumed and not returned. */
  nulBytes(): Buffer {
    const end = this.#buf.indexOf(0, this.#pos)
    if (end < 0) throw malformedPacket()
    const bytes = this.#buf.subarray(this.#pos, end)
    this.#pos = end + 1
    return bytes
  }

  /** Whether a NUL is still to come, so that `nulBytes` would succeed. */
  hasNul(): boolean {
    return this.#buf.includes(0, this.#pos)
  }

  rest(): Buffer {
    return this.bytes(this.remaining)
  }

  skip(length: number): void {
    this.#take(length)
  }

  /** Reserves `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.#pos
    if (length > this.#buf.length - start) throw malformedPacket()
    this.#pos = start + length
    return start
  }
}
