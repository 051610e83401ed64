import type { ByteBudget } from '../base/byte-budget.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import { queryOf, type ShardPort, type ShardQuery } from './shard-port.ts'

/**
 * Opens streams of rows that are locked: one shard has locked all of its rows before the others are asked, and it is the same one
 * for all statements. Two that want the same rows wait for each other there, not in a circle over two servers, which neither
 * would see (docs/design/session-and-relay.md).
 */
export async function openFirstShardFirst(
  asked: ShardQuery,
  port: Pick<ShardPort, 'openStreams'>,
  memory: ByteBudget,
): Promise<readonly RowStream[]> {
  const [first, ...others] = asked.shards
  if (first === undefined || others.length === 0) return port.openStreams(asked)
  const [stream] = await port.openStreams({ ...asked, shards: [first], query: queryOf(asked, 0) })
  const read = asked.kept === true ? stream! : new HeldShard(stream!, memory)
  try {
    if (read instanceof HeldShard) await read.load()
    const query = 'kind' in asked.query ? asked.query : asked.query.slice(1)
    return [read, ...(await port.openStreams({ ...asked, shards: others, query }))]
  } catch (error) {
    await read.close()
    throw error
  }
}

/** All rows of a stream, held. */
class HeldShard implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #input: RowStream
  readonly #memory: ByteBudget
  #batches: RowBatch[] = []
  #held = 0

  constructor(input: RowStream, memory: ByteBudget) {
    this.columns = input.columns
    this.format = input.format
    this.#input = input
    this.#memory = memory
  }

  async load(): Promise<void> {
    for (let batch = await this.#input.next(); batch !== undefined; batch = await this.#input.next()) {
      const bytes = batch.reduce((sum, row) => sum + row.length, 0)
      if (!this.#memory.take(bytes)) throw noMemory(this.#held + bytes)
      this.#held += bytes
      this.#batches.push(batch)
    }
  }

  async next(): Promise<RowBatch | undefined> {
    return this.#batches.shift()
  }

  async close(): Promise<void> {
    this.#memory.give(this.#held)
    this.#held = 0
    this.#batches = []
    await this.#input.close()
  }
}

function noMemory(bytes: number): SqlError {
  return new SqlError(
    'ER_OUT_OF_SORTMEMORY',
    `Out of memory: ${bytes} bytes and more of rows that are locked on one shard before the others are asked: change fewer at a time, or raise connection_memory_limit`,
  )
}
