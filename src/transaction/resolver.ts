import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import type { Logger } from '../telemetry/log.ts'
import { type Branch, isHome, isJoint, jointIdOf, threadOf, xidSql } from './branch.ts'
import type { DecisionRow, Decisions } from './decisions.ts'
import { jointOutcome, type Participant } from './joint-outcome.ts'

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
  /** Rows that are kept, by shard and id, and since when they were seen here: clocks of others do not matter. */
  readonly #kept = new Map<string, number>()
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
    const { log } = this.#options
    for (const shard of this.#shards()) {
      if (this.#busy.has(shard.key)) continue
      this.#busy.add(shard.key)
      this.#recover(shard)
        .then(() => this.#forgetOld(shard))
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
    if (!isJoint(id) && this.#homeOf(id) === undefined) throw unknownTransaction(id)
    for (let turn = 1; ; turn++) {
      const counts = await Promise.all(this.#shards().map((shard) => this.#recover(shard, id)))
      if (counts.every((count) => count === 0)) break
      if (turn === CONCLUDE_TURNS_MAX) throw notConcluded(id)
      await new Promise<void>((resolve) => this.#options.clock.after(CONCLUDE_PAUSE_MS, resolve))
    }
    await Promise.all(this.#shards().map((shard) => this.#forgetOld(shard, id)))
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
    const { clock, abandonMs } = this.#options
    const { id } = branch
    const key = leftKey(shard, branch)
    const seenMs = this.#left.get(key)
    const sinceMs = seenMs ?? clock.now()
    this.#left.set(key, sinceMs)
    // Most are being committed at this moment, by others.
    if (seenMs === undefined && !isForced && !this.#urgent.has(id)) return
    const isAbandoned = isForced || clock.now() - sinceMs >= abandonMs
    const isDone = isJoint(id)
      ? await this.#resolveJoint(shard, branch, isAbandoned)
      : await this.#resolveAtHome(shard, branch, isAbandoned)
    if (isDone) this.#left.delete(key)
  }

  /** Whether the branch has ended. `isAbandoned`: who holds it up is not waited for. */
  async #resolveAtHome(shard: ShardTarget, branch: Branch, isAbandoned: boolean): Promise<boolean> {
    const { decisions } = this.#options
    const { id } = branch
    const home = this.#homeOf(id)
    if (home === undefined) return this.#noteHomeless(id, shard)
    const decision = await decisions.read(home, id)
    if (decision !== 'open')
      return this.#finish(shard, branch, decision === 'committed' ? 'COMMIT' : 'ROLLBACK', isAbandoned)
    if (isAbandoned) await decisions.endWriter(home, id)
    return false
  }

  /** As `#resolveAtHome`, where all of the transaction's shards are asked. */
  async #resolveJoint(shard: ShardTarget, branch: Branch, isAbandoned: boolean): Promise<boolean> {
    const { decisions } = this.#options
    const record = await decisions.record(shard, branch)
    if (record === undefined) {
      if (!(await decisions.isWithoutRecord(shard, branch))) return false
      return this.#finish(shard, branch, 'ROLLBACK', isAbandoned)
    }
    const participants = participantsOf(branch.id, record, this.#shards())
    const { how, running } = await jointOutcome(decisions, participants)
    if (how !== 'open') return this.#finish(shard, branch, how, isAbandoned)
    if (participants.some((each) => each.shard === undefined)) this.#noteHomeless(branch.id, shard)
    if (isAbandoned)
      await Promise.all(running.map((each) => decisions.endThread(each.shard!, threadOf(each.branch))))
    return false
  }

  async #finish(
    shard: ShardTarget,
    branch: Branch,
    how: 'COMMIT' | 'ROLLBACK',
    isAbandoned: boolean,
  ): Promise<boolean> {
    const { decisions, log } = this.#options
    const isDone = await decisions.finish(shard, branch, how)
    const what = how === 'COMMIT' ? 'committed' : 'rolled back'
    if (isDone) log.info(`a prepared transaction was found and ${what}`, { id: branch.id, shard: shard.key })
    // It is still with the connection that has prepared it.
    else if (isAbandoned) await decisions.endThread(shard, threadOf(branch))
    return isDone
  }

  /** Decisions that every shard has followed; their proxy had no time to delete them. `only`: of this transaction, however old. */
  async #forgetOld(home: ShardTarget, only?: string): Promise<void> {
    const { decisions, isActive } = this.#options
    for (const row of this.#oldRows(home, await decisions.list(home), only)) {
      const id = transactionOf(row, home)
      if (id === undefined || (only === undefined ? isActive(id) : id !== only)) continue
      // Where the topology no longer has all of the shards, only people can say.
      const over = await Promise.all(
        participantsOf(id, row, this.#shards()).map(
          async ({ shard, branch }) => shard !== undefined && (await decisions.isOver(shard, branch)),
        ),
      )
      if (over.includes(false)) continue
      if ((await decisions.read(home, row.id)) === 'committed') await decisions.forget(home, [row.id])
    }
  }

  #oldRows(home: ShardTarget, rows: readonly DecisionRow[], only?: string): readonly DecisionRow[] {
    if (only !== undefined) return rows
    const { clock, abandonMs } = this.#options
    const now = clock.now()
    const prefix = `${home.key} `
    const since = new Map(rows.map(({ id }) => [id, this.#kept.get(prefix + id) ?? now]))
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#kept.delete(key)
    for (const [id, ms] of since) this.#kept.set(prefix + id, ms)
    return rows.filter(({ id }) => now - since.get(id)! >= abandonMs)
  }

  #homeOf(id: string): ShardTarget | undefined {
    return this.#shards().find((shard) => isHome(id, shard))
  }

  #noteHomeless(id: string, shard: ShardTarget): false {
    if (this.#homeless.has(id) || this.#homeless.size >= HOMELESS_MAX) return false
    this.#homeless.add(id)
    const message = 'a prepared transaction was decided on a shard that the topology does not have'
    this.#options.log.warn(message, { id, shard: shard.key })
    return false
  }

  #shards(): readonly ShardTarget[] {
    return primariesOf(this.#options.gateway)
  }
}

const HOMELESS_MAX = 1_000

/** Whose row it is; undefined for a row of another shard on the same server. */
export function transactionOf({ id }: DecisionRow, shard: ShardTarget): string | undefined {
  return isHome(id, shard) ? id : jointIdOf(id, shard)
}

/** The branches that a row names. */
export function participantsOf(
  id: string,
  { branches }: Pick<DecisionRow, 'branches'>,
  shards: readonly ShardTarget[],
): readonly Participant[] {
  return branches.map(({ shard: name, qualifier }) => ({
    shard: shards.find(({ keyspace, shard }) => `${keyspace}/${shard}` === name),
    branch: { id, qualifier },
  }))
}

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
