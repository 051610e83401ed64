import type { Lane } from './lane.ts'

/** How the transaction ends on several shards. */
export interface CommitProtocol {
  /**
   * Ends the transaction on all of these lanes; each is left, by commit or rollback, when the promise resolves. Never
   * rejects: a failure is told with what has become of the others.
   */
  commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined>
}

/** A COMMIT that not all shards took. Shards by name. */
export interface CommitFailure {
  readonly committed: readonly string[]
  readonly failed: string
  readonly rolledBack: readonly string[]
  readonly error: Error
}
