import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import type { Branch } from './branch.ts'
import { type CommitFailure, rollBack } from './commit-protocol.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/** A shard's part that can be prepared. */
export interface AtomicPart {
  readonly lane: Lane
  readonly branch: Branch
}

export type Verdict =
  | { readonly kind: 'Committed' }
  | { readonly kind: 'RolledBack' | 'Unknown'; readonly error: Error }

/** A transaction that does not commit, as both protocols end it. */
export interface Ending {
  readonly lanes: Lanes
  readonly commits: AtomicCommits
  /** Undefined where nothing of it can be prepared. */
  readonly id: string | undefined
}

export async function rollBackAll(
  { lanes, commits, id }: Ending,
  all: readonly Lane[],
  error: Error,
): Promise<CommitFailure> {
  const left = all.filter(({ inTransaction }) => inTransaction)
  await rollBack(lanes, left)
  // One that was lost may be prepared.
  if (id !== undefined && left.some(({ isLost }) => isLost)) commits.resolveSoon(id)
  return failure(all, error)
}

/** Prepared branches outlive their connections; whoever recovers them will know. */
export function leaveOpen({ lanes, commits, id }: Ending, all: readonly Lane[], error: Error): CommitFailure {
  for (const lane of all) lanes.drop(lane)
  if (id !== undefined) commits.resolveSoon(id)
  return failure(all, error)
}

function failure([lane]: readonly Lane[], error: Error): CommitFailure {
  return { committed: [], failed: [{ name: lane!.name, error }], rolledBack: [] }
}

/** Under LOCK TABLES, or with temporary tables, which no branch of MySQL's may have. */
export function writtenOutside(): SqlError {
  return notSupported(
    "transaction_mode = 'twopc' with LOCK TABLES or temporary tables on several shards: nothing was committed (SET transaction_mode = 'multi' commits shard by shard)",
  )
}

export function outcomeUnknown(id: string, { name }: Lane, cause: Error): SqlError {
  return new SqlError(
    'CR_SERVER_LOST',
    `${name} was lost while it decided about transaction ${id}: SHOW TRANSACTION STATUS FOR '${id}' will tell, once it is back`,
    { cause },
  )
}
