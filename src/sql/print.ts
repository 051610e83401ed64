import type { Expr, SelectItem, Statement, TableExpr, TableName } from './ast.ts'
import type { TemplatePiece } from './printer/output.ts'
import { printTableName } from './printer/print-clauses.ts'
import { printExpr } from './printer/print-expr.ts'
import { printSelectItems } from './printer/print-query.ts'
import { printStatement } from './printer/print-statement.ts'
import { printTable } from './printer/print-tables.ts'
import { Printer } from './printer/printer.ts'
import { DEFAULT_SQL_MODE, type SqlMode } from './sql-mode.ts'

export { quoteIdentifier, type TemplatePiece } from './printer/output.ts'

export type Printable = Statement | Expr | SelectItem | TableExpr | TableName

/**
 * SQL text (a binary string) that parses back to the same tree. `mode` is the sql_mode under which it will be read; only
 * PIPES_AS_CONCAT, HIGH_NOT_PRECEDENCE and IGNORE_SPACE matter, and only for trees that were read under them. A list that has a slot
 * prints as `:list` or `:rows`; `printPieces` is for such trees.
 */
export function print(node: Printable, mode: SqlMode = DEFAULT_SQL_MODE): string {
  return printed(node, mode, false).join('')
}

/** As print, with places for the slots and parameters: the template of a shard's statement. */
export function printPieces(node: Printable, mode: SqlMode = DEFAULT_SQL_MODE): readonly TemplatePiece[] {
  return printed(node, mode, true)
}

function printed(node: Printable, mode: SqlMode, isTemplate: boolean): TemplatePiece[] {
  const out = new Printer(mode, isTemplate)
  switch (node.kind) {
    case 'TableName':
      printTableName(out, node)
      break
    case 'SelectExpr':
    case 'NextValues':
      printSelectItems(out, [node])
      break
    case 'Table':
    case 'Dual':
    case 'Derived':
    case 'JsonTable':
    case 'Join':
    case 'TableParens':
    case 'OdbcJoin':
      printTable(out, node)
      break
    default:
      if (isStatement(node)) printStatement(out, node)
      else printExpr(out, node)
  }
  return out.finish()
}

type PrintableRoot = Statement | Expr

function isStatement(node: PrintableRoot): node is Statement {
  return statementKinds.has(node.kind)
}

const statementKinds: ReadonlySet<string> = new Set<Statement['kind']>([
  'Select',
  'SetOperation',
  'ValuesQuery',
  'TableQuery',
  'NestedQuery',
  'Insert',
  'Update',
  'Delete',
  'Call',
  'Do',
  'Set',
  'SetTransaction',
  'Show',
  'Use',
  'Begin',
  'Commit',
  'Rollback',
  'Savepoint',
  'RollbackTo',
  'ReleaseSavepoint',
  'Kill',
  'ConcludeTransaction',
  'Explain',
  'ExplainConnection',
  'DescribeTable',
  'VExplain',
  'Prepare',
  'Execute',
  'Deallocate',
  'GetDiagnostics',
  'LockTables',
  'UnlockTables',
  'Ddl',
  'TableAdmin',
  'Load',
  'Flush',
  'Other',
  'Empty',
])
