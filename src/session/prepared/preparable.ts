import { SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'

const IN_TEXT_ONLY: ReadonlySet<Statement['kind']> = new Set(['Prepare', 'Execute', 'Deallocate'])

/** As MySQL 9.7 has it. */
const UNPREPARABLE: ReadonlySet<Statement['kind']> = new Set([
  ...IN_TEXT_ONLY,
  'Use',
  'Savepoint',
  'RollbackTo',
  'ReleaseSavepoint',
  'Begin',
  'LockTables',
  'UnlockTables',
  'Load',
  'GetDiagnostics',
])

const DIAGNOSTICS: ReadonlySet<string> = new Set(['WARNINGS', 'ERRORS', 'COUNT WARNINGS', 'COUNT ERRORS'])

/** Throws ER_UNSUPPORTED_PS for what the server refuses to prepare, and what MySQL says of a `KILL ?`. */
export function checkPreparable(statement: Statement, { isMariadb }: { readonly isMariadb: boolean }): void {
  if (!isMariadb && statement.kind === 'Kill' && someNode(statement, ({ kind }) => kind === 'Param')) {
    throw new SqlError(
      'ER_NON_DML_DYNAMIC_PARAMETERS',
      'Dynamic parameters can only be used in DML statements.',
    )
  }
  if (!isRefused(statement, isMariadb)) return
  throw new SqlError(
    'ER_UNSUPPORTED_PS',
    'This command is not supported in the prepared statement protocol yet',
  )
}

function isRefused(statement: Statement, isMariadb: boolean): boolean {
  if (isMariadb) return IN_TEXT_ONLY.has(statement.kind)
  if (statement.kind === 'Show') return DIAGNOSTICS.has(statement.what)
  return UNPREPARABLE.has(statement.kind) || (statement.kind === 'Empty' && statement.comment)
}
