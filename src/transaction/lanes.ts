import { type Cancellation, urgently } from '../base/abort.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { ping } from '../mysql/client/simple-command.ts'
import type { Lease } from '../tablet/lease.ts'
import type { SessionGateway } from '../tablet/session-gateway.ts'
import type { Settings } from '../tablet/settings.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import { Lane } from './lane.ts'
import { settleAll } from './settle-all.ts'
import type { TransactionStart } from './transaction-start.ts'

/** How lanes reach their tablets. */
export type LaneGateway = Pick<SessionGateway, 'acquire' | 'termOf' | 'isDue' | 'catchUp' | 'settingsOn'>

export interface OpenLaneOptions {
  readonly settings: Settings
  /** Given: the lane is in the transaction when it is answered. */
  readonly start: TransactionStart | undefined
  /** Set again on a shard that the transaction reaches only now. */
  readonly savepoints: readonly string[]
  readonly cancel?: Cancellation | undefined
}

/**
 * The lanes of one session, in the order in which its transaction reached the shards. A lane is its target's alone: what
 * is open on a primary is not seen on a replica of the shard, nor on the primary of a later term.
 */
export class Lanes {
  readonly #gateway: LaneGateway
  readonly #lanes = new Map<string, Lane>()
  /** Those being opened, so that two at once for one target get one lane. */
  readonly #opening = new Map<string, Promise<Lane>>()
  #closed = false

  constructor(gateway: LaneGateway) {
    this.#gateway = gateway
  }

  get size(): number {
    return this.#lanes.size
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  /** Those of the transaction. */
  open(): readonly Lane[] {
    return this.all().filter((lane) => lane.inTransaction)
  }

  ofConnection(connection: BackendConnection): Lane | undefined {
    return this.all().find((lane) => lane.connection === connection)
  }

  /** The lane to a target, whatever has become of it: see `isCurrent`. */
  get(target: ShardTarget): Lane | undefined {
    return this.#lanes.get(target.key)
  }

  /** Whether the lane's tablet is still the one that serves its target. */
  isCurrent(lane: Lane): boolean {
    return !lane.isLost && lane.term !== undefined && lane.term === this.#gateway.termOf(lane.target)
  }

  /**
   * The lane to a target, opened if need be, with the session's settings and, if `start` is given, inside the transaction.
   * Throws what the server said of any of it; the lane is gone then.
   */
  async reach(target: ShardTarget, options: OpenLaneOptions): Promise<Lane> {
    const opening = () => this.#opening.get(target.key) ?? this.#openOnce(target, options)
    const own = this.get(target)
    const { settings, cancel } = options
    if (own?.inTransaction === false && this.#gateway.isDue(target)) {
      await own.lease.killing
      own.makeWay()
      await this.#gateway.catchUp(own.lease, target, settings, cancel)
    }
    const lane = own ?? (await opening())
    try {
      await lane.lease.killing // meant for a statement that is over
      await lane.lease.apply(this.#gateway.settingsOn(lane.lease, target, settings))
      if (options.start !== undefined && !lane.inTransaction)
        await lane.begin(options.start, options.savepoints)
      else if (!lane.inTransaction && lane.isAutocommitOff) await lane.setAutocommit(true)
    } catch (error) {
      this.drop(lane)
      throw error
    }
    return lane
  }

  /** Takes over a connection on which a transaction is open already. */
  adopt(target: ShardTarget, lease: Lease): void {
    this.#lanes.set(target.key, new Lane(target, this.#gateway.termOf(target), lease, true))
  }

  /** The transaction on this shard is over: the connection goes back, unless it is reserved. */
  leave(lane: Lane): void {
    lane.leave()
    if (lane.reservedFor.size > 0) return
    this.#forget(lane)
    if (lane.isAutocommitOff) lane.lease.discard()
    else lane.lease.release()
  }

  /** Whether the session needs the lane beyond the statement that runs. */
  holds(lane: Lane): boolean {
    return this.get(lane.target) === lane && (lane.inTransaction || lane.reservedFor.size > 0)
  }

  /** Between two statements: lanes that turned out to be opened for nothing go back. */
  giveBackUnused(): void {
    for (const lane of this.#lanes.values())
      if (!this.holds(lane) && lane.connection.state !== 'busy') this.leave(lane)
  }

  /** A server closes what is silent for its wait_timeout, and with it what the session has there. */
  keepAlive(): void {
    for (const { connection } of this.#lanes.values())
      if (connection.state === 'idle') ping(connection).catch(() => {}) // the next statement is told that the lane is lost
  }

  /** Closes a connection whose state is not known any more: the server ends the transaction with it. */
  drop(lane: Lane): void {
    this.#forget(lane)
    lane.lease.discard()
  }

  dropAll(): void {
    for (const lane of this.all()) this.drop(lane)
  }

  /** The session is over: connections that are still being waited for go back unused. */
  close(): void {
    this.#closed = true
    this.dropAll()
  }

  /** Runs a statement on these lanes, at once. Throws the first failure when all have settled. */
  async everywhere(sql: string, lanes: readonly Lane[] = this.open()): Promise<void> {
    await settleAll(lanes.map((lane) => lane.query(sql)))
  }

  #forget(lane: Lane): void {
    if (this.#lanes.get(lane.target.key) === lane) this.#lanes.delete(lane.target.key)
  }

  #openOnce(target: ShardTarget, options: OpenLaneOptions): Promise<Lane> {
    const opening = this.#open(target, options).finally(() => this.#opening.delete(target.key))
    this.#opening.set(target.key, opening)
    return opening
  }

  async #open(target: ShardTarget, { settings, cancel }: OpenLaneOptions): Promise<Lane> {
    // Others wait for what the session has open on other shards: it goes first.
    const urgent = cancel !== undefined && this.size > 0 ? urgently(cancel) : cancel
    const lease = await this.#gateway.acquire(target, settings, urgent)
    if (this.#closed) {
      lease.release()
      throw new SqlError('ER_QUERY_INTERRUPTED', 'Query execution was interrupted')
    }
    const lane = new Lane(target, this.#gateway.termOf(target), lease)
    this.#lanes.set(target.key, lane)
    return lane
  }
}
