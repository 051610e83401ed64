import { bindInsert, type ShardInsert } from '../engine/insert.ts'
import type { CollectingReader } from '../mysql/client/simple-command.ts'
import type { OkPacket } from '../mysql/codec/responses.ts'
import type { SplitInsert } from '../plan/primitives.ts'
import type { Execution } from './execute-plan.ts'
import { onConnection } from './on-connection.ts'
import { sumAnswers, writeShards } from './run-write.ts'
import type { Session } from './session.ts'

/** INSERT and REPLACE into a sharded table: every shard gets its rows, all in one transaction. */
export async function runInsert(session: Session, execution: Execution, plan: SplitInsert): Promise<void> {
  const { shards, ranges } = session.shards.of(plan.keyspace)
  const { inserts, firstGeneratedId, rowCount } = await bindInsert(plan, {
    bindings: execution.bindings,
    shardsOf: () => ranges,
    sequences: session.proxy.sequences,
    noAutoValueOnZero: session.state.noAutoValueOnZero,
    isStrict: session.state.isStrict,
  })
  session.interruption.throwIfKilled()
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
  const explicitId = !setsInsertId(plan)
  if (writes.length === 1 && firstGeneratedId === undefined) {
    return session.singleShard.relayTo(writes[0]!.shard, writes[0]!.statement, { read: false, explicitId })
  }
  const ok =
    writes.length === 1
      ? await onConnection(session, writes[0]!.shard, writes[0]!.statement)
      : await writeShards(session, writes, {
          sum: (answers) => sumInserts(answers, { plan, inserts, rowCount }),
        })
  session.ok({ ...ok, ...generated }, explicitId && firstGeneratedId === undefined)
}

/** The statement says itself what LAST_INSERT_ID() will be: `… ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`. */
function setsInsertId({ tail }: SplitInsert): boolean {
  return tail.some((piece) => typeof piece === 'string' && piece.toUpperCase().includes('LAST_INSERT_ID('))
}

/** As one server would put it: the id of the last row that brought one, and how many rows met others. */
function sumInserts(
  answers: readonly CollectingReader[],
  { plan, inserts, rowCount }: { plan: SplitInsert; inserts: readonly ShardInsert[]; rowCount: number },
): Partial<OkPacket> {
  const sum = sumAnswers(answers)
  const byLastRow = answers.map((answer, i) => ({ answer, lastRow: inserts[i]!.lastRow }))
  byLastRow.sort((a, b) => b.lastRow - a.lastRow)
  const last = byLastRow.find(({ answer }) => answer.summary.lastInsertId !== 0)
  const duplicates = answers.reduce((count, answer, i) => count + duplicatesOf(answer, inserts[i]!, plan), 0)
  return {
    ...sum,
    lastInsertId: last?.answer.summary.lastInsertId ?? 0,
    info: `Records: ${rowCount}  Duplicates: ${duplicates}  Warnings: ${sum.warnings ?? 0}`,
  }
}

/** A statement of one row says nothing; what it affected tells. */
function duplicatesOf({ info, summary }: CollectingReader, part: ShardInsert, plan: SplitInsert): number {
  const told = /Duplicates: (\d+)/.exec(info)
  if (told !== null) return Number(told[1])
  const affected = Number(summary.affectedRows)
  return plan.ignore ? Math.max(0, part.rowCount - affected) : Math.max(0, affected - part.rowCount)
}
