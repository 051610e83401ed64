import type { SplitInsert } from '../plan/primitives.ts'
import type { BoundInsert, InsertSplit, ShardInsert } from './insert-split.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run.ts'
import type { WriteAnswer } from './shard-port.ts'
import { sumAnswers } from './write.ts'

/** Runs an INSERT: numbers are drawn first, then every shard gets its rows, on all or on none. */
export async function runInsert(split: InsertSplit, { port }: RunContext): Promise<OkOutcome> {
  const { plan, idsNeeded } = split
  const { keyspace, autoIncrement } = plan
  const sequence = autoIncrement?.sequence
  const firstId =
    sequence === undefined || idsNeeded === 0
      ? undefined
      : await port.nextIds(sequence.keyspace, sequence.table, idsNeeded)
  const bound = split.bind(firstId)
  const { inserts } = bound
  if (inserts.length === 0) return nothingInserted(bound)
  const answers = await port.write(inserts.map(({ shard, query }) => ({ keyspace, shard, query })))
  const sum = inserts.length === 1 ? sumAnswers(answers) : sumInserts(answers, bound, plan)
  if (firstId !== undefined) return { ...sum, lastInsertId: firstId }
  return { ...sum, bringsIds: bringsOwnIds(plan) }
}

/** False where the statement says itself what LAST_INSERT_ID() will be: `… ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`. */
export function bringsOwnIds({ tail }: SplitInsert): boolean {
  return !tail.some((piece) => typeof piece === 'string' && piece.toUpperCase().includes('LAST_INSERT_ID('))
}

/** INSERT IGNORE dropped all rows. */
function nothingInserted({ rowCount, firstGeneratedId }: BoundInsert): OkOutcome {
  const info = rowCount > 1 ? `Records: ${rowCount}  Duplicates: 0  Warnings: 0` : ''
  return {
    affectedRows: 0,
    lastInsertId: firstGeneratedId ?? 0,
    warnings: 0,
    info,
    conditions: [],
    bringsIds: false,
  }
}

/** As one server would put it: the id of the last row that brought one, and how many rows met others. */
function sumInserts(answers: readonly WriteAnswer[], bound: BoundInsert, plan: SplitInsert): OkOutcome {
  const { inserts, rowCount } = bound
  const sum = sumAnswers(answers)
  const byLastRow = answers.map((answer, i) => ({ answer, lastRow: inserts[i].lastRow }))
  byLastRow.sort((a, b) => b.lastRow - a.lastRow)
  const last = byLastRow.find(({ answer }) => answer.lastInsertId !== 0)
  const duplicates = answers.reduce((count, answer, i) => count + duplicatesOf(answer, inserts[i], plan), 0)
  return {
    ...sum,
    lastInsertId: last?.answer.lastInsertId ?? 0,
    info: `Records: ${rowCount}  Duplicates: ${duplicates}  Warnings: ${sum.warnings}`,
  }
}

/** A statement of one row says nothing; what it affected tells. */
function duplicatesOf({ info, affectedRows }: WriteAnswer, part: ShardInsert, plan: SplitInsert): number {
  const told = /Duplicates: (\d+)/.exec(info)
  if (told !== null) return Number(told[1])
  const affected = Number(affectedRows)
  return plan.ignore ? Math.max(0, part.rowCount - affected) : Math.max(0, affected - part.rowCount)
}
