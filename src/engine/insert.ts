import type { Condition } from '../errors/condition.ts'
import { ServerError } from '../errors/server-error.ts'
import { notSupported, type SqlError } from '../errors/sql-error.ts'
import type { SplitInsert } from '../plan/write-primitives.ts'
import { drawIds } from './drawn-ids.ts'
import { insertEntered } from './entered-insert.ts'
import { conditionsOfRows } from './insert-conditions.ts'
import {
  type AnsweredInsert,
  duplicatesOf,
  firstDrawnId,
  insertIds,
  questionOfFirstId,
} from './insert-ids.ts'
import { roundsOf } from './insert-rounds.ts'
import type { BoundInsert, InsertSplit, ShardInsert } from './insert-split.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run-context.ts'
import type { ShardPort, WriteAnswer } from './shard-port.ts'
import { sumAnswers } from './write.ts'

/** Runs an INSERT: numbers are drawn first, then every shard gets its rows, on all or on none. */
export async function runInsert(split: InsertSplit, context: RunContext): Promise<OkOutcome> {
  const { plan, idSteps } = split
  const { port } = context
  const { autoIncrement } = plan
  const bound = split.bind(autoIncrement === undefined ? [] : await drawIds(idSteps, autoIncrement, port))
  const { inserts } = bound
  if (inserts.length === 0) return nothingInserted(bound)
  const parts: AnsweredInsert[] = []
  const rounds = roundsOf(bound, split, context)
  try {
    for (const round of rounds) parts.push(...(await insertParts(round, plan, context)))
  } catch (error) {
    throw bound.rowCount > 1 ? (refusedOfOne(error, split) ?? error) : error
  }
  const answers = parts.map(({ answer }) => answer)
  const isOne = rounds.length === 1 && isWhole(bound)
  const isTold = split.rowsBefore === 0 && isOne && (plan.entered === undefined || bound.rowCount === 1)
  const sum = isTold ? sumAnswers(answers, port) : sumInserts(parts, bound, { plan, port })
  return { ...sum, ...(split.shardsDraw ? firstDrawnId(parts) : insertIds(parts, plan)) }
}

async function insertParts(
  inserts: readonly ShardInsert[],
  plan: SplitInsert,
  context: RunContext,
): Promise<readonly AnsweredInsert[]> {
  const { entered, keyspace } = plan
  if (entered !== undefined) return insertEntered(inserts, { ...plan, entered }, context)
  const onlyNewRows = plan.verb === 'insert' && !plan.ignore && plan.tail.length === 0
  const answers = await context.port.write(
    inserts.map((part) => {
      const { shard, query, rows } = part
      const followUp = (answer: WriteAnswer) => questionOfFirstId(part, answer, plan)
      return { keyspace, shard, query, rows, onlyNewRows, followUp }
    }),
  )
  return answers.map((answer, i) => ({ part: inserts[i], answer }))
}

const ER_BAD_NULL_ERROR = 1048
/** WITH CHECK OPTION of a view. */
const ER_VIEW_CHECK_FAILED = 1369
/** Of MySQL, and of MariaDB. */
const ER_CHECK_CONSTRAINT_VIOLATED = 3819
const ER_CONSTRAINT_FAILED = 4025

/**
 * Of several rows one may have, without strict mode, NULL where a column is NOT NULL, and on MariaDB with IGNORE what a CHECK or a
 * view refuses; a single row may not. A shard that gets one of several refuses what one server would take, or leave out.
 */
function refusedOfOne(error: unknown, { plan, takesNulls }: InsertSplit): SqlError | undefined {
  if (!(error instanceof ServerError)) return undefined
  const [, name = ''] = /['`](.*?)['`]/.exec(error.message) ?? []
  const verb = `${plan.verb.toUpperCase()}${plan.ignore ? ' IGNORE' : ''}`
  if (error.errno === ER_BAD_NULL_ERROR && takesNulls)
    return notSupported(
      `NULL in one of several rows for column '${name}', which is NOT NULL, in ${verb} without strict mode`,
    )
  if (!plan.ignore) return undefined
  if (error.errno === ER_VIEW_CHECK_FAILED)
    return notSupported(`${verb} of several rows, one of which the view's CHECK OPTION refuses`)
  return error.errno === ER_CONSTRAINT_FAILED
    ? notSupported(`${verb} of several rows, one of which constraint '${name}' refuses`)
    : undefined
}

/** One shard has all rows of the statement. */
export function isWhole({ inserts, rowCount }: BoundInsert): boolean {
  return inserts.length === 1 && inserts[0].rows.count === rowCount
}

/** INSERT IGNORE dropped all rows. */
function nothingInserted({ rowCount }: BoundInsert): OkOutcome {
  const info = rowCount > 1 ? `Records: ${rowCount}  Duplicates: 0  Warnings: 0` : ''
  return { affectedRows: 0, lastInsertId: 0, warnings: 0, info, conditions: [], bringsIds: false }
}

/** As one server would put it: how many rows there were, and how many met others. */
function sumInserts(
  parts: readonly AnsweredInsert[],
  { rowCount }: BoundInsert,
  { plan, port }: { readonly plan: SplitInsert; readonly port: ShardPort },
): OkOutcome {
  const answers = parts.map(({ answer }) => answer)
  const sum = sumAnswers(answers, port, conditionsOfRows(parts))
  const uncounted = uncountedOf(sum.conditions, plan)
  const records = rowCount - uncounted
  const met = parts.reduce((count, { part, answer }) => count + duplicatesOf(answer, part, plan), 0)
  const duplicates = uncounted > 0 && plan.tail.length === 0 ? records - Number(sum.affectedRows) : met
  return { ...sum, info: `Records: ${records}  Duplicates: ${duplicates}  Warnings: ${sum.warnings}` }
}

/**
 * How many rows IGNORE has left out for a CHECK, or before anything else for a foreign key: these are no records. A shard that was given
 * a single row does not say why it has none.
 */
export function uncountedOf(conditions: readonly Condition[], plan: SplitInsert): number {
  return conditions.filter((condition) => isUncounted(condition, plan)).length
}

/** Whether IGNORE has left out a row for it that is no record. */
export function isUncounted({ code }: Condition, { ignore, looksFirst }: SplitInsert): boolean {
  return CHECKS.has(code) || (code === ER_NO_REFERENCED_ROW_2 && ignore && looksFirst === true)
}

const ER_NO_REFERENCED_ROW_2 = 1452

const CHECKS: ReadonlySet<number> = new Set([
  ER_CHECK_CONSTRAINT_VIOLATED,
  ER_CONSTRAINT_FAILED,
  ER_VIEW_CHECK_FAILED,
])
