import { SqlError } from '../../errors/sql-error.ts'
import type { Ddl, Statement } from '../../sql/ast.ts'
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
  'ExplainConnection',
])

/** Verbs of statements that the parser leaves as they are. */
const UNPREPARABLE_VERBS: ReadonlySet<string> = new Set(
  'HANDLER HELP SIGNAL RESIGNAL XA RESTART CLONE IMPORT PURGE LOCK'.split(' '),
)

/** Objects of DDL; a routine's DROP, too. */
const UNPREPARABLE_OBJECTS: ReadonlySet<string> = new Set(
  ['procedure', 'function', 'trigger'].concat(
    'server',
    'tablespace',
    'resource group',
    'spatial reference system',
  ),
)

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
  switch (statement.kind) {
    case 'Show':
      return DIAGNOSTICS.has(statement.what)
    case 'Empty':
      return statement.comment
    case 'Other':
      return UNPREPARABLE_VERBS.has(statement.verb)
    case 'TableAdmin':
      return statement.verb === 'CHECK'
    case 'Ddl':
      return UNPREPARABLE_OBJECTS.has(statement.object) || isAltered(statement, ['view', 'database'])
    default:
      return UNPREPARABLE.has(statement.kind)
  }
}

function isAltered({ verb, object }: Ddl, objects: readonly string[]): boolean {
  return verb === 'alter' && objects.includes(object)
}
