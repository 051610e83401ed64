import type { Cancellation } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import { runQuery, textCells } from '../mysql/client/simple-command.ts'
import type { Gateway } from './gateway.ts'
import type { Lease } from './lease.ts'
import { READ_ONLY, type Settings, withItems } from './settings.ts'
import { type ShardTarget, shardTarget } from './shard-target.ts'

/** What a read from a replica sees: whatever is there, all that its session has written, all that anybody has written before it. */
export const READ_AFTER_WRITE = ['none', 'session', 'global'] as const
export type ReadAfterWrite = (typeof READ_AFTER_WRITE)[number]

export interface ReadAfterWriteOptions {
  readonly mode: ReadAfterWrite
  /** So long a replica has to get to where its primary was; then the primary is read. */
  readonly timeoutMs: number
}

export interface SessionGatewayContext {
  readonly gateway: Gateway
  readonly clock: Clock
  readonly isMariadb: () => boolean
  /** The session has a transaction open on primaries, whose writes no position tells of yet. */
  readonly isInTransaction: () => boolean
}

/** What a session has written on one shard. */
interface Written {
  /** What the primary had executed when it was asked, behind the last write; '' where it does not count. */
  position: string | undefined
  /** Aliases of the replicas that are known to have got there. */
  readonly caughtUp: Set<string>
}

/** Replicas that are lost while they are waited for, until the primary is read. */
const REPLICAS_MAX = 3
/** Primaries that are lost while they are asked, until that is an error. */
const PRIMARIES_MAX = 4
/** A server that owes an answer for so long behind its time-out has fallen silent. */
const GRACE_MS = 1_000
/** Where the last replica asked was late, the next one is only looked at. */
const LOOK_MS = 1

/**
 * The gateway as one session goes through it: what it reads from replicas includes what it has written, by `read_after_write`. A write
 * merely leaves a note of its shard; the first read from a replica of that shard asks the primary, once, what it has executed, and has
 * the replica wait until it has executed that, too. A replica that takes longer, or none that counts transactions, has the primary read
 * instead, by a connection that writes nothing.
 *
 * The session tracker (`session_track_gtids = OWN_GTID`) would tell each write's own position, but with every write, on every
 * connection and in every answer that is relayed, for a read that mostly never comes, and MariaDB has no such.
 */
export class SessionGateway {
  readonly #context: SessionGatewayContext
  #options: ReadAfterWriteOptions = { mode: 'none', timeoutMs: 0 }
  /** By shard. */
  readonly #written = new Map<string, Written>()
  /** Notes have not been kept from the beginning: any shard may have been written on. */
  #isNoteMissing = true
  /** Shards whose replicas were late when they were waited for last. */
  readonly #late = new Set<string>()

  constructor(context: SessionGatewayContext) {
    this.#context = context
  }

  /** How reads from replicas are from now on: by SET, or as the session begins. */
  setReadAfterWrite(options: ReadAfterWriteOptions): void {
    const { mode } = this.#options
    this.#options = options
    if (mode === options.mode || options.mode === 'session') return
    this.#written.clear()
    this.#isNoteMissing = true
  }

  /** A session without a past: nobody has written anything by it. */
  begin(options: ReadAfterWriteOptions): void {
    this.setReadAfterWrite(options)
    this.#isNoteMissing = options.mode !== 'session'
  }

  /** A statement that may write is about to be sent to this target. */
  noteWrite(target: ShardTarget): void {
    if (this.#options.mode !== 'session' || target.tabletType !== 'PRIMARY') return
    const shard = shardOf(target)
    const written = this.#written.get(shard)
    if (written === undefined || written.position !== undefined) this.#written.set(shard, unasked())
  }

  /** A read from this target has something to wait for, as far as is known without asking. */
  isDue(target: ShardTarget): boolean {
    const { mode } = this.#options
    if (mode === 'none' || target.tabletType === 'PRIMARY') return false
    return mode === 'global' || this.#writtenOn(target) !== undefined
  }

  /** As `Gateway.take`; undefined also where the replica must be waited for. */
  take(target: ShardTarget, settings: Settings): Lease | undefined {
    const { gateway } = this.#context
    if (!this.isDue(target)) return gateway.take(target, settings)
    const written = this.#options.mode === 'session' ? this.#writtenOn(target) : undefined
    // What is sent ahead for variables would have to be waited for, did the connection go back.
    if (written === undefined || written.caughtUp.size === 0 || settings.variables !== undefined)
      return undefined
    if (!gateway.hasTablet(target)) return undefined
    const lease = gateway.take(target, settings)
    if (lease === undefined || written.caughtUp.has(lease.tablet.alias)) return lease
    lease.release()
    return undefined
  }

  /** As `Gateway.acquire`; from a replica that has caught up, or from the primary. */
  async acquire(
    target: ShardTarget,
    settings: Settings,
    cancel?: Cancellation,
    pool: 'pool' | 'scratch' = 'pool',
  ): Promise<Lease> {
    const { gateway } = this.#context
    if (!this.isDue(target)) return gateway.acquire(target, settings, cancel, pool)
    if (pool === 'scratch') {
      // What is copied there has been read by others.
      const by = gateway.hasTablet(target) ? target : primaryOf(target)
      return gateway.acquire(by, settings, cancel, pool)
    }
    const written = await this.#ask(target, settings, cancel)
    for (let lost = 0; written.position !== '' && lost < REPLICAS_MAX && gateway.hasTablet(target); lost++) {
      const lease = await this.#acquireReplica(target, settings, cancel)
      if (lease === undefined || (await this.#catchUp(lease, target, written, cancel))) {
        if (lease !== undefined) return lease
        break
      }
      if (lease.connection.state === 'closed') continue
      lease.release()
      break
    }
    return gateway.acquire(primaryOf(target), this.#readOnly(settings), cancel)
  }

  /** See `Gateway.termOf`. */
  termOf(target: ShardTarget): string | undefined {
    return this.#context.gateway.termOf(target)
  }

  /**
   * Has a connection that the session keeps to a replica catch up. Throws where it does not: another connection would not have what
   * the session has on this one.
   */
  async catchUp(lease: Lease, target: ShardTarget, settings: Settings, cancel?: Cancellation): Promise<void> {
    if (!this.isDue(target) || this.#isPrimary(lease)) return
    const written = await this.#ask(target, settings, cancel)
    if (written.position !== '' && (await this.#catchUp(lease, target, written, cancel))) return
    const { timeoutMs } = this.#options
    throw new SqlError(
      'ER_UNKNOWN_ERROR',
      `The session's own connection to ${lease.tablet.name} has not got to what the primary has within ${timeoutMs} ms: SET read_after_write = 'none', or release what the session has there`,
    )
  }

  /** What a connection for this target is to have: read instead of a replica, a primary takes no writes. */
  settingsOn(lease: Lease, target: ShardTarget, settings: Settings): Settings {
    return target.tabletType !== 'PRIMARY' && this.#isPrimary(lease) ? this.#readOnly(settings) : settings
  }

  #isPrimary(lease: Lease): boolean {
    return this.#context.gateway.typeOf(lease.tablet) === 'PRIMARY'
  }

  #readOnly(settings: Settings): Settings {
    const name = READ_ONLY[this.#context.isMariadb() ? 'mariadb' : 'mysql']
    return withItems(settings, new Map([...settings.items, [name, '1']]))
  }

  #writtenOn(target: ShardTarget): Written | undefined {
    const shard = shardOf(target)
    const written = this.#written.get(shard)
    if (written !== undefined || (!this.#isNoteMissing && !this.#hasMoved(target))) return written
    const made = unasked()
    this.#written.set(shard, made)
    return made
  }

  /** What was written in the keyspace is on other shards now, on this one it may be. */
  #hasMoved({ keyspace }: ShardTarget): boolean {
    if (this.#written.size === 0) return false
    const shards = this.#context.gateway.keyspaces.get(keyspace)?.shards
    for (const shard of this.#written.keys())
      if (
        shard.startsWith(`${keyspace}/`) &&
        shards?.some(({ name }) => shard === `${keyspace}/${name}`) !== true
      )
        return true
    return false
  }

  /** What the replica has to have executed. Waits for a primary, where the shard has lost its own. */
  async #ask(target: ShardTarget, settings: Settings, cancel?: Cancellation): Promise<Written> {
    const { isInTransaction } = this.#context
    const { mode } = this.#options
    const written = mode === 'session' ? this.#writtenOn(target)! : unasked()
    if (written.position !== undefined) return written
    const position = await this.#positionOf(primaryOf(target), settings, cancel)
    // What an open transaction has written counts when it is committed.
    if (isInTransaction()) return { ...unasked(), position }
    written.position = position
    return written
  }

  /** What the primary has executed. A connection that is lost is asked for again: there may be another primary. */
  async #positionOf(primary: ShardTarget, settings: Settings, cancel?: Cancellation): Promise<string> {
    for (let turn = 1; ; turn++) {
      const lease = await this.#context.gateway.acquire(primary, settings, cancel)
      try {
        const sql = lease.connection.isMariadb ? ASK_MARIADB : ASK_MYSQL
        const told = await this.#value(lease, sql, undefined, cancel)
        const position = (told ?? '').replaceAll(/\s/g, '')
        return /^[\w:,-]*$/.test(position) ? position : ''
      } catch (error) {
        if (error instanceof ServerError) return '' // it has none
        if (cancel?.signal.aborted || turn === PRIMARIES_MAX) throw error
      } finally {
        if (lease.connection.state === 'idle') lease.release()
        else lease.discard()
      }
    }
  }

  /** Undefined where no replica is left. */
  async #acquireReplica(
    target: ShardTarget,
    settings: Settings,
    cancel?: Cancellation,
  ): Promise<Lease | undefined> {
    const { gateway } = this.#context
    try {
      return await gateway.acquire(target, settings, cancel)
    } catch (error) {
      if (gateway.hasTablet(target)) throw error
      return undefined
    }
  }

  /** Whether the replica has executed all that was, in time. */
  async #catchUp(
    lease: Lease,
    target: ShardTarget,
    written: Written,
    cancel?: Cancellation,
  ): Promise<boolean> {
    const { alias } = lease.tablet
    if (written.caughtUp.has(alias)) return true
    const shard = shardOf(target)
    const timeoutMs = this.#late.has(shard) ? LOOK_MS : this.#options.timeoutMs
    const wait = lease.connection.isMariadb ? 'MASTER_GTID_WAIT' : 'WAIT_FOR_EXECUTED_GTID_SET'
    // 0 would be for ever.
    const seconds = Math.max(timeoutMs, LOOK_MS) / 1_000
    const sql = `SELECT ${wait}('${written.position}', ${seconds}) LIMIT 1`
    let answer: string | null
    try {
      answer = await this.#value(lease, sql, timeoutMs + GRACE_MS, cancel)
    } catch (error) {
      if (cancel?.signal.aborted) throw error
      answer = null // it counts no transactions, or is lost
    }
    const isThere = answer === '0'
    if (isThere) {
      written.caughtUp.add(alias)
      this.#late.delete(shard)
    } else if (lease.connection.state !== 'closed') this.#late.add(shard)
    return isThere
  }

  /** The one cell of an answer. Throws when it does not come within `boundMs`, and the reason of `cancel`: the connection is closed then. */
  async #value(
    lease: Lease,
    sql: string,
    boundMs: number | undefined,
    cancel: Cancellation | undefined,
  ): Promise<string | null> {
    const { promise: given, reject } = deferred<never>()
    const giveUp = (reason: Error) => {
      lease.discard(reason)
      reject(reason)
    }
    const signal = cancel?.signal
    const abort = () => giveUp(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const late = () => giveUp(new SqlError('CR_SERVER_LOST', `${lease.tablet.name} does not answer`))
    const cancelTimer = boundMs === undefined ? () => {} : this.#context.clock.after(boundMs, late)
    try {
      if (signal?.aborted) abort()
      const { rows } = await Promise.race([runQuery(lease.connection, sql), given])
      // Digits and letters, whatever width the session's character set gives them.
      return textCells(rows[0]!, 1)[0]?.replaceAll('\0', '') ?? null
    } finally {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    }
  }
}

/** A LIMIT of its own, for the session may have set sql_select_limit. */
const ASK_MYSQL = "SELECT IF(@@GLOBAL.gtid_mode = 'ON', @@GLOBAL.gtid_executed, '') LIMIT 1"
const ASK_MARIADB = 'SELECT @@GLOBAL.gtid_current_pos LIMIT 1'

function unasked(): Written {
  return { position: undefined, caughtUp: new Set() }
}

function shardOf({ keyspace, shard }: ShardTarget): string {
  return `${keyspace}/${shard}`
}

function primaryOf({ keyspace, shard }: ShardTarget): ShardTarget {
  return shardTarget(keyspace, shard, 'PRIMARY')
}
