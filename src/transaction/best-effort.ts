import { type CommitFailure, type CommitProtocol, type FailedShard, rollBack } from './commit-protocol.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/**
 * Commits on one shard, and then on all others at once: atomic only while one shard wrote. A failure of the first rolls back
 * the others; after it has committed each of them speaks for itself.
 */
export class BestEffort implements CommitProtocol {
  readonly #lanes: Lanes

  constructor(lanes: Lanes) {
    this.#lanes = lanes
  }

  async commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined> {
    // A KILL that comes too late for its statement must not meet a COMMIT.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
    // What is known to be lost must not be found out after others have committed; what has only been read cannot be lost.
    const rank = (lane: Lane) => (lane.isLost ? 0 : lane.hasWritten ? 1 : 2)
    const [first, ...others] = [...lanes].sort((a, b) => rank(a) - rank(b))
    if (first === undefined) return undefined
    const refused = await this.#commitOn(first)
    if (refused !== undefined) {
      await rollBack(this.#lanes, others)
      return { committed: [], failed: [refused], rolledBack: others.map(({ name }) => name) }
    }
    const settled = await Promise.all(others.map((lane) => this.#commitOn(lane)))
    const failed = settled.filter((failure) => failure !== undefined)
    if (failed.length === 0) return undefined
    const committed = others.filter((_, i) => settled[i] === undefined)
    return { committed: [first, ...committed].map(({ name }) => name), failed, rolledBack: [] }
  }

  /** A server that has refused is told to roll back; of one that was lost nobody knows how far it came. */
  async #commitOn(lane: Lane): Promise<FailedShard | undefined> {
    try {
      await lane.commit()
      this.#lanes.leave(lane)
      return undefined
    } catch (error) {
      await rollBack(this.#lanes, [lane])
      return { name: lane.name, error: error as Error }
    }
  }
}
