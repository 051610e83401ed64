import { emptyQuery, notSupported, SqlError } from '../errors/sql-error.ts'
import { runQuery } from '../mysql/client/simple-command.ts'
import { printPlan } from '../plan/print-plan.ts'
import type { Begin, EndTransaction, Kill, Savepoint, SetTransaction, Statement } from '../sql/ast.ts'
import { scan as scanStatement } from '../sql/fingerprint.ts'
import { quoteIdentifier } from '../sql/print.ts'
import { ISOLATION } from '../tablet/settings.ts'
import type { Execution } from './execute-plan.ts'
import { runSet } from './run-set.ts'
import { runShow, textColumn } from './run-show.ts'
import type { Session } from './session.ts'
import { deallocateSql, executeSql, prepareSql } from './sql-prepare.ts'

/** Statements that the session answers itself: they change it, or tell about it and the proxy. */
export async function runSessionStatement(
  session: Session,
  statement: Statement,
  execution: Execution,
): Promise<void> {
  switch (statement.kind) {
    case 'Empty':
      if (!statement.comment) throw emptyQuery()
      return session.ok({})
    case 'Set':
      return runSet(session, statement)
    case 'SetTransaction':
      return setTransaction(session, statement)
    case 'Use':
      session.useTarget(statement.target)
      return session.ok({})
    case 'Begin':
      return begin(session, statement)
    case 'Commit':
    case 'Rollback':
      return end(session, statement)
    case 'Savepoint':
    case 'RollbackTo':
    case 'ReleaseSavepoint':
      return savepoint(session, statement)
    case 'Kill':
      return kill(session, statement)
    case 'Show':
      return runShow(session, statement, execution)
    case 'VExplain':
      return vexplain(session, statement, execution.sql)
    case 'Explain':
      return vexplain(session, { statement: statement.statement }, execution.sql)
    case 'UnlockTables':
      return unlockTables(session)
    case 'Prepare':
      return prepareSql(session, statement)
    case 'Execute':
      return executeSql(session, statement)
    case 'Deallocate':
      return deallocateSql(session, statement)
    default:
      throw notSupported(statement.kind === 'Other' ? statement.verb : describe(statement, execution))
  }
}

/** VEXPLAIN [PLAN] and EXPLAIN FORMAT=VITESS: the plan, not run. */
function vexplain(
  session: Session,
  statement: { readonly mode?: string; readonly statement: Statement },
  sql: string,
): void {
  const { mode, statement: inner } = statement
  if (mode !== undefined && mode !== 'PLAN') throw notSupported(`VEXPLAIN ${mode}`)
  const text = sql.slice(inner.span.start, inner.span.end)
  const scan = scanStatement(text, session.state.sqlMode, session.proxy.serverVersionNumber)
  const lines = printPlan(session.planOf(text, scan)).trimEnd().split('\n')
  session.resultSet({ columns: [textColumn('Plan', 1024)], rows: lines.map((line) => [Buffer.from(line)]) })
}

function describe(statement: Statement, execution: Execution): string {
  const { start } = statement.span
  return execution.sql.slice(start, start + 40)
}

/** BEGIN commits what is open; the shards hear of it with their first statement. */
async function begin(session: Session, statement: Begin): Promise<void> {
  if (session.state.inTransaction) await session.transaction.commit()
  const { modifiers } = statement
  const text = modifiers.length === 0 ? 'BEGIN' : `START TRANSACTION ${modifiers.join(', ')}`
  session.transaction.begin({ begin: text, readOnly: modifiers.includes('READ ONLY') })
  session.ok({})
}

async function end(session: Session, statement: EndTransaction): Promise<void> {
  const { state } = session
  const { transactionStart, readOnlyTransaction } = state
  if (statement.kind === 'Commit') await session.transaction.commit()
  else await session.transaction.rollback()
  if (statement.chain === true) {
    session.transaction.begin({ begin: transactionStart?.begin ?? 'BEGIN', readOnly: readOnlyTransaction })
  }
  session.ok({})
  if (statement.release === true) session.client.close()
}

async function savepoint(session: Session, statement: Savepoint): Promise<void> {
  const { shardSessions, state } = session
  const name = quoteIdentifier(statement.name)
  // Outside a transaction MySQL takes a savepoint and forgets it with the statement.
  if (statement.kind === 'Savepoint') {
    if (state.inTransaction || !state.autocommit) await shardSessions.savepoint(name)
  } else if (statement.kind === 'RollbackTo') await shardSessions.rollbackTo(name)
  else await shardSessions.releaseSavepoint(name)
  session.ok({})
}

/** Locks are on the connections that LOCK TABLES has bound to the session. Without any there is nothing to do. */
async function unlockTables(session: Session): Promise<void> {
  const kept = session.shardSessions.all().filter((shardSession) => shardSession.reserved)
  await Promise.all(kept.map(({ connection }) => runQuery(connection, 'UNLOCK TABLES')))
  session.ok({})
}

async function kill(session: Session, statement: Kill): Promise<void> {
  const { id } = statement
  if (id.kind !== 'Literal' || id.type !== 'Int') throw notSupported('KILL of an expression')
  await session.kill(Number(id.text), statement.what === 'QUERY' ? 'query' : 'connection')
}

/** SET TRANSACTION: for the next transaction, or with SESSION for all that follow. */
async function setTransaction(session: Session, statement: SetTransaction): Promise<void> {
  const { state } = session
  const { scope, isolation, access } = statement
  if (scope === 'SESSION' || scope === 'LOCAL') {
    if (isolation !== undefined) state.setSetting(ISOLATION, isolation)
    if (access !== undefined) {
      const name = session.proxy.isMariadb ? 'tx_read_only' : 'transaction_read_only'
      state.setSetting(name, access === 'READ ONLY' ? '1' : '0')
    }
    return session.ok({})
  }
  if (scope !== undefined) throw notSupported(`SET ${scope} TRANSACTION: change it on the servers themselves`)
  if (state.inTransaction) {
    throw new SqlError(
      'ER_CANT_CHANGE_TX_CHARACTERISTICS',
      "Transaction characteristics can't be changed while a transaction is in progress",
    )
  }
  const parts = [isolation === undefined ? '' : `ISOLATION LEVEL ${isolation}`, access ?? '']
  state.nextTransaction = [`SET TRANSACTION ${parts.filter((part) => part !== '').join(', ')}`]
  session.ok({})
}
