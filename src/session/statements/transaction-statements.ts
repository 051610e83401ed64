import { notSupported } from '../../errors/sql-error.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import { READ_LOCK, TABLE_LOCKS } from '../../plan/reserves.ts'
import type { Begin, ConcludeTransaction, EndTransaction, Savepoint, SetTransaction } from '../../sql/ast.ts'
import { quoteIdentifier } from '../../sql/print.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Replies } from '../commands/replies.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import { textOf } from '../show/transactions-table.ts'
import type { ShardAccess } from './shard-access.ts'
import type { TableLocks } from './table-locks.ts'

export interface TransactionStatementContext {
  readonly client: Pick<ClientConnection, 'close'>
  readonly proxy: Pick<ProxyContext, 'isMariadb' | 'atomic'>
  readonly state: SessionState
  readonly transaction: Transaction
  readonly locks: TableLocks
  readonly shards: ShardAccess
  readonly interruption: Interruption
  readonly replies: Replies
}

/**
 * BEGIN commits what is open; the shards hear of it with their first statement. A consistent snapshot is one of this moment:
 * every shard takes it at once.
 */
export async function begin(
  { state, transaction, locks, shards, interruption, replies }: TransactionStatementContext,
  { modifiers }: Begin,
): Promise<void> {
  if (transaction.isOpen) await transaction.commit()
  await endTableLocks(transaction)
  locks.forget()
  const text = modifiers.length === 0 ? 'BEGIN' : `START TRANSACTION ${modifiers.join(', ')}`
  const access = (['READ ONLY', 'READ WRITE'] as const).find((each) => modifiers.includes(each))
  const takesSnapshot = modifiers.includes('WITH CONSISTENT SNAPSHOT')
  transaction.begin({ begin: text, ...(access && { access }), takesSnapshot })
  if (takesSnapshot) await transaction.beginOn(shards.allTargets(), state.settings, interruption)
  replies.ok({})
}

/** A transaction that begins ends LOCK TABLES, but no FLUSH TABLES WITH READ LOCK: the servers tell them apart. */
async function endTableLocks({ lanes }: Transaction): Promise<void> {
  const locked = lanes.all().filter(({ reservedFor }) => reservedFor.has(TABLE_LOCKS))
  if (locked.length === 0) return
  await lanes.everywhere('BEGIN', locked)
  await lanes.everywhere('COMMIT', locked)
  for (const lane of locked) lane.unreserve(TABLE_LOCKS)
}

export async function endTransaction(
  { client, state, transaction, replies }: TransactionStatementContext,
  statement: EndTransaction,
): Promise<void> {
  const { again } = transaction
  const conditions = statement.kind === 'Rollback' ? await transaction.rollback() : []
  if (statement.kind === 'Commit') await transaction.commit()
  transaction.next.take()
  const { chain, release } = completionOf(statement, state)
  if (chain) again()
  state.warnings = conditions
  replies.ok({ warnings: conditions.length })
  if (release) client.close()
}

/** completion_type is for whoever says nothing of CHAIN and RELEASE. */
function completionOf(
  { chain, release }: EndTransaction,
  { completionType }: SessionState,
): { readonly chain: boolean; readonly release: boolean } {
  if (chain !== undefined || release !== undefined)
    return { chain: chain === true, release: release === true }
  return { chain: completionType === 'CHAIN', release: completionType === 'RELEASE' }
}

export async function savepoint(
  { state, transaction, replies }: TransactionStatementContext,
  statement: Savepoint,
): Promise<void> {
  const name = quoteIdentifier(statement.name)
  if (statement.kind === 'RollbackTo') {
    const conditions = await transaction.rollbackTo(name)
    state.warnings = conditions
    return replies.ok({ warnings: conditions.length })
  }
  if (statement.kind === 'Savepoint') await transaction.savepoint(name)
  else await transaction.releaseSavepoint(name)
  replies.ok({})
}

/** Does at once what whoever recovers would do later. */
export async function concludeTransaction(
  { proxy, state, replies }: TransactionStatementContext,
  { id }: ConcludeTransaction,
): Promise<void> {
  await proxy.atomic.conclude(textOf(id, state.sqlMode))
  replies.ok({})
}

/** Locks are on the connections that LOCK TABLES has bound to the session. Without any there is nothing to do. */
export async function unlockTables({
  transaction,
  locks,
  replies,
}: TransactionStatementContext): Promise<void> {
  const { lanes } = transaction
  // Only the end of LOCK TABLES commits.
  if (locks.isHeld && transaction.isOpen) await transaction.commit()
  const reserved = lanes.all().filter(({ reservedFor }) => reservedFor.size > 0)
  await lanes.everywhere('UNLOCK TABLES', reserved)
  for (const lane of reserved) for (const lock of [TABLE_LOCKS, READ_LOCK]) lane.unreserve(lock)
  locks.forget()
  replies.ok({})
}

/** SET TRANSACTION: for the next transaction, or with SESSION for all that follow. */
export async function setTransaction(
  { proxy, state, transaction, replies }: TransactionStatementContext,
  { scope, isolation, access }: SetTransaction,
): Promise<void> {
  if (scope === 'SESSION' || scope === 'LOCAL') {
    state.setCharacteristics({ isolation, access }, proxy.isMariadb)
    transaction.next.forget({ isolation: isolation !== undefined, access: access !== undefined })
    return replies.ok({})
  }
  if (scope !== undefined) throw notSupported(`SET ${scope} TRANSACTION: change it on the servers themselves`)
  transaction.setNext({ ...(isolation && { isolation }), ...(access && { access }) })
  replies.ok({})
}
