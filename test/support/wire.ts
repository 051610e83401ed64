import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** One packet, framed by hand: the encoder under test has no part in it. */
export function rawPacket(payload: Buffer | string, sequenceId: number): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload
  const length = bytes.length
  return Buffer.concat([Buffer.from([length % 256, (length >> 8) % 256, length >> 16, sequenceId]), bytes])
}

export interface RawReply {
  readonly sequenceId: number
  readonly payload: Buffer
}

/** A client that knows bytes and nothing of commands. */
export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.#listen(socket)
  }

  static connect(to: { port: number } | { path: string }): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        'path' in to ? { ...to, allowHalfOpen: true } : { host: '127.0.0.1', ...to, allowHalfOpen: true },
      )
      socket.once('error', reject)
      socket.once('connect', () => resolve(new RawClient(socket)))
    })
  }

  /** The same over a socket that is connected already. */
  static over(socket: Socket): RawClient {
    return new RawClient(socket)
  }

  #listen(socket: Socket): void {
    const wake = (): void => {
      this.#ended = true
      this.#wake()
    }
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('end', wake).on('close', wake).on('error', wake)
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  send(payload: Buffer | string, sequenceId = 0): void {
    this.write(rawPacket(payload, sequenceId))
  }

  /** The next packet; undefined when the server has closed. */
  async read(): Promise<RawReply | undefined> {
    for (;;) {
      const buf = this.#received
      const length = buf.length < 4 ? Number.POSITIVE_INFINITY : buf.readUIntLE(0, 3)
      if (buf.length >= 4 + length) {
        this.#received = buf.subarray(4 + length)
        return { sequenceId: buf[3]!, payload: buf.subarray(4, 4 + length) }
      }
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next packet as `sequence id:hex`. */
  async readHex(): Promise<string> {
    const reply = await this.read()
    return reply === undefined ? 'closed' : `${reply.sequenceId}:${reply.payload.toString('hex')}`
  }

  /** The errno of the next packet, which must be an ERR. */
  async readErrno(): Promise<number | string> {
    const reply = await this.read()
    if (reply === undefined) return 'closed'
    return reply.payload[0] === 0xff ? reply.payload.readUInt16LE(1) : reply.payload.toString('hex')
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, TRANSACTIONS, MULTI_STATEMENTS, MULTI_RESULTS, PLUGIN_AUTH. */
const CLIENT_CAPABILITIES = 0x000ba201

/** A handshake response written by hand; without `response` the user has no password. */
export function handshakeResponse(
  user: string,
  {
    response = Buffer.alloc(0),
    plugin = 'caching_sha2_password',
    capabilities = CLIENT_CAPABILITIES,
    charset = 45,
  }: { response?: Buffer; plugin?: string; capabilities?: number; charset?: number } = {},
): Buffer {
  const fixed = Buffer.alloc(32)
  fixed.writeUInt32LE(capabilities, 0)
  fixed.writeUInt32LE(1 << 24, 4)
  fixed[8] = charset
  return Buffer.concat([
    fixed,
    Buffer.from(`${user}\0`),
    Buffer.from([response.length]),
    response,
    Buffer.from(`${plugin}\0`),
  ])
}

/** What mysql_native_password answers to a nonce. */
export function nativeResponse(password: string, nonce: Buffer): Buffer {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest()
  const once = sha1(Buffer.from(password))
  const mask = sha1(Buffer.concat([nonce, sha1(once)]))
  return Buffer.from(once.map((byte, i) => byte ^ mask[i]!))
}
