import { bindQuery } from '../../engine/bind.ts'
import { shardsMet } from '../../engine/met-shards.ts'
import { TABLE_LOCKS } from '../../plan/reserves.ts'
import type { LockTables } from '../../plan/write-primitives.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { Lane } from '../../transaction/lane.ts'
import { collectAnswer } from '../../transaction/write-shards.ts'
import type { Replies } from '../commands/replies.ts'
import { type Execution, statementFor } from './execution.ts'
import type { SessionPortContext } from './session-port.ts'
import type { TableLocks } from './table-locks.ts'

export interface LockTablesContext extends SessionPortContext {
  readonly replies: Replies
  readonly locks: TableLocks
}

/**
 * LOCK TABLES: what was locked is unlocked, then one shard after the other locks its part, in the same order for all sessions,
 * so that two that want the same tables meet on the first. One that refuses leaves none locked. Throws the server's error.
 */
export async function lockTables(
  context: LockTablesContext,
  execution: Execution,
  { root, settings }: { readonly root: LockTables; readonly settings: Settings },
): Promise<void> {
  const { transaction, shards, interruption, locks, replies } = context
  const { bindings, reading } = execution
  await locks.release()
  const asked = root.parts.flatMap(({ routing, query }) => {
    const statement = statementFor(execution, bindQuery(query, bindings))
    const { keyspace } = routing
    return shardsMet(routing, bindings, shards).map((shard) => ({
      statement,
      target: shards.target(keyspace, shard, reading.target.tabletType),
    }))
  })
  const lanes: Lane[] = []
  try {
    for (const { target, statement } of asked.sort((a, b) => (a.target.key < b.target.key ? -1 : 1))) {
      const opening = { settings, start: undefined, savepoints: [], cancel: interruption }
      const lane = await transaction.lanes.reach(target, opening)
      lane.reserve(TABLE_LOCKS, true)
      lanes.push(lane)
      await collectAnswer(lane.lease, interruption, (reader) => lane.send(statement, reader))
    }
  } catch (error) {
    await locks.release()
    throw error
  }
  locks.hold(root.tables, lanes)
  transaction.start() // with autocommit = 0 what is locked is read in a transaction
  replies.ok({})
}
