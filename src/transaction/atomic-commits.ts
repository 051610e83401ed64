import type { Clock } from '../base/clock.ts'
import { ServerError } from '../errors/server-error.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import type { Logger } from '../telemetry/log.ts'
import type { AtomicPart } from './atomic-end.ts'
import { type Branch, isTransactionId } from './branch.ts'
import { cannotTakePart, type Decision, Decisions, XAER_NOTA } from './decisions.ts'
import { type JointOutcome, jointOutcome, type Participant } from './joint-outcome.ts'
import type { Lanes } from './lanes.ts'
import { Resolver, unknownTransaction } from './resolver.ts'

/**
 * Points of an atomic commit between which a proxy or a server may be lost, in their order. A joint one has no 'recorded' and no
 * 'decided'.
 */
export type CommitStep = 'recorded' | 'preparing' | 'prepared' | 'all prepared' | 'decided' | 'committed'

export interface AtomicOptions {
  readonly gateway: Pick<Gateway, 'control' | 'acquire' | 'termOf' | 'keyspaces'>
  readonly clock: Clock
  readonly log: Logger
  /**
   * How long a decision may be open before whoever recovers ends the connection that has it open, and how long a row is kept
   * that nobody has deleted.
   */
  readonly abandonMs: number
  /** Whether this process looks for what others have left; one of several workers does. */
  readonly recovers: boolean
  /** For tests: called at each step with the shard that it is about; the commit goes on when it resolves. */
  readonly onStep?: (step: CommitStep, shard: string) => Promise<void>
}

/** How long the outcome of a decision whose answer was lost is asked for. */
const OUTCOME_MS = 10_000
const RETRY_MS = 100
/** Decisions that all have followed are deleted together. */
const FORGET_MS = 200
const FORGET_MAX = 500
const READY_MAX = 10_000

/** What the atomic commits of one process share. */
export class AtomicCommits {
  readonly gateway: AtomicOptions['gateway']
  readonly clock: Clock
  readonly decisions: Decisions
  readonly resolver: Resolver
  readonly #onStep: AtomicOptions['onStep']
  readonly #abandonMs: number
  readonly #log: Logger
  /** Transactions whose commit runs here. */
  readonly #active = new Set<string>()
  /** Shards that have shown that they can take part, by role, shard and the primary's term. */
  readonly #ready = new Set<string>()
  /** Done, by the key of their home. */
  readonly #done = new Map<string, { readonly home: ShardTarget; readonly ids: string[] }>()
  #cancelForget: (() => void) | undefined

  constructor(options: AtomicOptions) {
    this.gateway = options.gateway
    this.clock = options.clock
    this.#log = options.log
    this.#onStep = options.onStep
    this.#abandonMs = options.abandonMs
    this.decisions = new Decisions(options.gateway)
    this.resolver = new Resolver({
      ...options,
      decisions: this.decisions,
      isActive: (id) => this.#active.has(id),
    })
  }

  close(): void {
    this.#cancelForget?.()
    this.resolver.close()
  }

  async step(step: CommitStep, shard: string): Promise<void> {
    await this.#onStep?.(step, shard)
  }

  /** Nobody else needs to look after the transaction while `work` runs. */
  async during<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#active.add(id)
    try {
      return await work()
    } finally {
      this.#active.delete(id)
    }
  }

  /** Throws 1227 where the proxy's account could not recover a transaction that is left half done. */
  async requireReady(home: ShardTarget, others: readonly ShardTarget[]): Promise<void> {
    await Promise.all([
      this.#requireTable(home),
      ...others.map((shard) => this.#require('part', shard, () => this.decisions.prepared(shard))),
    ])
  }

  /** The shards have a table that a snapshot can be taken of. */
  async requireTables(shards: readonly ShardTarget[]): Promise<void> {
    const primaries = shards.filter(({ tabletType }) => tabletType === 'PRIMARY')
    await Promise.all(primaries.map((shard) => this.#requireTable(shard)))
  }

  /** As `requireReady`, of all shards of a joint transaction. */
  async requireJoint(shards: readonly ShardTarget[]): Promise<void> {
    await Promise.all(shards.map((shard) => this.requireReady(shard, [shard])))
  }

  #requireTable(shard: ShardTarget): Promise<void> {
    return this.#require('home', shard, () => this.decisions.createTable(shard))
  }

  async #require(role: string, shard: ShardTarget, show: () => Promise<unknown>): Promise<void> {
    const key = `${role} ${shard.key} ${this.gateway.termOf(shard)}`
    if (this.#ready.has(key)) return
    try {
      await show()
    } catch (error) {
      throw cannotTakePart(shard, error)
    }
    if (this.#ready.size >= READY_MAX) this.#ready.clear()
    this.#ready.add(key)
  }

  /**
   * What has become of a decision whose answer was lost: 'open' where its home does not say in time, or may have been made to forget it.
   * `recordedMs`: by this process's clock, as all times here.
   */
  async outcomeOf(home: ShardTarget, id: string, recordedMs: number): Promise<Decision> {
    const ask = () => this.decisions.read(home, id).catch(() => 'open' as const)
    const outcome = await this.#askUntilKnown(ask)
    return outcome === 'none' && this.#mayBeForgotten(recordedMs) ? 'open' : outcome
  }

  /** As `outcomeOf`, where the answer of a shard of a joint transaction was lost. */
  async jointOutcomeOf(
    participants: readonly Participant[],
    recordedMs: number,
  ): Promise<JointOutcome['how']> {
    const how = await this.#askUntilKnown(async () => (await jointOutcome(this.decisions, participants)).how)
    return how === 'ROLLBACK' && this.#mayBeForgotten(recordedMs) ? 'open' : how
  }

  /** This process has stood still: others may have ended the transaction, and deleted what tells how. */
  #mayBeForgotten(recordedMs: number): boolean {
    return this.clock.now() - recordedMs >= this.#abandonMs
  }

  async #askUntilKnown<T extends string>(ask: () => Promise<T | 'open'>): Promise<T | 'open'> {
    const untilMs = this.clock.now() + OUTCOME_MS
    for (;;) {
      const outcome = await ask()
      if (outcome !== 'open' || this.clock.now() >= untilMs) return outcome
      await new Promise<void>((resolve) => this.clock.after(RETRY_MS, resolve))
    }
  }

  /** Has the branches of a committed transaction commit, and answers the shards that did not say that they have, by name. */
  async commitPrepared(lanes: Lanes, parts: readonly AtomicPart[]): Promise<readonly string[]> {
    const missing: string[] = []
    await Promise.all(
      parts.map(async ({ lane, branch }) => {
        try {
          await lane.commitPrepared(branch)
          lanes.leave(lane)
        } catch (error) {
          lanes.drop(lane)
          if (!(await this.#isEndedByOthers(lane.target, branch, error))) missing.push(lane.name)
        }
        await this.step('committed', lane.name)
      }),
    )
    return missing
  }

  /** Whoever recovers may have been faster, or is at it: what he does is waited for. */
  async #isEndedByOthers(shard: ShardTarget, branch: Branch, error: unknown): Promise<boolean> {
    if (!(error instanceof ServerError) || error.errno !== XAER_NOTA) return false
    const isOver = () => this.decisions.isOver(shard, branch).catch(() => false)
    return (await this.#askUntilKnown(async () => ((await isOver()) ? 'over' : 'open'))) === 'over'
  }

  /** Somebody will see to it that the shards follow; what the client is told. */
  followLater(id: string, missing: readonly string[]): string {
    this.resolveSoon(id)
    return `Transaction ${id} is committed; ${missing.join(', ')} did not answer and will follow as soon as possible`
  }

  /** All shards have followed: the row is not needed any more. */
  forget(home: ShardTarget, id: string): void {
    const done = this.#done.get(home.key) ?? { home, ids: [] }
    done.ids.push(id)
    this.#done.set(home.key, done)
    if (done.ids.length >= FORGET_MAX) this.#forgetAll()
    else this.#cancelForget ??= this.clock.after(FORGET_MS, () => this.#forgetAll())
  }

  /** What cannot be deleted now is found by whoever recovers. */
  #forgetAll(): void {
    this.#cancelForget?.()
    this.#cancelForget = undefined
    for (const { home, ids } of this.#done.values())
      this.decisions
        .forget(home, ids)
        .catch((error) => this.#log.debug('decisions are left for later', { home: home.key, error }))
    this.#done.clear()
  }

  /** As `Resolver.conclude`; throws 1210 for what is no transaction of this topology's. */
  async conclude(id: string): Promise<void> {
    if (!isTransactionId(id)) throw unknownTransaction(id)
    await this.resolver.conclude(id)
  }

  resolveSoon(id: string): void {
    this.resolver.soon(id)
  }
}
