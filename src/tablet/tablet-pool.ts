import { unlessAborted } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { Lease, type LeaseOwner } from './lease.ts'
import type { ServingTablet } from './serving-tablet.ts'
import type { ConnectionKind, Settings } from './settings.ts'

export interface PoolOptions {
  /** Connections to one tablet, idle ones and those being made included. */
  readonly connectionsMax: number
  /** Requests that may wait for a connection; one more is refused at once. */
  readonly waitersMax: number
  readonly waitTimeoutMs: number
  /** Idle connections are closed after this time; below the servers' wait_timeout. */
  readonly idleTimeoutMs: number
  /**
   * A server that owes an answer and has sent nothing for so long is given up if its health check fails, too: statements
   * may take hours, but then the server answers others. 0: never.
   */
  readonly silenceTimeoutMs: number
}

/** How a pool reaches its server. */
export interface PoolServer {
  readonly tablet: ServingTablet
  connect(kind: ConnectionKind): Promise<BackendConnection>
  /** It could not be reached, or a connection that was in use has been lost. */
  lost(): void
  /** See LeaseOwner. */
  killQuery(threadId: number, ahead?: Promise<void>): Promise<boolean>
}

interface Waiter {
  readonly settings: Settings
  readonly resolve: (lease: Lease) => void
  readonly reject: (error: Error) => void
  /** Out of the queue: no time-out and no abort count any more. */
  readonly ended: () => void
}

/**
 * Connections to one tablet. Each takes one place, which it holds from the beginning of its making until it is closed:
 * idle in the sub-pool of its settings, being made or changed, or in a holder's hands (also for a whole transaction).
 *
 * A request takes an idle connection with equal settings; else it changes the settings of another idle one, or makes
 * a new one, or waits in a bounded queue for a bounded time.
 */
export class TabletPool implements LeaseOwner {
  readonly tablet: ServingTablet
  readonly #server: PoolServer
  readonly #options: PoolOptions
  readonly #clock: Clock
  /** By settings key; the most recently used last, so that the tail of a burst can idle out. */
  readonly #idle = new Map<string, Lease[]>()
  readonly #waiters: Waiter[] = []
  /** All connections that are made and not closed. */
  readonly #leases = new Set<Lease>()
  /** Places of connections that are being made. */
  #making = 0
  #idleCount = 0
  /** When the connections were looked at last; reading the clock at each return would cost more than it tells. */
  #coarseNowMs: number
  #closed = false
  #cancelWatch: () => void

  constructor(server: PoolServer, options: PoolOptions, clock: Clock) {
    this.tablet = server.tablet
    this.#server = server
    this.#options = options
    this.#clock = clock
    this.#coarseNowMs = clock.now()
    this.#cancelWatch = this.#scheduleWatch()
  }

  get size(): number {
    return this.#leases.size + this.#making
  }

  get idle(): number {
    return this.#idleCount
  }

  get waiting(): number {
    return this.#waiters.length
  }

  /** One more request would not wait. */
  get hasRoom(): boolean {
    return this.#idleCount > 0 || this.size < this.#options.connectionsMax
  }

  /** Connections in use or being made, and who waits for one: the load that balancing compares. */
  get outstanding(): number {
    return this.size - this.#idleCount + this.#waiters.length
  }

  /** An idle connection with exactly these settings, without waiting: the fast path. */
  take(settings: Settings): Lease | undefined {
    const lease = this.#idle.get(settings.key)?.pop()
    if (lease === undefined) return undefined
    this.#unpark(lease)
    if (settings.variables !== undefined) lease.bring(settings)
    return lease
  }

  /** `signal`: when it is aborted before there is a connection, its reason is thrown. */
  async acquire(settings: Settings, signal?: AbortSignal): Promise<Lease> {
    if (this.#closed) throw poolClosed(this.tablet)
    const ready = this.take(settings)
    if (ready !== undefined) return ready
    signal?.throwIfAborted()
    if (this.size < this.#options.connectionsMax) return unlessAborted(this.#make(settings), signal, giveBack)
    const other = this.#takeOther(settings)
    if (other !== undefined) return unlessAborted(this.#adapt(other, settings), signal, giveBack)
    return this.#wait(settings, signal)
  }

  /** See LeaseOwner. */
  takeBack(lease: Lease): void {
    if (this.#closed) return lease.discard()
    const waiter = this.#nextWaiter()
    if (waiter === undefined) return this.#park(lease)
    this.#adapt(lease.unpark(), waiter.settings).then(waiter.resolve, waiter.reject)
  }

  killQuery(threadId: number, ahead?: Promise<void>): Promise<boolean> {
    return this.#server.killQuery(threadId, ahead)
  }

  /** No more requests; idle connections are closed now, the others when they come back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelWatch()
    this.sendAwayWaiters(poolClosed(this.tablet))
    for (const list of [...this.#idle.values()]) for (const lease of [...list]) lease.discard()
  }

  sendAwayWaiters(reason: Error): void {
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter())
      waiter.reject(reason)
  }

  /** Closes every connection, whatever runs there. */
  lose(reason: Error): void {
    for (const lease of [...this.#leases]) lease.discard(reason)
  }

  #park(lease: Lease): void {
    let list = this.#idle.get(lease.settingsKey)
    if (list === undefined) {
      list = []
      this.#idle.set(lease.settingsKey, list)
    }
    lease.park(this.#coarseNowMs)
    list.push(lease)
    this.#idleCount++
  }

  #unpark(lease: Lease): Lease {
    this.#idleCount--
    return lease.unpark()
  }

  /** Any idle connection: rather one of the same kind, which needs no new one. */
  #takeOther(settings: Settings): Lease | undefined {
    let other: Lease[] | undefined
    for (const [key, list] of this.#idle) {
      if (list.length === 0) continue
      other = list
      if (key[0] === settings.key[0]) break
    }
    return other === undefined ? undefined : this.#unpark(other.shift()!)
  }

  /** The connection with these settings; one of another kind, which is fixed, gives its place to a new one. */
  async #adapt(lease: Lease, settings: Settings): Promise<Lease> {
    if (lease.settingsKey[0] !== settings.key[0]) {
      const made = this.#make(settings)
      lease.discard()
      return made
    }
    await lease.apply(settings)
    return lease
  }

  async #make(settings: Settings): Promise<Lease> {
    this.#making++ // before anything is awaited: the place is taken
    let connection: BackendConnection
    try {
      connection = await this.#server.connect(settings.kind)
    } catch (error) {
      this.#making--
      if (!(error instanceof ServerError)) this.#server.lost()
      this.#serveNext()
      throw error
    }
    const lease = new Lease(connection, this)
    this.#making--
    this.#leases.add(lease)
    connection.onClosed(() => {
      // What is idle, servers close after their wait_timeout.
      if (!lease.isParked && !lease.isDiscarded) this.#server.lost()
      this.#forget(lease)
    })
    if (this.#closed) {
      lease.discard()
      throw poolClosed(this.tablet)
    }
    await lease.apply(settings)
    return lease
  }

  async #wait(settings: Settings, signal: AbortSignal | undefined): Promise<Lease> {
    const { connectionsMax, waitersMax, waitTimeoutMs } = this.#options
    const { name } = this.tablet
    if (this.#waiters.length >= waitersMax) {
      throw tooMany(
        `The pool of ${connectionsMax} connections to tablet ${name} is in use and ${this.#waiters.length} requests wait already (pool.waiters)`,
      )
    }
    const { promise, resolve, reject } = deferred<Lease>()
    const giveUp = (error: Error) => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
      waiter.ended()
      reject(error)
    }
    const abort = () => giveUp(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const cancelTimer = this.#clock.after(waitTimeoutMs, () =>
      giveUp(
        tooMany(
          `No connection to tablet ${name} became free within ${waitTimeoutMs} ms (pool size ${connectionsMax})`,
        ),
      ),
    )
    const ended = () => {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    }
    const waiter: Waiter = { settings, resolve, reject, ended }
    this.#waiters.push(waiter)
    return unlessAborted(promise, signal, giveBack)
  }

  /** The first in the queue, whose wait is over. */
  #nextWaiter(): Waiter | undefined {
    const waiter = this.#waiters.shift()
    waiter?.ended()
    return waiter
  }

  /** A place has become free without a connection to hand over. */
  #serveNext(): void {
    if (this.#closed || this.size >= this.#options.connectionsMax) return
    const waiter = this.#nextWaiter()
    if (waiter !== undefined) this.#make(waiter.settings).then(waiter.resolve, waiter.reject)
  }

  /** A connection was lost, wherever it was. */
  #forget(lease: Lease): void {
    this.#leases.delete(lease)
    const list = lease.isParked ? this.#idle.get(lease.settingsKey) : undefined
    const at = list?.indexOf(lease) ?? -1
    if (at >= 0) {
      list!.splice(at, 1)
      this.#idleCount--
    }
    this.#serveNext()
  }

  // ------------------------------------------------------------------------------------------ the watch

  #scheduleWatch(): () => void {
    return this.#clock.after(WATCH_MS, () => {
      this.#coarseNowMs = this.#clock.now()
      this.#closeIdle()
      if (this.#options.silenceTimeoutMs > 0) this.#giveUpSilent()
      if (!this.#closed) this.#cancelWatch = this.#scheduleWatch()
    })
  }

  #closeIdle(): void {
    const before = this.#coarseNowMs - this.#options.idleTimeoutMs
    for (const [key, list] of this.#idle) {
      for (const lease of list.filter(({ parkedAtMs }) => parkedAtMs < before)) lease.discard()
      if (list.length === 0) this.#idle.delete(key)
    }
  }

  #giveUpSilent(): void {
    const { state, checkedAtMs } = this.tablet.health
    for (const lease of this.#leases) {
      const { connection } = lease
      const isSilent =
        connection.state === 'busy' && !connection.isPaused && connection.activity === lease.seenActivity
      if (!isSilent) {
        lease.seenActivity = connection.activity
        lease.silentSinceMs = this.#coarseNowMs
      } else if (this.#coarseNowMs - lease.silentSinceMs >= this.#options.silenceTimeoutMs) {
        // Asked after it fell silent, the server did not answer either.
        if (state === 'unreachable' && checkedAtMs > lease.silentSinceMs) lease.discard(this.#silence())
      }
    }
  }

  #silence(): Error {
    const { name, health } = this.tablet
    return new Error(`tablet ${name} has stopped answering: ${health.lastError}`)
  }
}

/** How often a pool looks at its connections. */
const WATCH_MS = 1_000

function giveBack(lease: Lease): void {
  lease.release()
}

function tooMany(message: string): SqlError {
  return new SqlError('ER_TOO_MANY_USER_CONNECTIONS', message)
}

function poolClosed({ name }: ServingTablet): SqlError {
  return new SqlError('CR_SERVER_LOST', `Tablet ${name} was removed from the topology`)
}
