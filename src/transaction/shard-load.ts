import { deferred } from '../base/deferred.ts'
import type { ShardLoad, WriteAnswer } from '../engine/shard-port.ts'
import { readConditions } from '../mysql/client/conditions.ts'
import { FileSender } from '../mysql/client/file-sender.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import { CollectingReader } from '../mysql/client/simple-command.ts'
import type { Lease } from '../tablet/lease.ts'
import type { Lane } from './lane.ts'
import type { StatementWatch } from './write-shards.ts'

/** A connection, and how it is given a statement. */
interface Loader extends Pick<Lane, 'lease'> {
  send(statement: ShardStatement, reader: CollectingReader): void
}

/** Sends a LOAD DATA LOCAL; resolves when the server waits for its file. Throws what the server says instead. */
export async function openLoad(
  loader: Loader,
  statement: ShardStatement,
  watch: StatementWatch,
): Promise<ShardLoad> {
  watch.throwIfKilled()
  const asked = deferred()
  const answered = new Promise<CollectingReader>((resolve, reject) =>
    loader.send(statement, new LoadReader(resolve, reject, asked.resolve)),
  )
  watch.working.add(loader.lease)
  try {
    await Promise.race([asked.promise, answered])
    return new LeaseLoad(loader.lease, answered, watch)
  } catch (error) {
    watch.working.delete(loader.lease)
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

class LeaseLoad implements ShardLoad {
  readonly #lease: Lease
  readonly #sender: FileSender
  readonly #answered: Promise<CollectingReader>
  readonly #watch: StatementWatch
  /** The connection is lost, or the server has answered without waiting for its file. */
  #failure: unknown

  constructor(lease: Lease, answered: Promise<CollectingReader>, watch: StatementWatch) {
    this.#lease = lease
    this.#sender = new FileSender(lease.connection)
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
    const lease = this.#lease
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
