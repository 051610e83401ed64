import { deferred } from '../base/deferred.ts'
import type { ShardLoad, WriteAnswer } from '../engine/shard-port.ts'
import { readConditions } from '../mysql/client/conditions.ts'
import { FileSender } from '../mysql/client/file-sender.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import { CollectingReader } from '../mysql/client/simple-command.ts'
import type { Lane } from './lane.ts'
import type { StatementWatch } from './write-shards.ts'

/** Sends a LOAD DATA LOCAL; resolves when the server waits for its file. Throws what the server says instead. */
export async function openLoad(
  lane: Lane,
  statement: ShardStatement,
  watch: StatementWatch,
): Promise<ShardLoad> {
  watch.throwIfKilled()
  lane.noteWrite()
  const asked = deferred()
  const answered = new Promise<CollectingReader>((resolve, reject) =>
    lane.send(statement, new LoadReader(resolve, reject, asked.resolve)),
  )
  watch.working.add(lane.lease)
  try {
    await Promise.race([asked.promise, answered])
    return new LaneLoad(lane, answered, watch)
  } catch (error) {
    watch.working.delete(lane.lease)
    throw error
  }
}

/** The answer of a statement that asks for a file ahead of it. */
class LoadReader extends CollectingReader {
  readonly #onFileAsked: () => void

  constructor(
    resolve: (answer: CollectingReader) => void,
    reject: (error: Error) => void,
    onFileAsked: () => void,
  ) {
    super(resolve, reject)
    this.#onFileAsked = onFileAsked
  }

  protected override onFileAsked(): void {
    this.#onFileAsked()
  }
}

class LaneLoad implements ShardLoad {
  readonly #lane: Lane
  readonly #sender: FileSender
  readonly #answered: Promise<CollectingReader>
  readonly #watch: StatementWatch
  /** The connection is lost, or the server has answered without waiting for its file. */
  #failure: unknown

  constructor(lane: Lane, answered: Promise<CollectingReader>, watch: StatementWatch) {
    this.#lane = lane
    this.#sender = new FileSender(lane.connection)
    this.#answered = answered
    this.#watch = watch
    answered.catch((error) => {
      this.#failure = error
    })
  }

  write(bytes: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure
    return this.#sender.send(bytes) ? undefined : this.#sender.drained()
  }

  async end(): Promise<WriteAnswer> {
    const { lease } = this.#lane
    try {
      this.#sender.end()
      const { summary, info } = await this.#answered
      const conditions = summary.warnings > 0 ? await readConditions(lease.connection) : []
      const { affectedRows, lastInsertId, warnings } = summary
      return { affectedRows, lastInsertId, warnings, info, conditions }
    } finally {
      this.#watch.working.delete(lease)
    }
  }
}
