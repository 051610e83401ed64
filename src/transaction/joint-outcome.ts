import type { ShardTarget } from '../tablet/shard-target.ts'
import type { Branch } from './branch.ts'
import type { BranchState, Decisions } from './decisions.ts'

/** A branch of a joint transaction; `shard` is undefined where the topology has none of its name. */
export interface Participant {
  readonly shard: ShardTarget | undefined
  readonly branch: Branch
}

export interface JointOutcome {
  /** How the transaction ends, or has; 'open' while that is not known. */
  readonly how: 'COMMIT' | 'ROLLBACK' | 'open'
  /** Branches that run, or are just being ended: not those whose servers do not answer. */
  readonly running: readonly Participant[]
}

/**
 * How a joint transaction ends: it is committed where one of its branches is, or all are prepared; rolled back where one is. None
 * is ever rolled back while all are prepared, so that whoever asks, and whenever, hears the same.
 */
export async function jointOutcome(
  decisions: Decisions,
  participants: readonly Participant[],
): Promise<JointOutcome> {
  const states = await Promise.all(
    participants.map(({ shard, branch }) => shard && decisions.stateOf(shard, branch).catch(() => undefined)),
  )
  const is = (state: BranchState) => states.includes(state)
  const running = participants.filter((_, i) => states[i] === 'open')
  const isPrepared = states.length > 0 && states.every((state) => state === 'prepared')
  if (is('committed') || isPrepared) return { how: 'COMMIT', running }
  return { how: is('rolled back') ? 'ROLLBACK' : 'open', running }
}
