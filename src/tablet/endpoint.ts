import { setMaxListeners } from 'node:events'
import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import { connectBackend } from '../mysql/client/connect.ts'
import type { Logger } from '../telemetry/log.ts'
import { printAlias } from '../topology/alias.ts'
import { addressOf, databaseOf, type Tablet } from '../topology/records.ts'
import { type BackendAccess, connectControl } from './connect-control.ts'
import { ControlConnections } from './control-connections.ts'
import { HealthChecker, type HealthOptions, type TabletHealth } from './health.ts'
import { Outlier, type OutlierOptions } from './outlier.ts'
import type { Replica, Standing } from './replica-choice.ts'
import { isCutOff } from './replication-facts.ts'
import type { ServingTablet, TabletLoad } from './serving-tablet.ts'
import { SlowStart } from './slow-start.ts'
import { type PoolOptions, type PoolServer, TabletPool } from './tablet-pool.ts'
import type { TabletState } from './tablet-state.ts'

export interface EndpointOptions extends BackendAccess {
  readonly pool: PoolOptions
  /** Statements that may have temporary tables on one tablet at a time. */
  readonly scratchConnectionsMax: number
  readonly health: HealthOptions
  readonly outlier: OutlierOptions
  /** A replica that comes back has grown to its share of the requests after this time. */
  readonly slowStartMs: number
}

/** How long the server has to answer what goes ahead of a statement, and to say that it has carried out a KILL; then its connection is closed instead. */
const KILL_MS = 1_000
/** Each takes a millisecond: a hundred clients that vanish at once need no hundred connections. */
const KILL_CONNECTIONS_MAX = 2

/** One MySQL endpoint: its record, its pool, its control connections, its health. Only the gateway has it in hands. */
export class Endpoint implements ServingTablet, Replica {
  #record: Tablet
  readonly alias: string
  readonly name: string
  readonly database: string
  readonly pool: TabletPool
  /**
   * For temporary tables. A statement holds one of these while it waits for connections of `pool`: in one pool, statements
   * could wait for each other.
   */
  readonly scratch: TabletPool
  /** For work that takes its time: reading schemas. */
  readonly control: ControlConnections
  readonly #kills: ControlConnections
  readonly checker: HealthChecker
  readonly #outlier: Outlier
  readonly #slowStart: SlowStart
  /** See Replica: kept by the gateway, for it depends on the topology. */
  distance = 0
  capacity = 1
  /** See ServingTablet: kept by the gateway, which knows who is the primary. */
  state: TabletState = 'unknown'
  stateChanges = 0
  /** Ends what is still connecting. */
  readonly #closing = new AbortController()
  readonly #onDoubt: () => void
  /** Checks that must end before it is known whether there was anything in a doubt; 0: there is none. */
  #doubtfulChecks = 0

  constructor(
    tablet: Tablet,
    options: EndpointOptions,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
    onChecked: (endpoint: Endpoint, before: TabletHealth) => void,
    onOwnCheck: (health: TabletHealth) => void = () => {},
  ) {
    this.#record = tablet
    this.alias = printAlias(tablet.alias)
    this.database = databaseOf(tablet)
    const address = addressOf(tablet)
    const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
    this.name = `${this.alias} (${where})`
    const { database } = this
    const { signal } = this.#closing
    setMaxListeners(0, signal) // every connection that is being made listens
    const open = () => connectControl(this.record, options, signal)
    const controlConnections = (connectionsMax: number) =>
      new ControlConnections(this.name, { open, connectionsMax }, clock)
    this.control = controlConnections(1)
    this.#kills = controlConnections(KILL_CONNECTIONS_MAX)
    this.#slowStart = new SlowStart(options.slowStartMs, clock, () => this.#weigh())
    this.#outlier = new Outlier(options.outlier, clock, (pauseMs) => {
      if (pauseMs === undefined) this.#slowStart.begin()
      else log.warn('a tablet fails those who use it: as a replica it rests', { tablet: this.name, pauseMs })
    })
    this.#weigh()
    this.checker = new HealthChecker(open, options.health, clock, (health, before, by) => {
      // What others have looked at may be from before the doubt.
      if (by === 'own' && this.#doubtfulChecks > 0) this.#doubtfulChecks--
      if (by === 'own') onOwnCheck(health)
      if (by === 'own' && health.state === 'healthy')
        for (const pool of [this.pool, this.scratch]) pool.serverAnswers()
      if (before.state === 'unreachable' && health.state === 'healthy') {
        for (const pool of [this.pool, this.scratch]) pool.serverIsBack()
        this.#slowStart.begin()
      }
      if (health.untold !== '' && health.untold !== before.untold)
        log.warn('a tablet does not tell all of its replication', {
          tablet: this.name,
          reason: health.untold,
        })
      // A server that answers late once is looked at again before its replica is given up.
      if (health.failedChecks === 1) this.checker.checkNow()
      onChecked(this, before)
    })
    this.#onDoubt = () => onChecked(this, this.health)
    const server: PoolServer = {
      tablet: this,
      connect: (kind) =>
        connectBackend({
          ...options,
          address,
          database,
          ...kind,
          signal,
          packetBytesMax: () => this.health.packetBytesMax,
        }),
      lost: () => this.doubt(),
      outcome: (isGood) => (isGood ? this.#outlier.answered() : this.#outlier.failed()),
      killQuery: (threadId, ahead) => this.#killQuery(threadId, { log, clock, ahead }),
    }
    this.pool = new TabletPool(server, options.pool, clock)
    this.scratch = new TabletPool(
      server,
      { ...options.pool, connectionsMax: options.scratchConnectionsMax, prefill: 0 },
      clock,
    )
  }

  get health(): TabletHealth {
    return this.checker.health
  }

  get record(): Tablet {
    return this.#record
  }

  set record(record: Tablet) {
    const before = this.#record
    this.#record = record
    if (before.draining === true && record.draining !== true) this.#slowStart.begin()
    this.#weigh()
  }

  /** As a replica; a primary is asked whatever it is. */
  get standing(): Standing {
    const { health } = this
    const { state } = health
    if (this.#record.draining === true || health.failedChecks > 1 || isCutOff(health)) return 'away'
    const isTroubled = this.isDoubtful || this.#outlier.isOut || this.pool.isShut
    return state !== 'healthy' || isTroubled ? 'doubtful' : 'good'
  }

  get lagSeconds(): number | undefined {
    return this.health.lagSeconds
  }

  get outstanding(): number {
    return this.pool.outstanding
  }

  #weigh(): void {
    this.capacity = (this.#record.weight ?? 1) * this.#slowStart.share
  }

  /** Something was the matter with a connection, and the check that was asked for has not ended yet. */
  get isDoubtful(): boolean {
    return this.#doubtfulChecks > 0
  }

  /** It does not answer, or may not. */
  get isAway(): boolean {
    return this.isDoubtful || this.health.state === 'unreachable'
  }

  /** It could not be reached, it has lost somebody's connection, or refused what a primary must take: is it still what it was? */
  doubt(): void {
    if (this.#closing.signal.aborted) return
    const { isChecking } = this.checker
    this.checker.checkNow()
    if (this.isDoubtful) return
    this.#doubtfulChecks = isChecking ? 2 : 1 // the one that is under way may have looked before
    this.#onDoubt()
  }

  /** Statements that run here get an error now: the server is gone, and another has its place. */
  lose(reason: Error): void {
    this.pool.lose(reason)
    this.scratch.lose(reason)
  }

  /** Requests that wait for a connection wait no longer. */
  sendAwayWaiters(reason: Error): void {
    this.pool.sendAwayWaiters(reason)
    this.scratch.sendAwayWaiters(reason)
  }

  get load(): TabletLoad {
    const { size, idle, waiting, hasRoom } = this.pool
    return { busy: size - idle, idle, waiting, hasRoom }
  }

  close(): void {
    this.checker.close()
    this.#outlier.close()
    this.#slowStart.close()
    this.pool.close()
    this.scratch.close()
    this.control.close()
    this.#kills.close()
    this.#closing.abort(new Error(`tablet ${this.name} was removed`))
  }

  async #killQuery(threadId: number, { log, clock, ahead }: KillOptions): Promise<boolean> {
    try {
      if (ahead !== undefined) await within(KILL_MS, clock, ahead)
      await this.#kills.run((connection) => connection.query(`KILL QUERY ${threadId}`), KILL_MS)
      return true
    } catch (error) {
      // 1094: the thread has ended by itself.
      if ((error as { errno?: number }).errno === 1094) return true
      log.warn('KILL failed: its connection is closed', { tablet: this.alias, error })
      return false
    }
  }
}

interface KillOptions {
  readonly log: Logger
  readonly clock: Clock
  readonly ahead: Promise<void> | undefined
}

async function within(timeoutMs: number, clock: Clock, answered: Promise<void>): Promise<void> {
  const timeout = deferred<never>()
  const cancel = clock.after(timeoutMs, () => timeout.reject(new Error(`no answer within ${timeoutMs} ms`)))
  try {
    await Promise.race([answered, timeout.promise])
  } finally {
    cancel()
  }
}
