import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { applySettings } from './apply-settings.ts'
import type { Settings } from './settings.ts'

export interface PoolOptions {
  /** Connections to one tablet, idle ones and those being made included. */
  readonly connectionsMax: number
  /** Requests that may wait for a connection; one more is refused at once. */
  readonly waitersMax: number
  readonly waitTimeoutMs: number
  /** Idle connections are closed after this time; below the servers' wait_timeout. */
  readonly idleTimeoutMs: number
}

interface Waiter {
  readonly settings: Settings
  readonly resolve: (connection: BackendConnection) => void
  readonly reject: (error: Error) => void
  readonly cancelTimer: () => void
}

/**
 * Connections to one tablet. Each is in one place: idle in the sub-pool of its settings, being made or changed, or
 * handed out (also to a session that keeps it for a transaction).
 *
 * A request takes an idle connection with equal settings; else it changes the settings of another idle one, or makes
 * a new one, or waits in a bounded queue for a bounded time.
 */
export class TabletPool {
  /** Name in messages: alias and address. */
  readonly name: string
  readonly #database: string
  readonly #connect: (foundRows: boolean) => Promise<BackendConnection>
  readonly #options: PoolOptions
  readonly #clock: Clock
  /** By settings key; the most recently used last, so that the tail of a burst can idle out. */
  readonly #idle = new Map<string, BackendConnection[]>()
  readonly #waiters: Waiter[] = []
  /** When idle connections were looked at last; reading the clock at each return would cost more than it tells. */
  #coarseNowMs: number
  #idleCount = 0
  #total = 0
  #closed = false
  #cancelReaper: () => void

  constructor(
    tablet: { readonly name: string; readonly database: string },
    connect: (foundRows: boolean) => Promise<BackendConnection>,
    options: PoolOptions,
    clock: Clock,
  ) {
    this.name = tablet.name
    this.#database = tablet.database
    this.#connect = connect
    this.#options = options
    this.#clock = clock
    this.#coarseNowMs = clock.now()
    this.#cancelReaper = this.#scheduleReaper()
  }

  get size(): number {
    return this.#total
  }

  get idle(): number {
    return this.#idleCount
  }

  get waiting(): number {
    return this.#waiters.length
  }

  /** Connections handed out or being made: the load that balancing compares. */
  get outstanding(): number {
    return this.#total - this.#idleCount + this.#waiters.length
  }

  /** An idle connection with exactly these settings, without waiting: the fast path. */
  take(settings: Settings): BackendConnection | undefined {
    const list = this.#idle.get(settings.key)
    if (list === undefined) return undefined
    const connection = list.pop()
    return connection === undefined ? undefined : this.#unpark(connection)
  }

  async acquire(settings: Settings): Promise<BackendConnection> {
    if (this.#closed) throw poolClosed(this.name)
    const ready = this.take(settings)
    if (ready !== undefined) return ready
    if (this.#total < this.#options.connectionsMax) return this.#make(settings)
    const other = this.#takeOther(settings)
    if (other !== undefined) return this.#change(other, settings)
    return this.#wait(settings)
  }

  /** Gives back a connection that is idle, in no transaction and without state beyond its settings. */
  release(connection: BackendConnection): void {
    assert(!connection.isPooled, 'a connection is given back once')
    if (connection.killing !== undefined && connection.state === 'idle') {
      // The KILL would meet the statement of whoever got the connection next.
      void connection.killing.then(() => this.release(connection))
      return
    }
    if (connection.state !== 'idle') {
      connection.destroy() // counted by #forget
      return
    }
    if (this.#closed) return connection.destroy()
    const waiter = this.#waiters.shift()
    if (waiter === undefined) return this.#park(connection)
    waiter.cancelTimer()
    this.#serve(connection, waiter)
  }

  /** No more requests; idle connections are closed now, the others when they come back. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelReaper()
    for (const waiter of this.#waiters.splice(0)) {
      waiter.cancelTimer()
      waiter.reject(poolClosed(this.name))
    }
    for (const list of [...this.#idle.values()]) for (const connection of [...list]) connection.destroy()
  }

  #park(connection: BackendConnection): void {
    let list = this.#idle.get(connection.settingsKey)
    if (list === undefined) {
      list = []
      this.#idle.set(connection.settingsKey, list)
    }
    connection.idleSinceMs = this.#coarseNowMs
    list.push(connection)
    connection.isPooled = true
    this.#idleCount++
  }

  #unpark(connection: BackendConnection): BackendConnection {
    connection.isPooled = false
    this.#idleCount--
    return connection
  }

  async #make(settings: Settings): Promise<BackendConnection> {
    this.#total++
    let connection: BackendConnection
    try {
      connection = await this.#connect(settings.foundRows)
    } catch (error) {
      this.#total--
      this.#nextWaiter()
      throw error
    }
    connection.onClosed(() => this.#forget(connection))
    if (this.#closed) {
      connection.destroy()
      throw poolClosed(this.name)
    }
    return this.#change(connection, settings)
  }

  async #change(connection: BackendConnection, settings: Settings): Promise<BackendConnection> {
    try {
      await applySettings(connection, settings, this.#database)
    } catch (error) {
      connection.destroy()
      throw error
    }
    return connection
  }

  /** An idle connection whose settings can be changed; one of the other CLIENT_FOUND_ROWS gives way to a new one. */
  #takeOther(settings: Settings): BackendConnection | undefined {
    const flag = settings.key[0]
    for (const [key, list] of this.#idle) {
      if (list.length > 0 && key[0] === flag) return this.#unpark(list.shift()!)
    }
    return undefined
  }

  #wait(settings: Settings): Promise<BackendConnection> {
    const idleOfOtherKind = this.#idleCount > 0
    if (idleOfOtherKind) {
      for (const list of this.#idle.values()) {
        if (list.length === 0) continue
        list[0]!.destroy()
        return this.#make(settings)
      }
    }
    if (this.#waiters.length >= this.#options.waitersMax) {
      throw new SqlError(
        'ER_TOO_MANY_USER_CONNECTIONS',
        `The pool of ${this.#options.connectionsMax} connections to tablet ${this.name} is in use and ${this.#waiters.length} requests wait already (pool.wait_queue_max)`,
      )
    }
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(this.#options.waitTimeoutMs, () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(
          new SqlError(
            'ER_TOO_MANY_USER_CONNECTIONS',
            `No connection to tablet ${this.name} became free within ${this.#options.waitTimeoutMs} ms (pool size ${this.#options.connectionsMax})`,
          ),
        )
      })
      const waiter: Waiter = { settings, resolve, reject, cancelTimer }
      this.#waiters.push(waiter)
    })
  }

  #serve(connection: BackendConnection, waiter: Waiter): void {
    const { settings } = waiter
    if (connection.settingsKey === settings.key) return waiter.resolve(connection)
    if (connection.settingsKey[0] === settings.key[0]) {
      this.#change(connection, settings).then(waiter.resolve, waiter.reject)
      return
    }
    connection.destroy()
    this.#make(settings).then(waiter.resolve, waiter.reject)
  }

  /** A place has become free without a connection to hand over. */
  #nextWaiter(): void {
    if (this.#closed || this.#total >= this.#options.connectionsMax) return
    const waiter = this.#waiters.shift()
    if (waiter === undefined) return
    waiter.cancelTimer()
    this.#make(waiter.settings).then(waiter.resolve, waiter.reject)
  }

  /** A connection was lost, wherever it was. */
  #forget(connection: BackendConnection): void {
    this.#total--
    const list = this.#idle.get(connection.settingsKey)
    const at = list?.indexOf(connection) ?? -1
    if (at >= 0) {
      list!.splice(at, 1)
      this.#idleCount--
    }
    this.#nextWaiter()
  }

  #scheduleReaper(): () => void {
    return this.#clock.after(Math.max(1_000, this.#options.idleTimeoutMs / 4), () => {
      this.#reap()
      if (!this.#closed) this.#cancelReaper = this.#scheduleReaper()
    })
  }

  #reap(): void {
    this.#coarseNowMs = this.#clock.now()
    const before = this.#coarseNowMs - this.#options.idleTimeoutMs
    for (const [key, list] of this.#idle) {
      for (const connection of list.filter((c) => c.idleSinceMs < before)) connection.destroy()
      if (list.length === 0) this.#idle.delete(key)
    }
  }
}

function poolClosed(name: string): SqlError {
  return new SqlError('CR_SERVER_LOST', `Tablet ${name} was removed from the topology`)
}
