import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { CollectingReader } from '../mysql/client/simple-command.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { ShardEndpoints, TabletEndpoint } from '../tablet/gateway.ts'
import { readWarnings } from './kept-warnings.ts'
import type { Session } from './session.ts'
import type { ShardStatement } from './shard-statement.ts'

/**
 * Runs one statement that answers OK on one shard, on the session's connection if it has one or is in a transaction,
 * else on one of the pool; its warnings become the session's. Throws the server's error.
 */
export async function onConnection(
  session: Session,
  shard: ShardEndpoints,
  statement: ShardStatement,
  options: { readonly outsideTransaction: boolean } = { outsideTransaction: false },
): Promise<Partial<OkPacket>> {
  const { gateway } = session.proxy
  const { settings } = session.state
  const start = options.outsideTransaction ? undefined : session.transaction.start()
  const own = session.shardSessions.get(shard)
  const endpoint = own?.endpoint ?? gateway.endpointFor(shard, session.tabletType)
  if (own !== undefined || start !== undefined) {
    const shardSession = await session.shardSessions.open(shard, endpoint, settings, start)
    return collect(session, shardSession, statement)
  }
  const connection = await endpoint.pool.acquire(settings)
  try {
    return await collect(session, { endpoint, connection }, statement)
  } finally {
    endpoint.pool.release(connection)
  }
}

async function collect(
  session: Session,
  on: { readonly endpoint: TabletEndpoint; readonly connection: BackendConnection },
  statement: ShardStatement,
): Promise<Partial<OkPacket>> {
  session.interruption.throwIfKilled()
  session.interruption.working.add(on)
  try {
    const { summary, info } = await sendCollecting(on.connection, statement)
    session.state.warnings = summary.warnings > 0 ? await readWarnings(on.connection) : []
    return {
      affectedRows: summary.affectedRows,
      lastInsertId: summary.lastInsertId,
      warnings: summary.warnings,
      info,
    }
  } finally {
    session.interruption.working.delete(on)
  }
}

/** Sends a statement and collects its whole answer. Throws the server's error. */
export function sendCollecting(
  connection: BackendConnection,
  statement: ShardStatement,
): Promise<CollectingReader> {
  return new Promise((resolve, reject) => {
    statement.send(connection, new CollectingReader(resolve, reject))
  })
}
