import type { Socket } from 'node:net'
import { assert } from '../../base/assert.ts'
import type { ByteBudget } from '../../base/byte-budget.ts'
import type { Clock } from '../../base/clock.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { Capability, Command, Status } from '../codec/constants.ts'
import { FilePackets } from '../codec/file-packets.ts'
import type { Frame, PacketAssembler } from '../codec/packet-assembler.ts'
import { malformedPacket } from '../codec/packet-reader.ts'
import { PacketWriter } from '../codec/packet-writer.ts'
import { encodeEof, encodeErr, encodeOk, type OkPacket } from '../codec/responses.ts'
import type { AuthPlugin } from './auth/authenticate.ts'
import type { RsaKey } from './auth/rsa-key.ts'
import type { UserDirectory } from './auth/user-directory.ts'
import { changeUser } from './change-user.ts'
import { SET_OPTION_BYTES, sessionPayloadBytesMin } from './command-table.ts'
import { closeGently } from './gentle-close.ts'
import type { LoggedIn } from './login.ts'
import type { Limits, ServerEvent } from './options.ts'
import { OutputQueue } from './output-queue.ts'
import { PacketChannel } from './packet-channel.ts'
import type { Peer } from './peer.ts'
import type {
  ClientConnection,
  FileSink,
  Identity,
  SessionFactory,
  SessionHandler,
  SmallResultSet,
  TlsInfo,
} from './session-handler.ts'
import { encodeResultSet } from './small-result.ts'
import { type Statistics, statisticsText } from './statistics.ts'
import {
  idleTimedOut,
  internalError,
  packetMemoryExceeded,
  readTimedOut,
  serverShutdown,
  unknownCommand,
} from './wire-errors.ts'

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly limits: Limits
  readonly packetMemory: ByteBudget
  readonly clock: Clock
  readonly users: UserDirectory
  readonly rsaKey: RsaKey
  readonly authPlugin: AuthPlugin
  readonly createSession: SessionFactory
  readonly statistics: () => Statistics
  readonly onEvent: (event: ServerEvent) => void
  readonly onClosed: (connectionId: number) => void
  /** Time in milliseconds, a second old at most; read with every command, so it must cost nothing. */
  readonly coarseNowMs: () => number
}

/**
 * `idle`: the next command is awaited. `busy`: the session answers one. `authenticating`: a COM_CHANGE_USER goes on
 * with packets that are not commands. `closed`: nothing more is written, whatever arrives is dropped.
 */
type State = 'idle' | 'busy' | 'authenticating' | 'closed'

/** How long a client that is being drained has been silent before it is closed unasked. */
const DRAIN_QUIET_MS = 1_000

/** A client connection in its command phase: one command at a time, the rest waits in a bounded buffer. */
export class Connection implements ClientConnection {
  readonly id: number
  readonly capabilities: number
  readonly tls: TlsInfo | undefined
  readonly remoteHost: string
  readonly remotePort: number
  readonly connectedAtMs: number
  readonly #context: ConnectionContext
  readonly #isUnixSocket: boolean
  readonly #socket: Socket
  readonly #assembler: PacketAssembler
  readonly #output: OutputQueue
  readonly #session: SessionHandler
  #state: State = 'busy'
  #identity: Identity
  #nonce: Buffer
  #multiStatements: boolean
  #nextSequenceId: number
  /** `#deliver` is on the stack, so that `commandDone` need not call it. */
  #delivering = false
  /** The client has closed its sending side. */
  #ended = false
  #draining = false
  #idleTimeoutMs: number
  /** When the connection became idle, was last read from, and was first found not to take its answer. */
  #idleSinceMs = 0
  #readAtMs = 0
  #blockedSinceMs: number | undefined
  /** Of a busy connection: it receives a file. */
  #file: { readonly packets: FilePackets; readonly sink: FileSink } | undefined
  /** Of the memory for packets: by one that is larger than what is read ahead, until it is carried out. */
  #heldBytes = 0

  constructor(
    socket: Socket,
    assembler: PacketAssembler,
    peer: Peer,
    login: LoggedIn & { readonly nextSequenceId: number },
    context: ConnectionContext,
  ) {
    const { limits } = context
    this.id = peer.id
    this.remoteHost = peer.remoteHost
    this.remotePort = peer.remotePort
    this.#isUnixSocket = peer.isUnixSocket
    this.capabilities = login.capabilities
    this.tls = login.tls
    this.connectedAtMs = context.clock.now()
    this.#context = context
    this.#socket = socket
    this.#assembler = assembler
    this.#assembler.maxPayloadBytes = limits.packetBytesMax
    this.#assembler.expect(0)
    this.#output = new OutputQueue(socket, limits.writeBufferBytes, () => this.#drained())
    this.#identity = login.identity
    this.#nonce = login.nonce
    this.#multiStatements = (login.capabilities & Capability.MULTI_STATEMENTS) !== 0
    this.#nextSequenceId = login.nextSequenceId
    this.#idleTimeoutMs = this.#ownIdleTimeoutMs()
    this.#session = context.createSession(this)
  }

  /** Begins with the session's answer to the login. */
  start(): void {
    const socket = this.#socket
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
    if (socket.destroyed) this.#onClose()
    else if (socket.readableEnded) this.#onEnd()
    if (this.closed) return
    this.#call(() => this.#session.onConnect())
    socket.resume()
  }

  get identity(): Identity {
    return this.#identity
  }

  get multiStatements(): boolean {
    return this.#multiStatements
  }

  get nextSequenceId(): number {
    return this.#nextSequenceId
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  write(chunk: Buffer, written?: () => void): boolean {
    return this.#state === 'closed' || this.#output.write(chunk, written)
  }

  commandDone(): void {
    if (this.#state === 'closed') return
    assert(this.#state === 'busy', 'a command is done once')
    if (!this.#draining) this.#output.flush()
    this.#becomeIdle()
  }

  finish(lastChunk: Buffer): void {
    if (this.#state === 'closed') return
    assert(this.#state === 'busy', 'a command is done once')
    if (this.#draining) this.#output.write(lastChunk)
    else this.#output.writeThrough(lastChunk)
    this.#becomeIdle()
  }

  expectFile(sink: FileSink, sequenceId: number): void {
    assert(this.#state === 'busy' && this.#file === undefined, 'a file is a part of a command')
    this.#file = { packets: new FilePackets(sequenceId), sink }
    this.#readAtMs = this.#context.coarseNowMs()
    if (this.#ended) this.#socket.destroy()
    else if (this.#assembler.bufferedBytes > 0) this.#receiveFile(this.#assembler.drain())
    this.resumeFile()
  }

  resumeFile(): void {
    if (this.#state === 'closed' || !this.#socket.isPaused()) return
    this.#readAtMs = this.#context.coarseNowMs()
    this.#socket.resume()
  }

  sendOk(ok: Partial<OkPacket>, sequenceId = this.#nextSequenceId): void {
    this.finish(encodeOk(ok, sequenceId))
  }

  sendEof(
    eof: { readonly status: number; readonly warnings?: number },
    sequenceId = this.#nextSequenceId,
  ): void {
    this.finish(encodeEof(eof, sequenceId))
  }

  sendError(error: SqlError, sequenceId = this.#nextSequenceId): void {
    this.finish(encodeErr(error, sequenceId))
  }

  sendResultSet(resultSet: SmallResultSet, sequenceId = this.#nextSequenceId): void {
    this.finish(encodeResultSet(resultSet, sequenceId))
  }

  get idleTimeoutMs(): number {
    return this.#idleTimeoutMs
  }

  setIdleTimeout(timeoutMs: number | undefined): void {
    this.#idleTimeoutMs = timeoutMs ?? this.#ownIdleTimeoutMs()
  }

  close(error?: SqlError, sequenceId = this.#closingSequenceId()): void {
    if (this.#state === 'closed') return
    if (error !== undefined) this.#output.write(encodeErr(error, sequenceId))
    this.#output.flush()
    this.#enterClosed()
    closeGently(this.#socket, this.#context.clock)
  }

  /**
   * For a proxy that is to stop: closes with 1053 as soon as no transaction is open. A client at work is told together with
   * its next answer, for then it cannot have sent another statement yet; one that is quiet, unasked, by the next sweep.
   */
  drain(): void {
    this.#draining = true
  }

  /** Ends it now; an idle client is told why. */
  shutDown(): void {
    this.close(this.#state === 'idle' ? serverShutdown() : undefined)
  }

  /** Called about once a second: whatever has a time limit is checked here. */
  sweep(nowMs: number): void {
    const { limits } = this.#context
    if (this.#state === 'closed') return
    if (this.#output.blocked) {
      this.#blockedSinceMs ??= nowMs
      if (nowMs - this.#blockedSinceMs >= limits.writeTimeoutMs) this.#giveUp('write')
    } else if (this.#file !== undefined) {
      const isSilent = !this.#socket.isPaused() && nowMs - this.#readAtMs >= limits.readTimeoutMs
      if (isSilent) this.#timeOut('read', readTimedOut())
    } else if (this.#state === 'idle' && this.#assembler.bufferedBytes > 0) {
      if (nowMs - this.#readAtMs >= limits.readTimeoutMs) this.#timeOut('read', readTimedOut())
    } else if (this.#state === 'idle') {
      const idleMs = nowMs - this.#idleSinceMs
      if (this.#draining && idleMs >= DRAIN_QUIET_MS && this.#mayStop()) this.close(serverShutdown())
      else if (idleMs >= this.#idleTimeoutMs) this.#timeOut('idle', idleTimedOut())
    }
  }

  #onData = (chunk: Buffer): void => {
    if (this.#state === 'closed') return
    this.#readAtMs = this.#context.coarseNowMs()
    if (this.#file !== undefined) return this.#receiveFile(chunk)
    this.#assembler.push(chunk)
    const isMuch = this.#assembler.bufferedBytes > this.#context.limits.pipelineBytesMax
    if (this.#state === 'idle') {
      if (isMuch && !this.#holdPacket()) return
      this.#deliver()
    } else if (isMuch) this.#socket.pause()
  }

  /** What lies behind the file waits for the end of the command. */
  #receiveFile(chunk: Buffer): void {
    const { packets, sink } = this.#file!
    let taken: ReturnType<FilePackets['take']>
    try {
      taken = packets.take(chunk)
    } catch (error) {
      return this.#protocolError(error as SqlError)
    }
    let takesMore = true
    this.#call(() => {
      for (const piece of taken.pieces) takesMore = sink.data(piece) && takesMore
    })
    if (packets.ended) {
      this.#file = undefined
      if (taken.rest !== undefined) this.#assembler.push(taken.rest)
      this.#call(() => sink.end(packets.sequenceId))
    } else if (!takesMore && !this.closed) this.#socket.pause()
  }

  /** Ends the connection, as nothing else would end the packet, where there is no memory for more of it. */
  #holdPacket(): boolean {
    const { packetMemory } = this.#context
    const more = this.#assembler.bufferedBytes - this.#heldBytes
    if (!packetMemory.take(more)) {
      this.#protocolError(packetMemoryExceeded(packetMemory))
      return false
    }
    this.#heldBytes += more
    return true
  }

  #givePacket(): void {
    this.#context.packetMemory.give(this.#heldBytes)
    this.#heldBytes = 0
  }

  /** Hands over commands until one keeps the session busy. */
  #deliver(): void {
    this.#delivering = true
    while (this.#state === 'idle') {
      const frame = this.#nextFrame()
      if (frame === undefined) break
      this.#dispatch(frame)
    }
    this.#delivering = false
    if (this.#state !== 'idle') return
    if (this.#ended) this.close()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #nextFrame(): Frame | undefined {
    if (this.#assembler.bufferedBytes === 0) return undefined
    try {
      const frame = this.#assembler.next()
      if (frame !== undefined) this.#assembler.expect(0)
      return frame
    } catch (error) {
      this.#protocolError(error as SqlError)
      return undefined
    }
  }

  #dispatch(frame: Frame): void {
    const { payload } = frame
    this.#state = 'busy'
    this.#nextSequenceId = frame.nextSequenceId
    // A packet without payload is COM_SLEEP to MySQL.
    const command = payload.length === 0 ? Command.SLEEP : payload[0]!
    const bytesMin = sessionPayloadBytesMin[command]!
    if (bytesMin === 0) this.#answer(command, payload)
    else if (payload.length < bytesMin) this.sendError(malformedPacket())
    else this.#carryOut(frame)
  }

  /** Like `#call`, but without a closure for every command. */
  #carryOut({ payload, packet }: Frame): void {
    try {
      this.#session.onCommand(payload, packet)
    } catch (error) {
      this.#sessionBug(error)
    }
  }

  /** Commands that need no session, or only its consent. */
  #answer(command: number, payload: Buffer): void {
    switch (command) {
      case Command.QUIT:
        this.close()
        break
      case Command.PING:
        this.#session.onPing()
        this.sendOk({ status: this.#session.statusFlags, warnings: this.#session.warningCount })
        break
      case Command.STATISTICS:
        this.#tellStatistics()
        break
      case Command.SET_OPTION:
        this.#setOption(payload)
        break
      case Command.RESET_CONNECTION:
        this.#idleTimeoutMs = this.#ownIdleTimeoutMs()
        this.#call(() => this.#session.onResetConnection())
        break
      case Command.CHANGE_USER:
        void this.#changeUser(payload)
        break
      default:
        this.sendError(unknownCommand())
    }
  }

  #tellStatistics(): void {
    const text = statisticsText(this.#context.statistics())
    this.finish(new PacketWriter().utf8(text).finish(this.#nextSequenceId))
  }

  #setOption(payload: Buffer): void {
    const option = payload.length < SET_OPTION_BYTES ? undefined : payload.readUInt16LE(1)
    if (option === undefined) {
      this.sendError(malformedPacket())
    } else if (option > 1) {
      this.sendError(unknownCommand())
    } else {
      this.#multiStatements = option === 0
      this.sendEof({ status: this.#session.statusFlags, warnings: this.#session.warningCount })
    }
  }

  /** Authenticates anew. A refusal ends the connection, as in MySQL; so does a packet that cannot be read. */
  async #changeUser(payload: Buffer): Promise<void> {
    const { clock, limits, users, rsaKey, authPlugin } = this.#context
    this.#state = 'authenticating'
    this.#socket.off('data', this.#onData).off('end', this.#onEnd)
    const channel = PacketChannel.continue(this.#socket, this.#assembler, this.#nextSequenceId)
    const cancel = clock.after(limits.connectTimeoutMs, () => channel.fail(readTimedOut()))
    let failure: unknown
    try {
      const { id, remoteHost, remotePort, capabilities, tls } = this
      const peer = { id, remoteHost, remotePort, isUnixSocket: this.#isUnixSocket }
      const before = { identity: this.#identity, capabilities, tls, nonce: this.#nonce }
      const changed = await changeUser(channel, payload, { peer, before, users, rsaKey, authPlugin })
      this.#identity = changed.identity
      this.#nonce = changed.nonce
    } catch (error) {
      failure = error
    }
    cancel()
    channel.detach()
    if (this.closed) return
    this.#nextSequenceId = channel.sequenceId
    this.#state = 'busy'
    this.#idleTimeoutMs = this.#ownIdleTimeoutMs()
    if (failure === undefined) this.#resumeAs(() => this.#session.onChangeUser())
    else this.#refuse(failure as Error)
  }

  /** Commands are read again, once the session has answered the one that was not read as such. */
  #resumeAs(answer: () => void): void {
    this.#assembler.expect(0)
    this.#socket.on('data', this.#onData).on('end', this.#onEnd)
    if (this.#socket.readableEnded) this.#onEnd()
    this.#call(answer)
    this.#socket.resume()
  }

  #refuse(error: Error): void {
    const { onEvent } = this.#context
    onEvent({ kind: 'login-failed', connectionId: this.id, host: this.remoteHost, error })
    if (error instanceof SqlError) this.close(error)
    else this.#socket.destroy()
  }

  #becomeIdle(): void {
    this.#state = 'idle'
    if (this.#heldBytes > 0) this.#givePacket()
    this.#idleSinceMs = this.#context.coarseNowMs()
    if (this.#draining && this.#mayStop()) this.close(serverShutdown())
    else if (!this.#delivering && (this.#assembler.bufferedBytes > 0 || this.#ended)) this.#deliver()
  }

  /** On an idle connection nothing was asked, and MySQL's unasked errors have sequence id 0. */
  #closingSequenceId(): number {
    return this.#state === 'idle' ? 0 : this.#nextSequenceId
  }

  /** The limit before the session sets one. */
  #ownIdleTimeoutMs(): number {
    const { interactiveTimeoutMs, waitTimeoutMs } = this.#context.limits
    return (this.capabilities & Capability.INTERACTIVE) !== 0 ? interactiveTimeoutMs : waitTimeoutMs
  }

  #mayStop(): boolean {
    return (this.#session.statusFlags & Status.IN_TRANS) === 0
  }

  /** The session must not bring down other connections by a bug in one. */
  #call(method: () => void): void {
    try {
      method()
    } catch (error) {
      this.#sessionBug(error)
    }
  }

  #sessionBug(error: unknown): void {
    this.#context.onEvent({ kind: 'session-bug', connectionId: this.id, error })
    this.close(internalError())
  }

  #drained(): void {
    this.#blockedSinceMs = undefined
    if (this.#state !== 'closed') this.#call(() => this.#session.onDrain())
  }

  #protocolError(error: SqlError): void {
    this.#context.onEvent({ kind: 'protocol-error', connectionId: this.id, error })
    // As MySQL: a packet that is too large is answered like a command, one out of order begins anew.
    this.close(error, error.code === 'ER_NET_PACKET_TOO_LARGE' ? this.#assembler.sequenceId + 1 : 0)
  }

  #timeOut(what: 'idle' | 'read', error: SqlError): void {
    this.#context.onEvent({ kind: 'timed-out', connectionId: this.id, what })
    this.close(error)
  }

  /** A client that takes nothing cannot be told anything either. */
  #giveUp(what: 'write'): void {
    this.#context.onEvent({ kind: 'timed-out', connectionId: this.id, what })
    this.#socket.destroy()
  }

  /**
   * The client has closed its sending side. It may be gone altogether, which TCP does not tell; so the command that
   * runs has a bounded time to begin its answer, or to go on with it.
   */
  #onEnd = (): void => {
    this.#ended = true
    if (this.#state === 'idle') this.#deliver()
    else if (this.#file !== undefined) this.#socket.destroy()
    else if (this.#state === 'busy') this.#boundLastCommand()
  }

  #boundLastCommand(): void {
    const { clock, limits } = this.#context
    const written = this.#socket.bytesWritten
    const cancel = clock.after(limits.halfCloseGraceMs, () => {
      this.#socket.off('close', cancel)
      if (this.#socket.bytesWritten === written) this.#socket.destroy()
      else this.#boundLastCommand() // the answer is on its way, and a client that has gone would reset it
    })
    this.#socket.once('close', cancel)
  }

  #onClose = (): void => this.#enterClosed()

  #enterClosed(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#assembler.drain()
    this.#givePacket()
    const file = this.#file
    this.#file = undefined
    if (file !== undefined) this.#call(() => file.sink.gone())
    this.#call(() => this.#session.onClientGone())
    this.#context.onClosed(this.id)
    this.#context.onEvent({ kind: 'closed', connectionId: this.id })
  }
}
