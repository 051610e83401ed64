import type { WrittenRows } from '../engine/shard-port.ts'
import { atRow, rowTold } from '../errors/at-row.ts'
import { ServerError } from '../errors/server-error.ts'
import type { ShardStatement } from '../mysql/client/shard-statement.ts'
import type { Lane } from './lane.ts'
import { collectAnswer, type ShardWrite, type StatementWatch } from './write-shards.ts'

/** A shard that has refused its part of a statement; its transaction is open. */
export interface Failure {
  readonly lane: Lane
  readonly write: ShardWrite
  readonly error: unknown
}

/** A failure that is about one row of an INSERT. */
interface RowFailure extends Failure {
  readonly error: ServerError
  readonly rows: WrittenRows<ShardStatement>
}

/**
 * The error that one server would have met: that of the first failing row in the statement, by its number there.
 *
 * Some errors tell their row; most do not ("Duplicate entry"). Where several shards have refused, those are asked again for
 * the rows ahead of the first that is known, which are undone at once; what is left of the statement is, too. What is not
 * about a row (a deadlock, a lost connection) comes first: it ends more than the statement.
 */
export async function firstFailure(failures: readonly Failure[], watch: StatementWatch): Promise<unknown> {
  const ofRows = failures.flatMap((failure) => rowFailure(failure) ?? [])
  if (ofRows.length < failures.length)
    return failures.find((failure) => rowFailure(failure) === undefined)?.error
  if (ofRows.length === 1) return numbered(ofRows[0]!)
  const told = ofRows.filter((failure) => toldRow(failure) !== undefined)
  let best = told.sort((a, b) => toldRow(a)! - toldRow(b)!)[0]
  let row = best === undefined ? Number.POSITIVE_INFINITY : toldRow(best)!
  for (const failure of ofRows) {
    if (toldRow(failure) !== undefined) continue
    const found = await failingRow(failure, row, watch)
    if (found === undefined) continue
    best = failure
    row = found
  }
  return numbered(best ?? ofRows[0]!)
}

function rowFailure({ error, write, lane }: Failure): RowFailure | undefined {
  const { rows } = write
  if (rows === undefined || !isAboutRow(error)) return undefined
  return { lane, write, error, rows }
}

/**
 * ER_NO_DEFAULT_FOR_FIELD, ER_VIEW_CHECK_FAILED, ER_NO_PARTITION_FOR_GIVEN_VALUE, ER_CHECK_CONSTRAINT_VIOLATED: of class HY000, and
 * MariaDB's ER_VIEW_CHECK_FAILED of class 44000.
 */
const ABOUT_ROWS: ReadonlySet<number> = new Set([1364, 1369, 1526, 3819])

/** Data exceptions, violated constraints, what a trigger says. Source: SQL standard, classes of SQLSTATE. */
export function isAboutRow(error: unknown): error is ServerError {
  if (!(error instanceof ServerError)) return false
  const { errno, sqlState } = error
  return rowTold(error) !== undefined || /^(?:22|23|45)/.test(sqlState) || ABOUT_ROWS.has(errno)
}

type Told = Pick<RowFailure, 'error'> & { readonly rows: Pick<WrittenRows, 'numbers'> }

/** The number in the statement of the row that the error names. */
function toldRow({ error, rows }: Told): number | undefined {
  const told = rowTold(error)
  return told === undefined ? undefined : rows.numbers[told - 1]
}

/** The error with the number that its row has in the statement. */
export function numbered(failure: Told): ServerError {
  const { errno, sqlState, message } = failure.error
  const row = toldRow(failure)
  return row === undefined
    ? failure.error
    : new ServerError({ errno, sqlState, message: atRow(message, row) })
}

/** Which row ahead of row number `before` it is that fails; undefined where none does. */
async function failingRow(
  failure: RowFailure,
  before: number,
  watch: StatementWatch,
): Promise<number | undefined> {
  const { numbers } = failure.rows
  // Of the first `fails` rows one fails, of the first `passes` none.
  let fails = numbers.filter((number) => number < before).length
  let passes = 0
  if (fails === 0) return undefined
  if (fails < numbers.length && !(await isRefused(failure, fails, watch))) return undefined
  while (fails - passes > 1) {
    const middle = (passes + fails) >> 1
    if (await isRefused(failure, middle, watch)) fails = middle
    else passes = middle
  }
  return numbers[fails - 1]
}

const SAVEPOINT = '_shardgate_rows'

/** Whether the shard refuses the first `count` rows; throws what is not about a row. */
async function isRefused({ lane, rows }: RowFailure, count: number, watch: StatementWatch): Promise<boolean> {
  const savepoint = lane.query(`SAVEPOINT ${SAVEPOINT}`)
  const answer = collectAnswer(lane.lease, watch, (reader) => lane.send(rows.first(count), reader))
  const [set, inserted] = await Promise.allSettled([savepoint, answer])
  if (set.status === 'rejected') throw set.reason
  if (inserted.status === 'rejected' && !isAboutRow(inserted.reason)) throw inserted.reason
  await lane.query(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`)
  return inserted.status === 'rejected'
}
