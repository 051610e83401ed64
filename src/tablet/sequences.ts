import { type Cancellation, unlessAborted } from '../base/abort.ts'
import { deferred } from '../base/deferred.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import { runQuery, textCells } from '../mysql/client/simple-command.ts'
import { quoteName } from '../values/sql-literal.ts'
import type { Gateway } from './gateway.ts'
import type { Lease } from './lease.ts'
import { makeSettings, USUAL_KIND } from './settings.ts'

/** A run of ids that this process may hand out: `next` up to but not including `end`. */
interface Reserve {
  next: bigint
  end: bigint
}

/** BIGINT ends here. */
const LAST_ID = 2n ** 63n - 1n

/**
 * Ids from sequence tables (`id`, `next_id`, `cache`, one row with id 0, as Vitess has them). A block of `cache` ids is
 * reserved in one transaction and handed out from memory; ids of a block that was not used up are lost when the
 * process ends, so that there may be gaps but never the same id twice.
 *
 * A sequence is behind every id that a row has brought by way of this process. Another process may still have that id in a
 * block that it has reserved before: its row is refused then (1062), as any that has an id of another.
 */
export class Sequences {
  readonly #gateway: Gateway
  readonly #reserves = new Map<string, Reserve>()
  /** For sequences without a reserve: no id below is given any more. */
  readonly #passed = new Map<string, bigint>()
  /** One reservation at a time for each sequence; the others wait for it. */
  readonly #queues = new Map<string, Promise<void>>()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /**
   * The first of `count` consecutive ids. Throws when the sequence table is missing or not as it should be, and the reason of
   * `cancel` when that comes before.
   */
  async next(keyspace: string, table: string, count: number, cancel?: Cancellation): Promise<bigint> {
    const key = `${keyspace}.${table}`
    const signal = cancel?.signal
    return (
      this.#take(key, count) ??
      (await this.#inTurn(
        key,
        signal,
        async () =>
          this.#take(key, count) ?? (await this.#reserve({ keyspace, table, count, behind: 0n }, signal)),
      ))
    )
  }

  /** Whether the process knows that it gives no id up to this one any more. */
  isPassed(keyspace: string, table: string, id: bigint): boolean {
    return this.#isPassed(`${keyspace}.${table}`, id)
  }

  /** From here on ids are higher than this one. Throws as `next` does, but a sequence that is not there gives no ids at all. */
  async pass(keyspace: string, table: string, id: bigint, cancel?: Cancellation): Promise<void> {
    const key = `${keyspace}.${table}`
    if (this.#pass(key, id)) return
    const signal = cancel?.signal
    try {
      await this.#inTurn(key, signal, async () => {
        if (!this.#pass(key, id)) await this.#reserve({ keyspace, table, count: 0, behind: id }, signal)
      })
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
  }

  #isPassed(key: string, id: bigint): boolean {
    return id < (this.#reserves.get(key)?.next ?? this.#passed.get(key) ?? 0n)
  }

  /** Without asking the table; false where only that can tell. */
  #pass(key: string, id: bigint): boolean {
    if (this.#isPassed(key, id)) return true
    const reserve = this.#reserves.get(key)
    if (reserve === undefined || id >= reserve.end) return false
    reserve.next = id + 1n
    return true
  }

  #take(key: string, count: number): bigint | undefined {
    const reserve = this.#reserves.get(key)
    if (reserve === undefined || reserve.end - reserve.next < BigInt(count)) return undefined
    const first = reserve.next
    reserve.next += BigInt(count)
    return first
  }

  async #inTurn<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const turn = deferred()
    const before = this.#queues.get(key)
    this.#queues.set(key, turn.promise)
    try {
      await unlessAborted(before ?? Promise.resolve(), signal)
      return await work()
    } finally {
      // One who gave up his turn still has those before him ahead of those behind.
      void Promise.resolve(before).then(() => {
        if (this.#queues.get(key) === turn.promise) this.#queues.delete(key)
        turn.resolve()
      })
    }
  }

  async #reserve(asked: Asked, signal: AbortSignal | undefined): Promise<bigint> {
    const { keyspace, table } = asked
    const { shards } = this.#gateway.shardsOf(keyspace)
    if (shards.length !== 1) {
      throw new SqlError('ER_UNKNOWN_ERROR', `Sequence ${keyspace}.${table} must be in an unsharded keyspace`)
    }
    const lease = await this.#gateway.acquire(shards[0]!.targets.PRIMARY, OWN_SETTINGS, signal && { signal })
    const stop = () => lease.abandon()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await unlessAborted(this.#reserveOn(lease, asked), signal)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Gives the lease back. */
  async #reserveOn(lease: Lease, asked: Asked): Promise<bigint> {
    const { connection, tablet } = lease
    const { table } = asked
    const key = `${asked.keyspace}.${table}`
    const name = `${quoteName(tablet.database)}.${quoteName(table)}`
    try {
      await runQuery(connection, 'BEGIN')
      const { rows } = await runQuery(
        connection,
        `SELECT next_id, cache FROM ${name} WHERE id = 0 FOR UPDATE`,
      )
      if (rows.length !== 1) {
        throw new NoSequence(
          'ER_UNKNOWN_ERROR',
          `Sequence ${key} must have exactly one row, with id 0; it has ${rows.length}`,
        )
      }
      const [next, cache] = textCells(rows[0]!, 2).map((cell) => BigInt(cell ?? '0')) as [bigint, bigint]
      if (cache < 1n)
        throw new SqlError('ER_UNKNOWN_ERROR', `invalid cache value for sequence ${key}: ${cache}`)
      const reserve = this.#blockOf(key, asked, { next, cache })
      if (reserve !== undefined)
        await runQuery(connection, `UPDATE ${name} SET next_id = ${reserve.end} WHERE id = 0`)
      await runQuery(connection, 'COMMIT')
      lease.release()
      return this.#keep(key, asked, reserve, next)
    } catch (error) {
      lease.discard() // the server rolls back
      throw error
    }
  }

  /** What is reserved now, where the table says this; undefined where it is behind what is to be passed already. */
  #blockOf(
    key: string,
    { count, behind }: Asked,
    { next, cache }: { readonly next: bigint; readonly cache: bigint },
  ): Reserve | undefined {
    if (count === 0 && next > behind) return undefined
    // Never below what was handed out: somebody may have lowered next_id.
    const last = this.#reserves.get(key)?.end ?? 0n
    const least = last > behind + 1n ? last : behind + 1n
    const first = next > least || (last === 0n && count > 0) ? next : least
    const blocks = count === 0 ? 1n : (BigInt(count) + cache - 1n) / cache
    const end = first + blocks * cache
    return count === 0 && end > LAST_ID ? { next: LAST_ID, end: LAST_ID } : { next: first, end }
  }

  /** The first of the ids that were asked for. What is left of the block before is behind what was to be passed. */
  #keep(key: string, { count }: Asked, reserve: Reserve | undefined, next: bigint): bigint {
    if (reserve === undefined) {
      this.#reserves.delete(key)
      this.#passed.set(key, next)
      return next
    }
    // Ids that a block has left are followed by those of the next one, unless another process has reserved between.
    const left = this.#reserves.get(key)
    const first = count > 0 && left?.end === reserve.next ? left.next : reserve.next
    this.#reserves.set(key, { next: first + BigInt(count), end: reserve.end })
    return first
  }
}

/** The table of a sequence is not filled as it should be. */
class NoSequence extends SqlError {}

const ER_NO_SUCH_TABLE = 1146

function isAbsent(error: unknown): boolean {
  return error instanceof NoSequence || (error instanceof ServerError && error.errno === ER_NO_SUCH_TABLE)
}

interface Asked {
  readonly keyspace: string
  readonly table: string
  /** 0: none is wanted now, but all are to be higher than `behind`. */
  readonly count: number
  readonly behind: bigint
}

const OWN_SETTINGS = makeSettings(new Map(), USUAL_KIND)
