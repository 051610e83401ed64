import type { Socket } from 'node:net'
import { assert } from '../../base/assert.ts'
import { type Frame, PacketAssembler } from '../codec/packet-assembler.ts'

/** The connection ended, or was given up, before the packet that was waited for. */
export class ConnectionLost extends Error {}

/**
 * One packet after the other over a socket, for the connection phase, where each waits for the one before.
 *
 * The socket is only read while a packet is waited for, so that a client that talks ahead fills its own buffers.
 * Sequence ids go on through the whole phase.
 */
export class PacketChannel {
  readonly assembler: PacketAssembler
  #socket: Socket
  #sequenceId: number
  /** Who waits: `take` gets what it waits for out of the assembler, or undefined while that is incomplete. */
  #waiter: { take(): (() => void) | undefined; reject(reason: Error): void } | undefined
  #failure: Error | undefined

  private constructor(socket: Socket, assembler: PacketAssembler, sequenceId: number) {
    this.#socket = socket
    this.assembler = assembler
    this.#sequenceId = sequenceId
    this.#listen()
  }

  /** For a connection that begins. */
  static begin(socket: Socket, maxPayloadBytes: number): PacketChannel {
    return new PacketChannel(socket, new PacketAssembler(maxPayloadBytes), 0)
  }

  /** For an exchange within a connection: `assembler` may hold packets that were read ahead. */
  static continue(socket: Socket, assembler: PacketAssembler, sequenceId: number): PacketChannel {
    return new PacketChannel(socket, assembler, sequenceId)
  }

  get socket(): Socket {
    return this.#socket
  }

  /** Sequence id of the next packet in either direction. */
  get sequenceId(): number {
    return this.#sequenceId
  }

  send(encode: (sequenceId: number) => Buffer): void {
    const packet = encode(this.#sequenceId)
    this.#sequenceId = (this.#sequenceId + 1) & 0xff
    this.#socket.write(packet)
  }

  /** False while TLS or a computation is waited for, and not the client's next packet. */
  get receiving(): boolean {
    return this.#waiter !== undefined
  }

  /** Rejects with `ConnectionLost`, with what `fail` was given, or with the SqlError of a broken frame. */
  async receive(): Promise<Frame> {
    this.assembler.expect(this.#sequenceId)
    const frame = await this.#wait(() => this.assembler.next())
    this.#sequenceId = frame.nextSequenceId
    return frame
  }

  /** Bytes that are no packet; `measure` says how many once it can tell, and throws if they are not what they should be. */
  receiveBytes(measure: (received: Buffer) => number | undefined): Promise<Buffer> {
    return this.#wait(() => {
      const bytes = measure(this.assembler.peek())
      return bytes === undefined ? undefined : this.assembler.takeBytes(bytes)
    })
  }

  /** Rejects what is waited for, now and from now on. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#advance()
  }

  /** Leaves the socket paused and without listeners of ours. */
  detach(): Socket {
    const socket = this.#socket
    socket.pause()
    socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onEnd)
      .off('error', this.#onError)
    return socket
  }

  /** Goes on over another socket, e.g. the TLS socket made of the one before. */
  attach(socket: Socket): void {
    this.#socket = socket
    this.#listen()
  }

  #listen(): void {
    this.#socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('close', this.#onEnd)
      .on('error', this.#onError)
    this.#socket.pause()
  }

  #onData = (chunk: Buffer): void => {
    this.assembler.push(chunk)
    this.#advance()
  }

  #onEnd = (): void => this.fail(new ConnectionLost('connection closed by the client'))
  #onError = (cause: Error): void => this.fail(new ConnectionLost('connection broken', { cause }))

  #wait<T>(take: () => T | undefined): Promise<T> {
    assert(this.#waiter === undefined, 'one packet is waited for at a time')
    return new Promise((resolve, reject) => {
      const takeAndResolve = (): (() => void) | undefined => {
        const value = take()
        return value === undefined ? undefined : () => resolve(value)
      }
      this.#waiter = { take: takeAndResolve, reject }
      this.#advance()
      if (this.#waiter !== undefined) this.#socket.resume()
    })
  }

  /** Hands over what is waited for, or the reason why it will not come. */
  #advance(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    try {
      const resolve = waiter.take()
      if (resolve === undefined && this.#failure === undefined) return
      this.#settle()
      if (resolve === undefined) waiter.reject(this.#failure!)
      else resolve()
    } catch (error) {
      this.#settle()
      waiter.reject(error as Error)
    }
  }

  #settle(): void {
    this.#waiter = undefined
    this.#socket.pause()
  }
}
