import type { WriteAnswer } from '../engine/shard-port.ts'
import type { Settings } from '../tablet/settings.ts'
import type { Transaction } from './transaction.ts'
import { collectAnswer, type ShardWrite, type StatementWatch } from './write-shards.ts'

export interface RunOnShardOptions {
  readonly settings: Settings
  /** DDL: it is in no transaction, and begins none. */
  readonly outsideTransaction: boolean
}

/**
 * Runs one statement that answers OK on one shard: in the session's lane if it has one there or is in a transaction, else
 * on a connection of the pool. Throws the server's error.
 */
export async function runOnShard(
  transaction: Transaction,
  write: ShardWrite,
  { settings, outsideTransaction }: RunOnShardOptions,
  watch: StatementWatch,
): Promise<WriteAnswer> {
  const { target, statement } = write
  const { gateway } = transaction
  const own = transaction.lane(target)
  gateway.noteWrite(target)
  if (!outsideTransaction && (own !== undefined || transaction.start() !== undefined)) {
    const lane = await transaction.reach(target, settings, watch)
    lane.noteWrite()
    return await collectAnswer(lane.lease, watch, (reader) => lane.send(statement, reader), write)
  }
  if (own !== undefined) {
    await own.lease.killing // meant for a statement that is over
    await own.lease.apply(settings)
    return await collectAnswer(own.lease, watch, (reader) => own.send(statement, reader), write)
  }
  const lease = await gateway.acquire(target, settings, watch)
  try {
    return await collectAnswer(lease, watch, (reader) => statement.send(lease.connection, reader), write)
  } finally {
    lease.release()
  }
}
