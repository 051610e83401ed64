import type { ShardTarget } from '../tablet/shard-target.ts'
import { AtomicCommit } from './atomic-commit.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import { newJointId, newTransactionId } from './branch.ts'
import type { CommitProtocol } from './commit-protocol.ts'
import { SNAPSHOT_SQL } from './decisions.ts'
import { JointCommit } from './joint-commit.ts'
import type { Lanes } from './lanes.ts'
import type { BeginWords, TransactionStart } from './transaction-start.ts'

/**
 * A transaction that is to end on all shards alike, from the first one that it reaches on. Either it is a branch everywhere, and all
 * of its shards decide together, or it is plain at that first shard, its home, which decides: see docs/design/atomic-commit.md.
 */
export class AtomicTransaction {
  readonly #home: ShardTarget | undefined
  #id: string | undefined

  /** `home`: where it is plain; undefined where it is a branch everywhere. */
  constructor(home: ShardTarget | undefined) {
    this.#home = home
    if (home === undefined) this.#id = newJointId()
  }

  /** How it begins on a primary. */
  startOn(target: ShardTarget, start: TransactionStart, asked: BeginWords): TransactionStart {
    if (target.key === this.#home?.key) return start
    this.#id ??= newTransactionId(this.#home!)
    const { access, takesSnapshot } = asked
    return {
      before: access === undefined ? start.before : [...start.before, `SET TRANSACTION ${access}`],
      begin: start.begin,
      branch: { id: this.#id, behind: takesSnapshot === true ? [SNAPSHOT_SQL] : [] },
    }
  }

  protocol(lanes: Lanes, commits: AtomicCommits): CommitProtocol {
    if (this.#home === undefined) return new JointCommit(lanes, commits, this.#id!)
    return new AtomicCommit(lanes, commits, { home: this.#home, id: this.#id })
  }
}
