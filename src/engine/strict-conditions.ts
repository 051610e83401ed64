import type { Condition } from '../errors/condition.ts'
import { ServerError } from '../errors/server-error.ts'

/**
 * What a query only warns of is an error of a statement that changes rows, in strict mode: by number, with its SQLSTATE. Also what
 * it says of a column of a temporary table that it has made for itself: one server refuses such a statement, too, if its plan has
 * that table, and nothing is changed where it may.
 * Source: MySQL 9.7, Strict_error_handler::handle_condition (sql/error_handler.cc).
 */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [1260, 'HY000'], // ER_CUT_VALUE_GROUP_CONCAT
  [1264, '22003'], // ER_WARN_DATA_OUT_OF_RANGE
  [1265, '01000'], // WARN_DATA_TRUNCATED
  [1292, '22007'], // ER_TRUNCATED_WRONG_VALUE
  [1365, '22012'], // ER_DIVISION_BY_ZERO
  [1366, 'HY000'], // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  [1411, 'HY000'], // ER_WRONG_VALUE_FOR_TYPE
  [1441, '22008'], // ER_DATETIME_FUNCTION_OVERFLOW
  [3020, '2201E'], // ER_INVALID_ARGUMENT_FOR_LOGARITHM
])

/** Throws the first of them as the error that it would be. */
export function throwAsStrict(conditions: readonly Condition[]): void {
  for (const { level, code, message } of conditions) {
    const sqlState = level === 'Warning' ? ERRORS.get(code) : undefined
    if (sqlState !== undefined) throw new ServerError({ errno: code, sqlState, message })
  }
}
