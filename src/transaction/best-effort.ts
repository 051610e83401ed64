import { ServerError } from '../errors/server-error.ts'
import { textCells } from '../mysql/client/simple-command.ts'
import { type CommitFailure, type CommitProtocol, type FailedShard, rollBack } from './commit-protocol.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'

/**
 * Commits shard by shard: atomic only while one shard wrote. Those that have written are asked whether they are there and
 * writable; when all are, all commit at once, and one that may refuse its COMMIT all the same does so alone, ahead of the others
 * (docs/design/commit-shard-by-shard.md).
 */
export class BestEffort implements CommitProtocol {
  readonly #lanes: Lanes
  readonly #isAnswered: boolean

  /** `isAnswered`: all that have written have answered just now, which tells as much as asking them would. */
  constructor(lanes: Lanes, { isAnswered = false } = {}) {
    this.#lanes = lanes
    this.#isAnswered = isAnswered
  }

  async commit(lanes: readonly Lane[]): Promise<CommitFailure | undefined> {
    // A KILL that comes too late for its statement must not meet a COMMIT.
    await Promise.all(lanes.map(({ lease }) => lease.killing))
    const writers = lanes.filter(({ hasWritten }) => hasWritten)
    // What is known to be lost must not be found out after others have committed.
    const asked = lanes.filter((lane) => lane.isLost || (writers.length > 1 && lane.hasWritten))
    const proofs = await Promise.all(
      asked.map((lane) => (this.#isAnswered && !lane.isLost ? proofOf(lane) : prove(lane))),
    )
    const lost = proofs.flatMap((proof) => (proof.kind === 'Lost' ? [failedOn(proof.lane, proof.error)] : []))
    if (lost.length > 0) return this.#rollBack(lanes, lost)
    const first = proofs.find(({ kind }) => kind === 'Doubtful')?.lane
    if (first !== undefined) {
      const refused = await this.#commitOn(first)
      if (refused !== undefined) return this.#rollBack(lanes, [refused])
    }
    const others = lanes.filter((lane) => lane !== first)
    const settled = await Promise.all(others.map((lane) => this.#commitOn(lane)))
    const failed = settled.filter((failure) => failure !== undefined)
    if (failed.length === 0) return undefined
    const committed = writers.filter(({ name }) => failed.every((failure) => failure.name !== name))
    return { committed: committed.map(({ name }) => name), failed, rolledBack: [] }
  }

  async #rollBack(lanes: readonly Lane[], failed: readonly FailedShard[]): Promise<CommitFailure> {
    const others = lanes.filter(({ name }) => failed.every((failure) => failure.name !== name))
    await rollBack(
      this.#lanes,
      lanes.filter(({ inTransaction }) => inTransaction),
    )
    return { committed: [], failed, rolledBack: others.map(({ name }) => name) }
  }

  /** A server that has refused is told to roll back; of one that was lost nobody knows how far it came. */
  async #commitOn(lane: Lane): Promise<FailedShard | undefined> {
    try {
      await lane.commit()
      this.#lanes.leave(lane)
      return undefined
    } catch (error) {
      await rollBack(this.#lanes, [lane])
      return failedOn(lane, error)
    }
  }
}

/** What is known of a shard ahead of its COMMIT. `Doubtful`: it may refuse it. */
type Proof =
  | { readonly kind: 'Ready' | 'Doubtful'; readonly lane: Lane }
  | { readonly kind: 'Lost'; readonly lane: Lane; readonly error: unknown }

async function prove(lane: Lane): Promise<Proof> {
  try {
    const { rows } = await lane.query('SELECT @@global.read_only')
    const isWritable = textCells(rows[0]!, 1)[0] === '0'
    return isWritable ? proofOf(lane) : { kind: 'Doubtful', lane }
  } catch (error) {
    return error instanceof ServerError ? { kind: 'Doubtful', lane } : { kind: 'Lost', lane, error }
  }
}

/** Of one that is there and writable. */
function proofOf(lane: Lane): Proof {
  return { kind: lane.lease.tablet.health.certifies ? 'Doubtful' : 'Ready', lane }
}

function failedOn({ name }: Lane, error: unknown): FailedShard {
  return { name, error: error as Error }
}
