import type { CommitFailure, CommitProtocol } from './commit-protocol.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/**
 * Commits shard by shard, in the order in which the transaction reached them: atomic only while one shard wrote. The first
 * failure stops it, and what was not committed yet is rolled back.
 */
export class BestEffort implements CommitProtocol {
  readonly #lanes: Lanes

  constructor(lanes: Lanes) {
    this.#lanes = lanes
  }

  async commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined> {
    // A KILL that comes too late for its statement must not meet a COMMIT.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
    const committed: string[] = []
    // What is known to be lost must not be found out after others have committed.
    const ordered = [...lanes.filter((lane) => lane.isLost), ...lanes.filter((lane) => !lane.isLost)]
    for (const [i, lane] of ordered.entries()) {
      try {
        await lane.query('COMMIT')
        committed.push(lane.name)
        this.#lanes.leave(lane)
      } catch (error) {
        const rest = ordered.slice(i)
        await rollBack(this.#lanes, rest)
        const rolledBack = rest.slice(1).map(({ name }) => name)
        return { committed, failed: lane.name, rolledBack, error: error as Error }
      }
    }
    return undefined
  }
}

/** A shard that cannot be told loses its connection, which rolls back too. */
export async function rollBack(lanes: Lanes, which: readonly Lane[]): Promise<void> {
  await Promise.all(
    which.map(async (lane) => {
      try {
        await lane.query('ROLLBACK')
        lanes.leave(lane)
      } catch {
        lanes.drop(lane)
      }
    }),
  )
}
