import cluster from 'node:cluster'
import { chmod } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ByteBudget } from '../../base/byte-budget.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { encodeEarlyErr, encodeErr } from '../codec/responses.ts'
import type { AuthPlugin } from './auth/authenticate.ts'
import { RsaKey } from './auth/rsa-key.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import { ConnectionIds } from './connection-ids.ts'
import { closeGently } from './gentle-close.ts'
import { LOGIN_PACKET_BYTES_MAX, login } from './login.ts'
import { defaultLimits, type Limits, type ListenAddress, type MysqlServerOptions } from './options.ts'
import { PacketChannel } from './packet-channel.ts'
import type { Peer } from './peer.ts'
import { receiveProxyHeader } from './proxy-protocol.ts'
import type { ClientConnection } from './session-handler.ts'
import { removeStaleSocket } from './stale-socket.ts'
import { readTimedOut, serverShutdown, tooManyConnections } from './wire-errors.ts'

/** How often time limits are looked at; they are met to within this. */
const SWEEP_INTERVAL_MS = 1_000

/** How long clients have to take their last bytes when the server closes. */
const CLOSE_MS = 2_000

/** Keep-alive finds clients whose machine has gone, and keeps load balancers from forgetting idle ones. */
const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  pauseOnConnect: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
} as const

/**
 * The MySQL server that clients connect to: listeners, the connection phase, limits, and an orderly end.
 * Each authenticated connection is handed to a session of its own.
 */
export class MysqlServer {
  readonly #options: MysqlServerOptions
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #context: ConnectionContext
  readonly #ids: ConnectionIds
  readonly #listeners: Server[] = []
  /** Every accepted socket that is not closed, also those in their connection phase or their last words. */
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Map<number, Connection>()
  /** Connections that count against `connectionsMax`: from accepting to the end of the session. */
  #open = 0
  #coarseNowMs: number
  #stopSweep: () => void = () => {}
  #draining = false
  #onEmpty: (() => void) | undefined

  constructor(options: MysqlServerOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#clock = options.clock ?? systemClock
    this.#ids = new ConnectionIds({ worker: options.workerNumber ?? 0, proxy: options.proxyNumber ?? 0 })
    this.#coarseNowMs = this.#clock.now()
    this.#context = {
      limits: this.#limits,
      packetMemory: options.packetMemory ?? new ByteBudget(Number.POSITIVE_INFINITY),
      clock: this.#clock,
      users: options.users,
      rsaKey: options.rsaKey ?? new RsaKey(),
      authPlugin: options.authPlugin ?? usualPlugin(options.serverVersion()),
      createSession: options.createSession,
      statistics: options.statistics,
      onEvent: options.onEvent ?? (() => {}),
      coarseNowMs: () => this.#coarseNowMs,
      onClosed: (id) => this.#connectionClosed(id),
    }
  }

  /** Authenticated connections by id, for KILL and the process list. */
  get connections(): ReadonlyMap<number, ClientConnection> {
    return this.#connections
  }

  /** Rejects when an address cannot be listened on; what was listening already is closed then. */
  async listen(): Promise<void> {
    try {
      for (const address of this.#options.listen) await this.#listenOn(address)
    } catch (error) {
      await this.close()
      throw error
    }
    this.#scheduleSweep()
  }

  /** Bound addresses in the order of the options: a port chosen by the system is told here. */
  addresses(): (AddressInfo | string)[] {
    return this.#listeners.map((listener) => listener.address()!)
  }

  /**
   * Stops accepting, closes every connection with error 1053 once it has no open transaction and is answered or quiet, and
   * all that are left after `graceMs`. Resolves when none is left.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    this.#stopListening()
    for (const connection of this.#connections.values()) connection.drain()
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(graceMs, resolve)
        this.#onEmpty = () => {
          cancel()
          resolve()
        }
      })
    }
    await this.close()
  }

  /** Ends everything now, but for what has been written already. Sessions are told by `onClientGone`. */
  async close(): Promise<void> {
    this.#stopSweep()
    this.#stopListening()
    for (const connection of this.#connections.values()) connection.shutDown()
    const closed = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    )
    for (const socket of this.#sockets) socket.destroySoon()
    // One whose client does not read has something left to write for ever.
    const cancel = this.#clock.after(CLOSE_MS, () => {
      for (const socket of this.#sockets) socket.destroy()
    })
    await Promise.all(closed)
    cancel()
  }

  async #listenOn(address: ListenAddress): Promise<void> {
    const listener = createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket, address))
    this.#listeners.push(listener)
    const path = address.kind === 'unix' ? address.path : undefined
    // To a worker its siblings look like strangers: there the parent removes what is stale before it forks.
    if (path !== undefined && !cluster.isWorker) await removeStaleSocket(path)
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(path ?? address, () => {
        listener.off('error', reject)
        resolve()
      })
    })
    // accept() failed, e.g. for want of file descriptors: the next may succeed.
    listener.on('error', (error) => this.#context.onEvent({ kind: 'accept-failed', error }))
    // As mysqld does: whoever may connect is for the passwords to decide.
    if (path !== undefined) await chmod(path, (address.kind === 'unix' ? address.mode : undefined) ?? 0o777)
  }

  #accept(socket: Socket, address: ListenAddress): void {
    socket.on('error', () => {}) // `close` follows and is what counts
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.#context.onEvent({ kind: 'too-many-connections', host: hostName(socket.remoteAddress) })
      closeGently(socket, this.#clock, encodeEarlyErr(refusal, 0))
      return
    }
    this.#open++
    const id = this.#ids.take()
    void this.#serve(socket, address, id).catch((error: unknown) => {
      this.#context.onEvent({ kind: 'session-bug', connectionId: id, error })
      socket.destroy()
    })
    socket.once('close', () => {
      this.#open--
      this.#ids.release(id)
    })
  }

  #refusal(): SqlError | undefined {
    if (this.#draining) return serverShutdown()
    if (this.#open < this.#limits.connectionsMax) return undefined
    return tooManyConnections()
  }

  /** From the first byte to the handing over to a session. */
  async #serve(socket: Socket, address: ListenAddress, id: number): Promise<void> {
    const channel = PacketChannel.begin(socket, LOGIN_PACKET_BYTES_MAX)
    const cancel = this.#clock.after(this.#limits.connectTimeoutMs, () => {
      if (channel.receiving) channel.fail(readTimedOut())
      else socket.destroy()
    })
    let peer = directPeer(socket, address, id)
    this.#context.onEvent({ kind: 'accepted', connectionId: id, host: peer.remoteHost })
    try {
      if (address.kind === 'tcp' && address.proxyProtocol) {
        const source = await receiveProxyHeader(channel)
        if (source !== undefined) peer = { ...peer, remoteHost: source.address, remotePort: source.port }
      }
      await this.#logIn(channel, peer)
    } catch (error) {
      this.#loginFailed(channel, peer, error as Error)
    } finally {
      cancel()
    }
  }

  async #logIn(channel: PacketChannel, peer: Peer): Promise<void> {
    const { remoteHost, isUnixSocket } = peer
    const serverVersion = this.#options.serverVersion()
    const loggedIn = await login(channel, {
      connectionId: peer.id,
      serverVersion,
      authPlugin: this.#options.authPlugin ?? usualPlugin(serverVersion),
      users: this.#context.users,
      rsaKey: this.#context.rsaKey,
      tls: isUnixSocket ? undefined : this.#options.tls,
      requireSecureTransport: this.#options.requireSecureTransport ?? false,
      isUnixSocket,
      localInfile: this.#options.localInfile ?? false,
      remoteHost,
    })
    const { user } = loggedIn.identity
    this.#context.onEvent({ kind: 'authenticated', connectionId: peer.id, user, host: remoteHost })
    const { assembler, sequenceId } = channel
    this.#begin(
      new Connection(
        channel.detach(),
        assembler,
        peer,
        { ...loggedIn, nextSequenceId: sequenceId },
        this.#context,
      ),
    )
  }

  #begin(connection: Connection): void {
    this.#connections.set(connection.id, connection)
    connection.start()
    if (this.#draining) connection.drain()
  }

  /** Tells the client, if it can be told. */
  #loginFailed(channel: PacketChannel, { id, remoteHost }: Peer, error: Error): void {
    this.#context.onEvent({ kind: 'login-failed', connectionId: id, host: remoteHost, error })
    const socket = channel.detach()
    if (!(error instanceof SqlError)) {
      socket.destroy()
      return
    }
    const unread = error.code === 'ER_NET_PACKET_TOO_LARGE' ? 1 : 0 // the packet that was not read has an id, too
    closeGently(socket, this.#clock, encodeErr(error, channel.sequenceId + unread))
  }

  #connectionClosed(id: number): void {
    this.#connections.delete(id)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  #scheduleSweep(): void {
    this.#stopSweep = this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#scheduleSweep()
      this.#coarseNowMs = this.#clock.now()
      for (const connection of this.#connections.values()) connection.sweep(this.#coarseNowMs)
    })
  }

  #stopListening(): void {
    for (const listener of this.#listeners) if (listener.listening) listener.close()
  }
}

function directPeer(socket: Socket, address: ListenAddress, id: number): Peer {
  const isUnixSocket = address.kind === 'unix'
  return {
    id,
    isUnixSocket,
    remoteHost: isUnixSocket ? 'localhost' : hostName(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
  }
}

/** An IPv4 client of a socket that listens on IPv6 as well is named by its IPv4 address. */
function hostName(address: string | undefined): string {
  if (address === undefined) return 'localhost'
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}

/**
 * What a server of this version greets with. MySQL's Connector/J reads no packet of caching_sha2_password right from a
 * server that says 5.5.5, as MariaDB's does.
 */
function usualPlugin(serverVersion: string): AuthPlugin {
  return serverVersion.includes('MariaDB') ? 'mysql_native_password' : 'caching_sha2_password'
}
