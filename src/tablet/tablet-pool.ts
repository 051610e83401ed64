import { type Cancellation, unlessAborted } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { type Waiter, WaitQueue } from '../base/wait-queue.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { ConnectBreaker } from './connect-breaker.ts'
import { Lease, type LeaseOwner } from './lease.ts'
import type { ServingTablet } from './serving-tablet.ts'
import { type ConnectionKind, makeSettings, type Settings, USUAL_KIND } from './settings.ts'
import { Shedding } from './shedding.ts'

export interface PoolOptions {
  /** Connections to one tablet, idle ones and those being made included. */
  readonly connectionsMax: number
  /** Requests that may wait for a connection; one more is refused at once. */
  readonly waitersMax: number
  readonly waitTimeoutMs: number
  /** Idle connections are closed after this time; below the servers' wait_timeout. */
  readonly idleTimeoutMs: number
  /** A connection is closed when it is this old, give or take a fifth, and nobody has it. 0: at any age. */
  readonly ageMaxMs: number
  /** Connections that are made ahead of those who need them. */
  readonly prefill: number
  /** Requests are refused, the least urgent first, while some have waited longer than this at every moment. 0: never. */
  readonly shedAfterMs: number
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
  /** Somebody has been answered, or was failed: by a connection that was lost or could not be made, or an answer that came too late. */
  outcome(isGood: boolean): void
  /** See LeaseOwner. */
  killQuery(threadId: number, ahead?: Promise<void>): Promise<boolean>
}

/**
 * Connections to one tablet. Each takes one place, which it holds from the beginning of its making until it is closed:
 * idle in the sub-pool of its settings, being made or changed, or in a holder's hands (also for a whole transaction).
 *
 * A request takes an idle connection with equal settings; else it changes the settings of another idle one, or makes
 * a new one, or waits in a bounded queue for a bounded time, the most urgent first.
 */
export class TabletPool implements LeaseOwner {
  readonly tablet: ServingTablet
  readonly #server: PoolServer
  readonly #options: PoolOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #breaker: ConnectBreaker
  readonly #shedding: Shedding | undefined
  /** By settings key; the most recently used last, so that the tail of a burst can idle out. */
  readonly #idle = new Map<string, Lease[]>()
  readonly #waiters: WaitQueue<Settings, Lease>
  /** All connections that are made and not closed. */
  readonly #leases = new Set<Lease>()
  /** Places of connections that are being made. */
  #making = 0
  #idleCount = 0
  /** When the connections were looked at last; reading the clock at each return would cost more than it tells. */
  #coarseNowMs: number
  #closed = false
  #shed = 0
  #cancelWatch: () => void

  /** `random`: 0 to 1, so that what was made together does not end together. */
  constructor(server: PoolServer, options: PoolOptions, clock: Clock, random = Math.random) {
    this.tablet = server.tablet
    this.#server = server
    this.#options = options
    this.#clock = clock
    this.#random = random
    this.#breaker = new ConnectBreaker(random)
    this.#shedding = options.shedAfterMs > 0 ? new Shedding(options.shedAfterMs) : undefined
    this.#waiters = new WaitQueue(clock)
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
    return this.#waiters.size
  }

  /** Requests that were refused for others had waited too long, or were more urgent. */
  get shed(): number {
    return this.#shed
  }

  /** One more request would not wait. */
  get hasRoom(): boolean {
    return this.#idleCount > 0 || this.size < this.#options.connectionsMax
  }

  /** Connections in use or being made, and who waits for one: the load that balancing compares. */
  get outstanding(): number {
    return this.size - this.#idleCount + this.#waiters.size
  }

  /** An idle connection with exactly these settings, without waiting: the fast path. */
  take(settings: Settings): Lease | undefined {
    const lease = this.#idle.get(settings.key)?.pop()
    if (lease === undefined) return undefined
    this.#unpark(lease)
    if (settings.variables !== undefined) lease.bring(settings)
    return lease
  }

  /** `cancel`: when its signal is aborted before there is a connection, its reason is thrown. */
  async acquire(settings: Settings, cancel?: Cancellation): Promise<Lease> {
    if (this.#closed) throw poolClosed(this.tablet)
    const ready = this.take(settings)
    if (ready !== undefined) return ready
    const signal = cancel?.signal
    signal?.throwIfAborted()
    if (this.#mayMake) return unlessAborted(this.#make(settings), signal, giveBack)
    const other = this.#takeOther(settings)
    if (other !== undefined) return unlessAborted(this.#adapt(other, settings), signal, giveBack)
    const refusal = this.#refusal()
    if (refusal !== undefined) throw refusal
    return this.#wait(settings, signal, cancel?.priority ?? PRIORITY_USUAL)
  }

  get #mayMake(): boolean {
    return this.size < this.#options.connectionsMax && this.#breaker.refusal(this.#clock.now()) === undefined
  }

  /** It has nothing to give, and makes no connections for a while: whoever can is better served elsewhere. */
  get isShut(): boolean {
    return (
      this.#idleCount === 0 &&
      this.#breaker.hasFailed &&
      this.#breaker.refusal(this.#clock.now()) !== undefined
    )
  }

  /** Of a server that is left alone; undefined where somebody may try, or there are connections to wait for. */
  #refusal(): Error | undefined {
    const refusal = this.size === 0 ? this.#breaker.refusal(this.#clock.now()) : undefined
    if (refusal === undefined) return undefined
    const { error, failures, waitMs } = refusal
    const message = `${error.message} (tablet ${this.tablet.name}: ${failures} attempts have failed, the next is made in ${Math.ceil(waitMs)} ms)`
    if (error instanceof ServerError) return new ServerError({ ...error, message })
    return new SqlError('CR_SERVER_LOST', message, { cause: error })
  }

  /** See LeaseOwner. */
  takeBack(lease: Lease): void {
    this.#server.outcome(!lease.hasRunLate)
    lease.hasRunLate = false
    // Whoever waits gets the next one in its place.
    if (this.#closed || lease.retiresAtMs <= this.#coarseNowMs) return lease.discard()
    const waiter = this.#nextWaiter()
    if (waiter === undefined) return this.#park(lease)
    this.#adapt(lease.unpark(), waiter.asked).then(waiter.resolve, waiter.reject)
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
    for (let waiter = this.#waiters.next(); waiter !== undefined; waiter = this.#waiters.next())
      waiter.reject(reason)
  }

  /** A connection has been made that is none of the pool's: what has failed before says nothing any more. */
  serverIsBack(): void {
    this.#breaker.succeeded()
    this.#serveNext()
  }

  /** A health check has been answered. */
  serverAnswers(): void {
    this.#breaker.answersOthers()
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
    this.#breaker.begins()
    let connection: BackendConnection
    try {
      connection = await this.#server.connect(settings.kind)
    } catch (error) {
      this.#making--
      this.#breaker.failed(error as Error, this.#clock.now())
      this.#server.outcome(false)
      if (!(error instanceof ServerError)) this.#server.lost()
      this.#serveNext()
      const refusal = this.#refusal()
      if (refusal !== undefined) this.sendAwayWaiters(refusal)
      throw error
    }
    const lease = new Lease(connection, this)
    this.#breaker.succeeded()
    const { ageMaxMs } = this.#options
    if (ageMaxMs > 0) lease.retiresAtMs = this.#clock.now() + ageMaxMs * (0.8 + 0.4 * this.#random())
    this.#making--
    this.#leases.add(lease)
    connection.onClosed(() => {
      // What is idle, servers close after their wait_timeout.
      if (!lease.isParked && !lease.isDiscarded) {
        this.#server.outcome(false)
        this.#server.lost()
      }
      this.#forget(lease)
    })
    if (this.#closed) {
      lease.discard()
      throw poolClosed(this.tablet)
    }
    await lease.apply(settings)
    return lease
  }

  async #wait(settings: Settings, signal: AbortSignal | undefined, priority: number): Promise<Lease> {
    const { connectionsMax, waitersMax, waitTimeoutMs } = this.#options
    const { name } = this.tablet
    if (this.#waiters.size >= waitersMax) {
      const isFull = `The pool of ${connectionsMax} connections to tablet ${name} is in use and ${this.#waiters.size} requests wait already (pool.waiters)`
      const other = this.#waiters.leastUrgent(priority)
      if (other === undefined) throw tooMany(isFull)
      this.#shed++
      other.reject(tooMany(`${isFull}; this one gave way to a more urgent one`))
    }
    const timedOut = () =>
      tooMany(
        `No connection to tablet ${name} became free within ${waitTimeoutMs} ms (pool.wait_timeout; pool size ${connectionsMax})`,
      )
    const waiting = this.#waiters.wait(settings, { timeoutMs: waitTimeoutMs, timedOut, signal, priority })
    return unlessAborted(waiting, signal, giveBack)
  }

  /** The most urgent one of the queue, whose wait is over. */
  #nextWaiter(): Waiter<Settings, Lease> | undefined {
    const { oldestMs } = this.#waiters
    if (oldestMs === undefined) return undefined
    if (this.#shedding !== undefined) this.#shedOne(this.#shedding, oldestMs)
    return this.#waiters.next()
  }

  /** Of the most urgent ones nobody goes. */
  #shedOne(shedding: Shedding, oldestMs: number): void {
    const nowMs = this.#clock.now()
    if (!shedding.mustShed(nowMs - oldestMs, nowMs)) return
    const waiter = this.#waiters.leastUrgent(PRIORITY_HIGHEST)
    if (waiter === undefined) return
    this.#shed++
    waiter.reject(
      tooMany(
        `Too many requests wait for a connection to tablet ${this.tablet.name}: some have for longer than ${this.#options.shedAfterMs} ms all the time (pool.shed_after)`,
      ),
    )
  }

  /** A place has become free without a connection to hand over. */
  #serveNext(): void {
    if (this.#closed || !this.#mayMake) return
    const waiter = this.#nextWaiter()
    if (waiter !== undefined) this.#make(waiter.asked).then(waiter.resolve, waiter.reject)
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
      this.#serveNext() // while the server was left alone, nobody was
      this.#prefill()
      if (this.#options.silenceTimeoutMs > 0) this.#giveUpSilent()
      if (!this.#closed) this.#cancelWatch = this.#scheduleWatch()
    })
  }

  #closeIdle(): void {
    const before = this.#coarseNowMs - this.#options.idleTimeoutMs
    for (const [key, list] of this.#idle) {
      const old = list.filter(
        ({ parkedAtMs, retiresAtMs }) => parkedAtMs < before || retiresAtMs <= this.#coarseNowMs,
      )
      for (const lease of old) lease.discard()
      if (list.length === 0) this.#idle.delete(key)
    }
  }

  /** What is made ahead has the settings of nobody: one SET makes it anybody's, where logging in takes longer. */
  #prefill(): void {
    if (this.#closed || this.tablet.health.state !== 'healthy') return
    for (let missing = Math.min(PREFILL_AT_ONCE, this.#options.prefill - this.size); missing > 0; missing--)
      if (this.#mayMake) this.#make(NOBODYS).then(giveBack, () => {})
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
const PREFILL_AT_ONCE = 8
const NOBODYS = makeSettings(new Map(), USUAL_KIND)
/** As vtgate has them. */
const PRIORITY_HIGHEST = 0
const PRIORITY_USUAL = 100

function giveBack(lease: Lease): void {
  lease.release()
}

function tooMany(message: string): SqlError {
  return new SqlError('ER_TOO_MANY_USER_CONNECTIONS', message)
}

function poolClosed({ name }: ServingTablet): SqlError {
  return new SqlError('CR_SERVER_LOST', `Tablet ${name} was removed from the topology`)
}
