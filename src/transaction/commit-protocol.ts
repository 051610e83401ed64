import type { Condition } from '../errors/condition.ts'
import { isRefusedWrite, RestartTransaction } from '../errors/refused-write.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
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

/** What the client is told of it: an error and, where the transaction is half done, a warning that SHOW WARNINGS repeats. */
export function commitError({ committed, failed, rolledBack }: CommitFailure): {
  readonly error: Error
  readonly warning?: string
} {
  const { error } = failed[0]!
  // A server that refused was told to roll back; of one that was lost nobody knows how far it came.
  const refused = failed.filter((shard) => shard.error instanceof ServerError).map(({ name }) => name)
  const unknown = failed.map(({ name }) => name).filter((name) => !refused.includes(name))
  const isAlike = failed.length === 1 || unknown.length === 0
  if (committed.length === 0 && isAlike)
    return { error: isRefusal(error) && isRefusedWrite(error) ? new RestartTransaction(error) : error }
  const outcomes = [
    ...(committed.length > 0 ? [`committed: ${committed.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`not known: ${unknown.join(', ')}`] : []),
    ...(refused.length + rolledBack.length > 0
      ? [`rolled back: ${[...refused, ...rolledBack].join(', ')}`]
      : []),
  ]
  const names = failed.map(({ name }) => name).join(', ')
  const text = `Commit is not atomic over several shards: ${names} failed (${error.message}), ${outcomes.join('; ')}`
  return { error: new SqlError('ER_UNKNOWN_ERROR', text, { cause: error }), warning: text }
}

/** vtgate's, for commits that not every shard has followed. */
const NON_ATOMIC_COMMIT = 301

export function commitWarning(message: string): Condition {
  return { level: 'Warning', code: NON_ATOMIC_COMMIT, message }
}

/** A KILL or a shutdown may meet a statement that has done its work: ER_SERVER_SHUTDOWN, ER_QUERY_INTERRUPTED, ER_CONNECTION_KILLED (MariaDB). */
const INTERRUPTIONS: ReadonlySet<number> = new Set([1053, 1317, 1927])

/** A server's word that it has not done what it was told. */
export function isRefusal(error: unknown): error is ServerError {
  return error instanceof ServerError && !INTERRUPTIONS.has(error.errno)
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
