import { SqlError } from '../../errors/sql-error.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { SessionState } from '../settings/session-state.ts'

export interface RowLimitContext {
  readonly proxy: { readonly limits: { readonly answerRowsMax: number } }
  readonly state: SessionState
  readonly interruption: Interruption
}

/** The rows that the statement may answer; undefined: any number. */
export function rowLimit({
  proxy,
  state,
  interruption,
}: RowLimitContext): { readonly rowsMax: number } | undefined {
  const rowsMax = proxy.limits.answerRowsMax
  if (rowsMax === 0 || state.isAnalytical || interruption.directives?.ignoresRowLimit === true)
    return undefined
  return { rowsMax }
}

/** With the number that vttablet's has. */
export function tooManyRows(rowsMax: number): SqlError {
  return new SqlError(
    'ER_QUERY_INTERRUPTED',
    `Row count exceeded ${rowsMax} (limits.rows): give the statement a LIMIT, /*vt+ IGNORE_MAX_ROWS */, or SET workload = 'OLAP'`,
  )
}
