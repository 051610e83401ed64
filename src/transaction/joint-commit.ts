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
import { jointRowId } from './branch.ts'
import { type CommitFailure, type CommitProtocol, isRefusal, rollBack } from './commit-protocol.ts'
import { recordSql } from './decisions.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/**
 * Commits on all shards or on none, with two flushes in a row (docs/design/atomic-commit.md): each shard that has written records, in its
 * branch, who else has, and prepares; it is decided when the last of them is prepared, whoever knows of it. Then all commit.
 */
export class JointCommit implements CommitProtocol {
  readonly #lanes: Lanes
  readonly #commits: AtomicCommits
  readonly #id: string
  /** What the client is told of a transaction that is committed, though not on every shard yet. */
  delayed: string | undefined

  constructor(lanes: Lanes, commits: AtomicCommits, id: string) {
    this.#lanes = lanes
    this.#commits = commits
    this.#id = id
  }

  async commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined> {
    const writers = lanes.filter(({ hasWritten }) => hasWritten)
    if (writers.length < 2) return new BestEffort(this.#lanes).commit(lanes)
    // A KILL that comes too late for its statement must not meet a step of the commit.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
    const parts = writers.flatMap((lane) => (lane.branch === undefined ? [] : { lane, branch: lane.branch }))
    if (parts.length < writers.length) return this.#rollBack(lanes, writtenOutside())
    return this.#commits.during(this.#id, () => this.#commitAll(lanes, parts))
  }

  async #commitAll(lanes: readonly Lane[], parts: readonly AtomicPart[]): Promise<CommitFailure | undefined> {
    try {
      await this.#commits.requireJoint(parts.map(({ lane }) => lane.target))
    } catch (error) {
      return this.#rollBack(lanes, error as Error)
    }
    const verdict = await this.#prepareAll(parts)
    if (verdict.kind === 'RolledBack') return this.#rollBack(lanes, verdict.error)
    if (verdict.kind === 'Unknown') return leaveOpen(this.#ending, lanes, verdict.error)
    await this.#commits.step('all prepared', parts[0]!.lane.name)
    const readers = lanes.filter(({ hasWritten }) => !hasWritten)
    await Promise.all([this.#commitParts(parts), ...readers.map((lane) => this.#endReader(lane))])
    return undefined
  }

  async #prepareAll(parts: readonly AtomicPart[]): Promise<Verdict> {
    const branches = parts.map(({ lane, branch }) => ({ shard: lane.name, qualifier: branch.qualifier }))
    const recordedMs = this.#commits.clock.now()
    const failed: { lane: Lane; error: unknown }[] = []
    await Promise.all(
      parts.map(async ({ lane, branch }) => {
        await this.#commits.step('preparing', lane.name)
        try {
          await lane.prepare(branch, recordSql({ id: jointRowId(branch), branches, recordedMs }))
          await this.#commits.step('prepared', lane.name)
        } catch (error) {
          failed.push({ lane, error })
        }
      }),
    )
    const [lost] = failed
    if (lost === undefined) return { kind: 'Committed' }
    // What a server has refused to prepare, or to record, will not be prepared with its record any more.
    const refused = failed.map(({ error }) => error).find(isRefusal)
    if (refused !== undefined) return { kind: 'RolledBack', error: refused }
    // It may be prepared: then whoever recovers may have found all prepared by now, and have them commit.
    for (const { lane } of failed) this.#lanes.drop(lane)
    const outcome = await this.#commits.jointOutcomeOf(
      parts.map(({ lane, branch }) => ({ shard: lane.target, branch })),
      recordedMs,
    )
    const error = lost.error as Error
    if (outcome === 'COMMIT') return { kind: 'Committed' }
    if (outcome === 'ROLLBACK') return { kind: 'RolledBack', error }
    return { kind: 'Unknown', error: outcomeUnknown(this.#id, lost.lane, error) }
  }

  /** The transaction is committed: who cannot be told now is told later. */
  async #commitParts(parts: readonly AtomicPart[]): Promise<void> {
    const missing = await this.#commits.commitPrepared(this.#lanes, parts)
    if (missing.length > 0) this.delayed = this.#commits.followLater(this.#id, missing)
    else for (const { lane, branch } of parts) this.#commits.forget(lane.target, jointRowId(branch))
  }

  /** There is nothing to lose. */
  async #endReader(lane: Lane): Promise<void> {
    try {
      await lane.commit()
      this.#lanes.leave(lane)
    } catch {
      await rollBack(this.#lanes, [lane])
    }
  }

  #rollBack(lanes: readonly Lane[], error: Error): Promise<CommitFailure> {
    return rollBackAll(this.#ending, lanes, error)
  }

  get #ending(): Ending {
    return { lanes: this.#lanes, commits: this.#commits, id: this.#id }
  }
}
