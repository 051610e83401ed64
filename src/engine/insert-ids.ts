import type { SplitInsert } from '../plan/write-primitives.ts'
import { quoteName } from '../values/sql-literal.ts'
import type { ShardInsert } from './insert-split.ts'
import type { WriteAnswer } from './shard-port.ts'

/** What an INSERT says of ids: in its OK, and whether LAST_INSERT_ID() stays as it was. */
export interface InsertIds {
  readonly lastInsertId: number | bigint
  readonly bringsIds: boolean
}

/** A shard's part of the statement, and its answer. */
export interface AnsweredInsert {
  readonly part: ShardInsert
  readonly answer: WriteAnswer
}

/**
 * As one server with AUTO_INCREMENT: the number of the first row that was inserted with one that was drawn; else the id of
 * the last row that brought one, which LAST_INSERT_ID() does not tell, unless the statement names it.
 * Source: MySQL's `Sql_cmd_insert_values::execute_inner()`, the id of `my_ok()`.
 */
export function insertIds(parts: readonly AnsweredInsert[], plan: SplitInsert): InsertIds {
  const inserted = parts.flatMap((each) => firstInserted(each, plan) ?? [])
  if (inserted.length > 0) {
    return { lastInsertId: inserted.reduce((a, b) => (a < b ? a : b)), bringsIds: false }
  }
  const byLastRow = [...parts].sort((a, b) => lastRow(b) - lastRow(a))
  const telling = byLastRow.filter(({ answer }) => answer.lastInsertId !== 0)
  const set = plan.setsInsertId === true ? setId(telling, plan) : undefined
  return set ?? broughtId(telling, byLastRow[0], plan)
}

/** Each shard has counted for itself: one server would tell the number of the first row. */
export function firstDrawnId(parts: readonly AnsweredInsert[]): InsertIds {
  const byFirstRow = [...parts].sort((a, b) => firstRow(a) - firstRow(b))
  const telling = byFirstRow.find(({ answer }) => answer.lastInsertId !== 0)
  return { lastInsertId: telling?.answer.lastInsertId ?? 0, bringsIds: false }
}

/**
 * What LAST_INSERT_ID(expr) was given: a shard that has not come to it tells the id of its last row. Where rows have met others, it
 * stands in what is done to those; undefined where none has.
 */
function setId(telling: readonly AnsweredInsert[], plan: SplitInsert): InsertIds | undefined {
  const set =
    telling.find((each) => plan.tail.length > 0 && hasMet(each, plan)) ??
    telling.find((each) => BigInt(each.answer.lastInsertId) !== idOfLastRow(each, plan))
  if (set === undefined && plan.tail.length > 0) return undefined
  return { lastInsertId: (set ?? telling[0])?.answer.lastInsertId ?? 0, bringsIds: false }
}

/** One that was changed to what it was counts for nothing. */
function hasMet({ part, answer }: AnsweredInsert, plan: SplitInsert): boolean {
  return duplicatesOf(answer, part, plan) > 0 || Number(answer.affectedRows) < part.rows.count
}

/** The id of the last row: a shard that has changed nothing does not tell it, and one server has changed something. */
function broughtId(telling: readonly AnsweredInsert[], last: AnsweredInsert, plan: SplitInsert): InsertIds {
  const told = telling[0]?.answer.lastInsertId ?? 0
  const isUntold = telling.length > 0 && telling[0] !== last
  return { lastInsertId: isUntold ? (idOfLastRow(last, plan) ?? told) : told, bringsIds: true }
}

function firstRow({ part }: AnsweredInsert): number {
  return part.rows.numbers[0] ?? 0
}

function lastRow({ part }: AnsweredInsert): number {
  return part.rows.numbers.at(-1) ?? 0
}

function idOfLastRow({ part: { rows } }: AnsweredInsert, { autoIncrement }: SplitInsert): bigint | undefined {
  const text = rows.cells(rows.count - 1)[autoIncrement?.offset ?? -1]
  return typeof text === 'string' && /^[1-9]\d*$/.test(text) ? BigInt(text) : undefined
}

/**
 * The lowest of the drawn numbers that a shard has inserted. Of several rows, some of which met others, it tells the last one,
 * be it one that was dropped: then it was asked.
 */
function firstInserted({ part, answer }: AnsweredInsert, plan: SplitInsert): bigint | undefined {
  const { drawnIds } = part
  const [first] = drawnIds
  if (first === undefined || isPlain(plan)) return first
  if (answer.followUp !== undefined) return answer.followUp === null ? undefined : BigInt(answer.followUp)
  if (insertedRows(part, answer, plan) === 0) return undefined
  const told = BigInt(answer.lastInsertId)
  return told === 0n || drawnIds.includes(told) ? first : undefined
}

/** What tells of the drawn numbers on a shard which one is the first that was inserted; undefined where the answer does. */
export function questionOfFirstId(
  part: ShardInsert,
  answer: WriteAnswer,
  plan: SplitInsert,
): string | undefined {
  const { drawnIds, rows } = part
  const [first] = drawnIds
  if (first === undefined || isPlain(plan) || plan.autoIncrement === undefined) return undefined
  const count = insertedRows(part, answer, plan)
  if (count === 0 || count === rows.count) return undefined
  // Numbers between the first and the last were drawn for this statement, too: nobody else has them.
  const column = quoteName(plan.autoIncrement.column)
  return `SELECT MIN(${column}) FROM ${quoteName(plan.table)} WHERE ${column} BETWEEN ${first} AND ${drawnIds.at(-1)}`
}

/** Rows that meet others are replaced, or refuse the statement. */
function isPlain(plan: SplitInsert): boolean {
  return plan.verb === 'replace' || (!plan.ignore && plan.tail.length === 0)
}

/** A row that was inserted counts once, one that was changed instead counts twice. */
function insertedRows(part: ShardInsert, answer: WriteAnswer, plan: SplitInsert): number {
  const affected = Number(answer.affectedRows)
  return plan.ignore && plan.tail.length === 0 ? affected : affected - 2 * duplicatesOf(answer, part, plan)
}

/** Rows that met others. A statement of one row says nothing of them; what it affected tells. */
export function duplicatesOf(
  { info, affectedRows }: WriteAnswer,
  part: ShardInsert,
  plan: SplitInsert,
): number {
  const told = /Duplicates: (\d+)/.exec(info)
  if (told !== null) return Number(told[1])
  const affected = Number(affectedRows)
  return plan.ignore ? Math.max(0, part.rows.count - affected) : Math.max(0, affected - part.rows.count)
}
