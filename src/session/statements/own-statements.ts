import { emptyQuery, notSupported } from '../../errors/sql-error.ts'
import { makeCast } from '../../planner/make-node.ts'
import type { Kill, Statement, TableAdmin } from '../../sql/ast.ts'
import { runCatalogue } from '../catalogue/run-catalogue.ts'
import { type KillContext, kill } from '../commands/kill.ts'
import { deallocateSql, executeSql, prepareSql, type SqlPrepareContext } from '../prepared/sql-prepare.ts'
import { runSet, type SetContext } from '../settings/run-set.ts'
import { type TargetContext, useTarget } from '../settings/use-target.ts'
import { runShow, type ShowContext } from '../show/run-show.ts'
import { tableReports } from '../show/table-reports.ts'
import { type AlterVSchemaContext, alterVSchema } from './alter-vschema.ts'
import { type DatabaseContext, runDatabaseStatement } from './database-statements.ts'
import { type EvaluateContext, evaluate } from './evaluate.ts'
import type { Execution } from './execution.ts'
import { explain } from './explain.ts'
import { getDiagnostics } from './get-diagnostics.ts'
import {
  begin,
  concludeTransaction,
  endTransaction,
  savepoint,
  setTransaction,
  type TransactionStatementContext,
  unlockTables,
} from './transaction-statements.ts'
import { type VExplainContext, vexplain } from './vexplain.ts'

export type OwnStatementContext = TargetContext &
  SetContext &
  ShowContext &
  TransactionStatementContext &
  KillContext &
  VExplainContext &
  AlterVSchemaContext &
  DatabaseContext &
  SqlPrepareContext

/** Statements that the session answers itself: they change it, or tell about it and the proxy. */
export async function runOwnStatement(
  context: OwnStatementContext,
  statement: Statement,
  execution: Execution,
): Promise<void> {
  const { replies } = context
  switch (statement.kind) {
    case 'Empty':
      if (!statement.comment) throw emptyQuery()
      return replies.ok({})
    case 'Set':
      return runSet(context, statement)
    case 'SetTransaction':
      return setTransaction(context, statement)
    case 'Use':
      useTarget(context, statement.target)
      return replies.ok({})
    case 'Begin':
      return begin(context, statement)
    case 'Commit':
    case 'Rollback':
      return endTransaction(context, statement)
    case 'Savepoint':
    case 'RollbackTo':
    case 'ReleaseSavepoint':
      return savepoint(context, statement)
    case 'ConcludeTransaction':
      return concludeTransaction(context, statement)
    case 'Kill':
      return killStatement(context, statement)
    case 'Select':
    case 'SetOperation':
    case 'NestedQuery':
    case 'ValuesQuery':
    case 'TableQuery':
      return runCatalogue(context, statement, execution)
    case 'Show':
      return runShow(context, statement, execution)
    case 'TableAdmin':
      return administerTables(context, statement)
    case 'VExplain':
      return vexplain(context, statement, execution.sql)
    case 'Explain':
      return explain(context, statement, execution)
    case 'UnlockTables':
      return unlockTables(context)
    case 'Prepare':
      return prepareSql(context, statement)
    case 'Execute':
      return executeSql(context, statement)
    case 'GetDiagnostics':
      return getDiagnostics(context, statement)
    case 'Deallocate':
      return deallocateSql(context, statement)
    case 'Ddl':
      if (statement.vschema !== undefined) return alterVSchema(context, statement.vschema, execution.reading)
      if (statement.object === 'database') return runDatabaseStatement(context, statement, execution)
      break
    default:
  }
  throw notSupported(statement.kind === 'Other' ? statement.verb : beginningOf(statement, execution))
}

async function administerTables(context: OwnStatementContext, statement: TableAdmin): Promise<void> {
  const { transaction, interruption, replies } = context
  if (statement.verb !== 'CHECKSUM' && transaction.isOpen) await transaction.commit()
  interruption.throwIfKilled()
  replies.resultSet(await tableReports(context, statement))
}

function beginningOf(statement: Statement, execution: Execution): string {
  const { start } = statement.span
  return execution.sql.slice(start, start + 40)
}

async function killStatement(context: KillContext & EvaluateContext, { id, what }: Kill): Promise<void> {
  const isNumber = id.kind === 'Literal' && id.type === 'Int'
  const { text } = isNumber ? id : (await evaluate(context, [makeCast(id, 'SIGNED')])).values[0]!
  // As MySQL: NULL is no thread, and an id has 32 bits.
  const thread = text === 'NULL' ? 0 : Number(BigInt.asUintN(32, BigInt(text!)))
  await kill(context, thread, what === 'QUERY' ? 'query' : 'connection')
}
