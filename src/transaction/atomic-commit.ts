import { makeSettings, USUAL_KIND } from '../tablet/settings.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import {
  type AtomicPart,
  type Ending,
  leaveOpen,
  outcomeUnknown,
  rollBackAll,
  type Verdict,
  writtenOutside,
} from './atomic-end.ts'
import { BestEffort } from './best-effort.ts'
import { type CommitFailure, type CommitProtocol, isRefusal, rollBack } from './commit-protocol.ts'
import { recordSql } from './decisions.ts'
import { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'
import { settleAll } from './settle-all.ts'
import { PLAIN_START } from './transaction-start.ts'

/** A transaction that is to end on all shards alike. */
export interface AtomicStart {
  /** The shard that it has reached first: there it is an ordinary transaction, which takes the decision with it. */
  readonly home: ShardTarget
  /** Of its branches on the other shards; undefined while it has reached no other. */
  readonly id: string | undefined
}

/**
 * Commits on all shards or on none (docs/design/atomic-commit.md): the decision is written in the transaction at home; the
 * others prepare; home commits, and the decision with it; then the others commit. Whoever finds a prepared branch later asks
 * its home, and does as it says. Where no two shards have written there is nothing to agree upon.
 */
export class AtomicCommit implements CommitProtocol {
  readonly #lanes: Lanes
  readonly #commits: AtomicCommits
  readonly #start: AtomicStart
  /** What the client is told of a transaction that is committed, though not on every shard yet. */
  delayed: string | undefined

  constructor(lanes: Lanes, commits: AtomicCommits, start: AtomicStart) {
    this.#lanes = lanes
    this.#commits = commits
    this.#start = start
  }

  async commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined> {
    const writers = lanes.filter(({ hasWritten }) => hasWritten)
    if (writers.length < 2) return new BestEffort(this.#lanes).commit(lanes)
    // A KILL that comes too late for its statement must not meet a step of the commit.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
    const { id } = this.#start
    if (id === undefined || writers.some((lane) => lane.branch === undefined && !this.#isHome(lane)))
      return this.#rollBack(lanes, writtenOutside())
    return this.#commits.during(id, () => this.#commitAll(lanes, id))
  }

  async #commitAll(lanes: readonly Lane[], id: string): Promise<CommitFailure | undefined> {
    const parts = lanes.flatMap((lane) => (lane.branch === undefined ? [] : [{ lane, branch: lane.branch }]))
    let manager = lanes.find((lane) => this.#isHome(lane))
    const recordedMs = this.#commits.clock.now()
    const all = () => (manager === undefined || lanes.includes(manager) ? lanes : [...lanes, manager])
    try {
      await this.#commits.requireReady(
        this.#start.home,
        parts.map(({ lane }) => lane.target),
      )
      manager ??= await this.#openManager()
      const branches = parts.map(({ lane, branch }) => ({ shard: lane.name, qualifier: branch.qualifier }))
      await manager.query(recordSql({ id, branches, recordedMs }))
      await this.#commits.step('recorded', manager.name)
      await settleAll(parts.map((part) => this.#prepare(part)))
      await this.#commits.step('all prepared', manager.name)
    } catch (error) {
      return this.#rollBack(all(), error as Error)
    }
    const verdict = await this.#decide(manager, id, recordedMs)
    if (verdict.kind === 'RolledBack') return this.#rollBack(all(), verdict.error)
    if (verdict.kind === 'Unknown') return leaveOpen(this.#ending(id), all(), verdict.error)
    await this.#commits.step('decided', manager.name)
    await this.#commitParts(parts, id)
    // On replicas, or where nothing was written.
    await rollBack(
      this.#lanes,
      lanes.filter(({ inTransaction }) => inTransaction),
    )
    return undefined
  }

  #isHome({ branch, target }: Lane): boolean {
    return branch === undefined && target.key === this.#start.home.key
  }

  /** What the transaction had at home is over already: a stored program has committed it. */
  async #openManager(): Promise<Lane> {
    const { home } = this.#start
    const lease = await this.#commits.gateway.acquire(home, OWN_SETTINGS)
    const lane = new Lane(home, undefined, lease)
    await lane.begin(PLAIN_START, [])
    return lane
  }

  async #prepare({ lane, branch }: AtomicPart): Promise<void> {
    await this.#commits.step('preparing', lane.name)
    await lane.prepare(branch)
    await this.#commits.step('prepared', lane.name)
  }

  async #decide(manager: Lane, id: string, recordedMs: number): Promise<Verdict> {
    try {
      await manager.commit()
      this.#lanes.leave(manager)
      return { kind: 'Committed' }
    } catch (error) {
      if (isRefusal(error)) return { kind: 'RolledBack', error }
      this.#lanes.drop(manager)
      const outcome = await this.#commits.outcomeOf(this.#start.home, id, recordedMs)
      if (outcome === 'committed') return { kind: 'Committed' }
      if (outcome === 'none') return { kind: 'RolledBack', error: error as Error }
      return { kind: 'Unknown', error: outcomeUnknown(id, manager, error as Error) }
    }
  }

  /** The transaction is committed: who cannot be told now is told later. */
  async #commitParts(parts: readonly AtomicPart[], id: string): Promise<void> {
    const missing = await this.#commits.commitPrepared(this.#lanes, parts)
    if (missing.length > 0) this.delayed = this.#commits.followLater(id, missing)
    else this.#commits.forget(this.#start.home, id)
  }

  #rollBack(lanes: readonly Lane[], error: Error): Promise<CommitFailure> {
    return rollBackAll(this.#ending(this.#start.id), lanes, error)
  }

  #ending(id: string | undefined): Ending {
    return { lanes: this.#lanes, commits: this.#commits, id }
  }
}

const OWN_SETTINGS = makeSettings(new Map(), USUAL_KIND)
