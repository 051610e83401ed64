import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import type { Logger } from '../telemetry/log.ts'
import { type Branch, isHome, threadOf, xidSql } from './branch.ts'
import type { Decision, Decisions } from './decisions.ts'

export interface ResolverOptions {
  readonly gateway: Pick<Gateway, 'keyspaces'>
  readonly decisions: Decisions
  readonly clock: Clock
  readonly log: Logger
  readonly abandonMs: number
  readonly recovers: boolean
  /** Its commit runs in this process. */
  isActive(id: string): boolean
}

/** Between two looks at all shards; while something is left, they are nearer. */
const ROUND_MS = 5_000
const RETRY_MS = 500
const URGENT_MAX = 1_000
/** A connection that has been told to end takes a moment. */
const CONCLUDE_TURNS_MAX = 100
const CONCLUDE_PAUSE_MS = 50

/**
 * Ends what commits have left half done: a proxy that has died, a server that was away. Any number of them may do so at once, for
 * nobody decides here: what was decided stands at the transaction's home, and what was not can no longer be when its row is gone.
 */
export class Resolver {
  readonly #options: ResolverOptions
  /** Prepared branches that are left, by XID, and since when they were seen here: epoch ms. */
  readonly #left = new Map<string, number>()
  /** Transactions whose commit has ended here without telling every shard. */
  readonly #urgent = new Set<string>()
  /** Told once. */
  readonly #homeless = new Set<string>()
  /** Shards that are being looked at. */
  readonly #busy = new Set<string>()
  #cancel: (() => void) | undefined
  #closed = false

  constructor(options: ResolverOptions) {
    this.#options = options
    if (options.recovers) this.#schedule(RETRY_MS)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  /** The transaction has been left half done just now. */
  soon(id: string): void {
    if (this.#urgent.size >= URGENT_MAX) this.#urgent.clear()
    this.#urgent.add(id)
    this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    this.#cancel?.()
    if (this.#closed) return
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#round()
      this.#schedule(this.#left.size > 0 ? RETRY_MS : ROUND_MS)
    })
  }

  /** Looks at every shard, at each by itself: one that does not answer holds up nobody. */
  #round(): void {
    const { log, clock, abandonMs } = this.#options
    for (const shard of this.#shards()) {
      if (this.#busy.has(shard.key)) continue
      this.#busy.add(shard.key)
      this.#recover(shard)
        .then(() => this.#forgetOld(shard, clock.now() - abandonMs))
        .catch((error) =>
          log.debug('a shard cannot be asked for prepared transactions', { shard: shard.key, error }),
        )
        .finally(() => this.#busy.delete(shard.key))
    }
  }

  /**
   * Ends one transaction now, without waiting for whoever decides about it. Throws while a shard that has to do with it does
   * not answer.
   */
  async conclude(id: string): Promise<void> {
    const home = this.#homeOf(id)
    if (home === undefined) throw unknownTransaction(id)
    for (let turn = 1; ; turn++) {
      const counts = await Promise.all(this.#shards().map((shard) => this.#recover(shard, id)))
      if (counts.every((count) => count === 0)) break
      if (turn === CONCLUDE_TURNS_MAX) throw notConcluded(id)
      await new Promise<void>((resolve) => this.#options.clock.after(CONCLUDE_PAUSE_MS, resolve))
    }
    await this.#forgetOld(home, Number.POSITIVE_INFINITY, id)
  }

  /** How many branches were found. `only`: of this transaction, whoever works at it. */
  async #recover(shard: ShardTarget, only?: string): Promise<number> {
    const { decisions, isActive } = this.#options
    const branches = await decisions.prepared(shard)
    const left = new Set(branches.map((branch) => leftKey(shard, branch)))
    for (const key of this.#left.keys())
      if (key.startsWith(`${shard.key} `) && !left.has(key)) this.#left.delete(key)
    const chosen = branches.filter(({ id }) => (only === undefined ? !isActive(id) : id === only))
    await Promise.all(chosen.map((branch) => this.#resolve(shard, branch, only !== undefined)))
    return chosen.length
  }

  async #resolve(shard: ShardTarget, branch: Branch, isForced: boolean): Promise<void> {
    const { decisions, clock, abandonMs } = this.#options
    const { id } = branch
    const key = leftKey(shard, branch)
    const seenMs = this.#left.get(key)
    const sinceMs = seenMs ?? clock.now()
    this.#left.set(key, sinceMs)
    // Most are being committed at this moment, by others.
    if (seenMs === undefined && !isForced && !this.#urgent.has(id)) return
    const isAbandoned = isForced || clock.now() - sinceMs >= abandonMs
    const home = this.#homeOf(id)
    if (home === undefined) return this.#noteHomeless(id, shard)
    const decision = await decisions.read(home, id)
    if (decision === 'open') {
      if (isAbandoned) await decisions.endWriter(home, id)
      return
    }
    if (await this.#finish(shard, branch, decision)) this.#left.delete(key)
    // It is still with the connection that has prepared it.
    else if (isAbandoned) await decisions.endThread(shard, threadOf(branch))
  }

  async #finish(shard: ShardTarget, branch: Branch, decision: Exclude<Decision, 'open'>): Promise<boolean> {
    const { decisions, log } = this.#options
    const isDone = await decisions.finish(shard, branch, decision === 'committed' ? 'COMMIT' : 'ROLLBACK')
    const what = decision === 'committed' ? 'committed' : 'rolled back'
    if (isDone) log.info(`a prepared transaction was found and ${what}`, { id: branch.id, shard: shard.key })
    return isDone
  }

  /** Decisions that every shard has followed; their proxy had no time to delete them. */
  async #forgetOld(home: ShardTarget, beforeMs: number, only?: string): Promise<void> {
    const { decisions, isActive } = this.#options
    const shards = new Map(this.#shards().map((shard) => [`${shard.keyspace}/${shard.shard}`, shard]))
    for (const { id, branches, recordedMs } of await decisions.list(home)) {
      if (!isHome(id, home) || recordedMs >= beforeMs) continue
      if (only === undefined ? isActive(id) : id !== only) continue
      // Where the topology no longer has all of the shards, only people can say.
      const over = await Promise.all(
        branches.map(async ({ shard: name, qualifier }) => {
          const shard = shards.get(name)
          return shard !== undefined && (await decisions.isOver(shard, { id, qualifier }))
        }),
      )
      if (over.includes(false)) continue
      if ((await decisions.read(home, id)) === 'committed') await decisions.forget(home, [id])
    }
  }

  #homeOf(id: string): ShardTarget | undefined {
    return this.#shards().find((shard) => isHome(id, shard))
  }

  #noteHomeless(id: string, shard: ShardTarget): void {
    if (this.#homeless.has(id) || this.#homeless.size >= HOMELESS_MAX) return
    this.#homeless.add(id)
    const message = 'a prepared transaction was decided on a shard that the topology does not have'
    this.#options.log.warn(message, { id, shard: shard.key })
  }

  #shards(): readonly ShardTarget[] {
    return primariesOf(this.#options.gateway)
  }
}

const HOMELESS_MAX = 1_000

/** The primary of every shard. */
export function primariesOf({ keyspaces }: Pick<Gateway, 'keyspaces'>): readonly ShardTarget[] {
  return [...keyspaces.values()].flatMap(({ shards }) => shards.map(({ targets }) => targets.PRIMARY))
}

function leftKey(shard: ShardTarget, branch: Branch): string {
  return `${shard.key} ${xidSql(branch)}`
}

export function unknownTransaction(id: string): SqlError {
  return new SqlError('ER_WRONG_ARGUMENTS', `There is no transaction '${id}' (SHOW UNRESOLVED TRANSACTIONS)`)
}

function notConcluded(id: string): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `Transaction '${id}' has not ended yet: SHOW TRANSACTION STATUS FOR '${id}'`,
  )
}
