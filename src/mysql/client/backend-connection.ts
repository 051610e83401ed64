import type { Socket } from 'node:net'
import { SqlError } from '../../errors/sql-error.ts'
import { HEADER_BYTES } from '../codec/constants.ts'
import { framedPacketCount } from '../codec/framing.ts'
import { encodeErr } from '../codec/responses.ts'
import type { ResponseReader } from './response-reader.ts'

/**
 * One authenticated connection to a MySQL server, in its command phase.
 *
 * Commands may be sent without waiting for the answers of those before; answers come back in order, each to the
 * reader its command was sent with. The connection is `idle` (nothing expected), `busy`, or `closed`, and never
 * leaves `closed`. Bytes that arrive while it is idle were not asked for (MySQL >= 8.0.24 writes error 4031 before
 * it closes an idle connection) and close it.
 *
 * A command that its server would not take, and would close the connection for, is not sent: its reader is answered 1153.
 */
export class BackendConnection {
  /** Id for KILL, unique on the server at one time. */
  readonly threadId: number
  readonly serverVersion: string
  /** Prepared statements of this connection, by SQL text; written by whoever prepares. */
  readonly statements = new Map<string, BackendStatement>()
  /** Grows with whatever is sent or comes: one who looks from time to time sees whether the server is silent. */
  activity = 0

  readonly #socket: Socket
  /** Readers in the order of their commands; the first is being answered. */
  readonly #readers: ResponseReader[] = []
  /** Those of commands that were not sent, and their answers. */
  readonly #refused = new Map<ResponseReader, Buffer>()
  readonly #packetBytesMax: () => number | undefined
  #held: { readonly packet: Buffer; readonly reader: ResponseReader } | undefined
  #closed = false
  #paused = false
  #onClosed: ((error: Error) => void) | undefined

  constructor(socket: Socket, handshake: BackendHandshake) {
    this.#socket = socket
    this.threadId = handshake.threadId
    this.serverVersion = handshake.serverVersion
    this.#packetBytesMax = handshake.packetBytesMax ?? (() => undefined)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('landed', (landed: Buffer) => this.#read(landed, true))
    socket.on('data', (chunk: Buffer) => this.#read(chunk, false))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    socket.on('end', () => socket.destroy())
  }

  get state(): 'idle' | 'busy' | 'closed' {
    return this.#closed ? 'closed' : this.#readers.length === 0 ? 'idle' : 'busy'
  }

  get isMariadb(): boolean {
    return this.serverVersion.includes('MariaDB')
  }

  /** Its reader holds it back: silence is not the server's. */
  get isPaused(): boolean {
    return this.#paused
  }

  /** Called once when the connection is lost for whatever reason. */
  onClosed(listener: (error: Error) => void): void {
    this.#onClosed = listener
  }

  /** Sends a whole command (with headers, sequence id 0). The connection takes ownership of the bytes. */
  send(packet: Buffer, reader: ResponseReader): void {
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      return this.together(() => {
        this.send(held.packet, held.reader)
        this.send(packet, reader)
      })
    }
    this.#readers.push(reader)
    this.activity++
    if (this.#closed) return this.#failReaders(lostConnection(new Error('the connection is closed')))
    const bytesMax = this.packetBytesMax
    if (packet.length - HEADER_BYTES < bytesMax || payloadBytes(packet) < bytesMax) this.#socket.write(packet)
    else this.#refuse(reader, payloadBytes(packet), bytesMax)
  }

  /** A command must be shorter. Infinity where it is not known. */
  get packetBytesMax(): number {
    return this.#packetBytesMax() ?? Number.POSITIVE_INFINITY
  }

  /** As `send`, together with the next command: until then nothing is on its way, and the connection's state is what it was. */
  sendWithNext(packet: Buffer, reader: ResponseReader): void {
    if (this.#held !== undefined || this.#closed) this.send(packet, reader)
    else this.#held = { packet, reader }
  }

  /** What `send` sends within `work` goes in one segment. */
  together<T>(work: () => T): T {
    this.#socket.cork()
    try {
      return work()
    } finally {
      this.#socket.uncork()
    }
  }

  /** Sends a command that has no answer (COM_STMT_CLOSE, COM_STMT_SEND_LONG_DATA). */
  sendUnanswered(packet: Buffer): void {
    if (!this.#closed) this.#socket.write(packet)
  }

  /** Sends a part of the file that the server has asked for: one or more packets, or some bytes of one. */
  sendFile(bytes: Buffer): void {
    this.activity++
    if (!this.#closed) this.#socket.write(bytes)
  }

  /** Bytes written that the server has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  /** Resolves when the server has taken what was written, or the connection is closed. */
  drained(): Promise<void> {
    if (this.#closed || !this.#socket.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }

  /** Stops reading: the server is held back by TCP. */
  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (!this.#closed) this.#socket.resume()
  }

  /** Closes at once; readers that still wait are told. */
  destroy(reason = new Error('the connection was closed by the proxy')): void {
    this.#fail(reason)
  }

  #read(bytes: Buffer, isLanded: boolean): void {
    let rest = bytes
    this.activity++
    for (;;) {
      const reader = this.#readers[0]
      if (reader === undefined) return this.#fail(new Error('the server sent a packet nobody asked for'))
      let left: number
      try {
        left = isLanded ? reader.land(rest) : reader.feed(rest)
      } catch (error) {
        return this.#fail(error as Error)
      }
      if (left < 0 || this.#closed) return
      this.#readers.shift()
      // Whoever held the answer back has all of it; the next answer is somebody else's.
      this.resume()
      // A reader that is done may send the next command at once: the connection is consistent here.
      reader.onDone()
      this.#answerRefused()
      if (left === 0 || this.#closed) return
      rest = rest.subarray(rest.length - left)
    }
  }

  /** It is answered when those before it have been; not at once, for whoever sends does not expect that. */
  #refuse(reader: ResponseReader, bytes: number, bytesMax: number): void {
    const text = `Got a packet bigger than 'max_allowed_packet' bytes: a shard's statement has ${bytes}, and its server takes less than ${bytesMax}`
    this.#refused.set(reader, encodeErr(new SqlError('ER_NET_PACKET_TOO_LARGE', text), 1))
    queueMicrotask(() => this.#answerRefused())
  }

  #answerRefused(): void {
    for (;;) {
      const [reader] = this.#readers
      const answer = reader === undefined ? undefined : this.#refused.get(reader)
      if (reader === undefined || answer === undefined) return
      this.#refused.delete(reader)
      this.#readers.shift()
      reader.feed(answer)
      reader.onDone()
    }
  }

  #fail(error: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    // First: a reader may ask again at once, and is not to be given this server without a look at it.
    this.#onClosed?.(error)
    this.#held?.reader.onLost(lostConnection(error))
    this.#held = undefined
    this.#failReaders(lostConnection(error))
  }

  #failReaders(error: SqlError): void {
    this.#refused.clear()
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader.onLost(error)
    }
  }
}

export interface BackendHandshake {
  readonly threadId: number
  readonly serverVersion: string
  /** max_allowed_packet as it is now; absent, or undefined: not known. */
  packetBytesMax?(): number | undefined
}

/** Without the headers: of a long payload there are several. */
function payloadBytes(packet: Buffer): number {
  return packet.length - framedPacketCount(packet.length) * HEADER_BYTES
}

/** Idle time before TCP asks whether the other end is still there: a cut cable is noticed though nobody sends. */
const KEEP_ALIVE_MS = 30_000

export interface BackendStatement {
  readonly id: number
  /** Types block of the last execute on this connection: what an execute without types would be read by. */
  boundTypes: Buffer | undefined
  /** Of each param, the type of the values so far; NULL's own where there were none. */
  metTypes: Buffer | undefined
}

function lostConnection(cause: Error): SqlError {
  return new SqlError('CR_SERVER_LOST', 'Lost connection to MySQL server during query', { cause })
}
