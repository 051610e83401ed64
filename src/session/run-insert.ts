import { bindInsert } from '../engine/insert.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { InsertPlan } from '../plan/plan.ts'
import type { Execution } from './execute-plan.ts'
import { onConnection } from './on-connection.ts'
import { writeShards } from './run-write.ts'
import type { Session } from './session.ts'

/** INSERT and REPLACE into a sharded table: every shard gets its rows, all in one transaction. */
export async function runInsert(session: Session, execution: Execution, plan: InsertPlan): Promise<void> {
  const { shards, ranges } = session.shardsOf(plan.keyspace)
  const { inserts, firstGeneratedId, rowCount } = await bindInsert(plan, {
    bindings: execution.bindings,
    shardsOf: () => ranges,
    sequences: session.proxy.sequences,
    noAutoValueOnZero: session.state.noAutoValueOnZero,
  })
  session.throwIfKilled()
  const generated: Partial<OkPacket> =
    firstGeneratedId === undefined ? {} : { lastInsertId: firstGeneratedId }
  if (inserts.length === 0) {
    session.ok({
      ...generated,
      ...(rowCount > 1 ? { info: `Records: ${rowCount}  Duplicates: 0  Warnings: 0` } : {}),
    })
    return
  }
  const writes = inserts.map((insert) => ({
    shard: shards[insert.shard]!,
    statement: execution.ofText(insert.query),
  }))
  if (writes.length === 1 && firstGeneratedId === undefined) {
    return session.relayTo(writes[0]!.shard, writes[0]!.statement, { read: false })
  }
  const ok =
    writes.length === 1
      ? await onConnection(session, writes[0]!.shard, writes[0]!.statement)
      : await writeShards(session, writes)
  session.ok({ ...ok, ...generated, ...multiRowInfo(ok, inserts.length, rowCount) })
}

/** One row for each of several shards: each says nothing, the whole says how many. */
function multiRowInfo(ok: Partial<OkPacket>, parts: number, rowCount: number): Partial<OkPacket> {
  if (parts === 1 || rowCount < 2) return {}
  const counts = ok.info?.match(/Duplicates: (\d+)/)
  return { info: `Records: ${rowCount}  Duplicates: ${counts?.[1] ?? 0}  Warnings: ${ok.warnings ?? 0}` }
}
