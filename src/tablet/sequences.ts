import { type Cancellation, unlessAborted } from '../base/abort.ts'
import { deferred } from '../base/deferred.ts'
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

/**
 * Ids from sequence tables (`id`, `next_id`, `cache`, one row with id 0, as Vitess has them). A block of `cache` ids is
 * reserved in one transaction and handed out from memory; ids of a block that was not used up are lost when the
 * process ends, so that there may be gaps but never the same id twice.
 */
export class Sequences {
  readonly #gateway: Gateway
  readonly #reserves = new Map<string, Reserve>()
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
    const ready = this.#take(key, count)
    if (ready !== undefined) return ready
    const signal = cancel?.signal
    const turn = deferred()
    const before = this.#queues.get(key)
    this.#queues.set(key, turn.promise)
    try {
      await unlessAborted(before ?? Promise.resolve(), signal)
      return this.#take(key, count) ?? (await this.#reserve(keyspace, table, count, signal))
    } finally {
      // One who gave up his turn still has those before him ahead of those behind.
      void Promise.resolve(before).then(() => {
        if (this.#queues.get(key) === turn.promise) this.#queues.delete(key)
        turn.resolve()
      })
    }
  }

  #take(key: string, count: number): bigint | undefined {
    const reserve = this.#reserves.get(key)
    if (reserve === undefined || reserve.end - reserve.next < BigInt(count)) return undefined
    const first = reserve.next
    reserve.next += BigInt(count)
    return first
  }

  async #reserve(
    keyspace: string,
    table: string,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<bigint> {
    const key = `${keyspace}.${table}`
    const { shards } = this.#gateway.shardsOf(keyspace)
    if (shards.length !== 1) {
      throw new SqlError('ER_UNKNOWN_ERROR', `Sequence ${key} must be in an unsharded keyspace`)
    }
    const lease = await this.#gateway.acquire(shards[0]!.targets.PRIMARY, OWN_SETTINGS, signal && { signal })
    const stop = () => lease.abandon()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await unlessAborted(this.#reserveOn(lease, { key, table, count }), signal)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Gives the lease back. */
  async #reserveOn(
    lease: Lease,
    { key, table, count }: { readonly key: string; readonly table: string; readonly count: number },
  ): Promise<bigint> {
    const { connection, tablet } = lease
    const name = `${quoteName(tablet.database)}.${quoteName(table)}`
    try {
      await runQuery(connection, 'BEGIN')
      const { rows } = await runQuery(
        connection,
        `SELECT next_id, cache FROM ${name} WHERE id = 0 FOR UPDATE`,
      )
      if (rows.length !== 1) {
        throw new SqlError(
          'ER_UNKNOWN_ERROR',
          `Sequence ${key} must have exactly one row, with id 0; it has ${rows.length}`,
        )
      }
      const [next, cache] = textCells(rows[0]!, 2).map((cell) => BigInt(cell ?? '0')) as [bigint, bigint]
      if (cache < 1n)
        throw new SqlError('ER_UNKNOWN_ERROR', `invalid cache value for sequence ${key}: ${cache}`)
      // Never below what was handed out: somebody may have lowered next_id.
      const last = this.#reserves.get(key)?.end ?? 0n
      const first = next > last ? next : last > 0n ? last : next
      const blocks = (BigInt(count) + cache - 1n) / cache
      const end = first + blocks * cache
      await runQuery(connection, `UPDATE ${name} SET next_id = ${end} WHERE id = 0`)
      await runQuery(connection, 'COMMIT')
      this.#reserves.set(key, { next: first + BigInt(count), end })
      lease.release()
      return first
    } catch (error) {
      lease.discard() // the server rolls back
      throw error
    }
  }
}

const OWN_SETTINGS = makeSettings(new Map(), USUAL_KIND)
