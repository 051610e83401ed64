import type { ResponseReader } from '../../mysql/client/response-reader.ts'
import type { ShardStatement } from '../../mysql/client/shard-statement.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { SessionPortContext } from './session-port.ts'

type Send = (statement: ShardStatement, reader: ResponseReader) => void

export interface OwnConnection {
  readonly target: ShardTarget
  readonly settings: Settings
  /** Under autocommit=0 it begins a transaction. */
  readonly begins: boolean
}

/** Some work where the client's statement would run: in the session's lane, or where it is in a transaction; else by the pool. */
export async function onOwnConnection<T>(
  { transaction, interruption }: Pick<SessionPortContext, 'transaction' | 'interruption'>,
  { target, settings, begins }: OwnConnection,
  work: (lease: Lease, send: Send) => Promise<T>,
): Promise<T> {
  const during = async (lease: Lease, send: Send): Promise<T> => {
    interruption.working.add(lease)
    try {
      interruption.throwIfKilled()
      return await work(lease, send)
    } finally {
      interruption.working.delete(lease)
    }
  }
  const start = begins ? transaction.start() : transaction.startIfOpen()
  if (transaction.lane(target) !== undefined || start !== undefined) {
    const lane = await transaction.reach(target, settings, interruption)
    return during(lane.lease, (statement, reader) => lane.send(statement, reader))
  }
  const lease = await transaction.gateway.acquire(target, settings, interruption)
  try {
    return await during(lease, (statement, reader) => statement.send(lease.connection, reader))
  } finally {
    lease.release()
  }
}
