import type { Statement } from '../../sql/ast.ts'

/** A statement's kind in the words that begin it: SELECT, CREATE TABLE, SHOW VARIABLES, ROLLBACK TO … */
export function statementKind(statement: Statement): string {
  switch (statement.kind) {
    case 'Select':
      return 'SELECT'
    case 'SetOperation':
      return statement.op
    case 'ValuesQuery':
      return 'VALUES'
    case 'TableQuery':
      return 'TABLE'
    case 'NestedQuery':
      return statementKind(statement.query)
    case 'Insert':
      return statement.verb
    case 'Ddl':
      return `${statement.verb} ${statement.object}`.toUpperCase()
    case 'Show':
      return statement.what === 'OTHER' ? 'SHOW' : `SHOW ${statement.what}`
    case 'TableAdmin':
      return `${statement.verb} TABLE`
    case 'Load':
      return `LOAD ${statement.format}`
    case 'Explain':
    case 'ExplainConnection':
      return 'EXPLAIN'
    case 'DescribeTable':
      return 'DESCRIBE'
    case 'Begin':
      return statement.syntax === 'START TRANSACTION' ? statement.syntax : 'BEGIN'
    case 'RollbackTo':
      return 'ROLLBACK TO SAVEPOINT'
    case 'ReleaseSavepoint':
      return 'RELEASE SAVEPOINT'
    case 'SetTransaction':
      return 'SET TRANSACTION'
    case 'LockTables':
      return 'LOCK TABLES'
    case 'UnlockTables':
      return 'UNLOCK TABLES'
    case 'Other':
      return statement.verb
    default:
      return statement.kind.toUpperCase()
  }
}
