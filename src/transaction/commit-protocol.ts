import type { Condition } from '../errors/condition.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/** How the transaction ends on several shards. */
export interface CommitProtocol {
  /**
   * Ends the transaction on all of these lanes; each is left, by commit or rollback, when the promise resolves. Never
   * rejects: a failure is told with what has become of the others.
   */
  commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined>
  /** After a commit: what the client is told of shards that will follow later. */
  readonly delayed?: string | undefined
}

/** A COMMIT that not all shards took. Shards by name. */
export interface CommitFailure {
  readonly committed: readonly string[]
  /** The first of them is told with its error. */
  readonly failed: readonly FailedShard[]
  readonly rolledBack: readonly string[]
}

export interface FailedShard {
  readonly name: string
  readonly error: Error
}

/** A shard that cannot be told loses its connection, which rolls back too. Answers what the shards warn of. */
export async function rollBack(lanes: Lanes, which: readonly Lane[]): Promise<readonly Condition[]> {
  const told = await Promise.all(
    which.map(async (lane) => {
      try {
        const conditions = await lane.rollback()
        lanes.leave(lane)
        return conditions
      } catch {
        lanes.drop(lane)
        return []
      }
    }),
  )
  return told.flat()
}
