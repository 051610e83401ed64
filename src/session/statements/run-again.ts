import { isRefusedWrite, isShutdown, RestartTransaction } from '../../errors/refused-write.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Execution } from './execution.ts'
import type { SessionPort } from './session-port.ts'
import type { TableLocks } from './table-locks.ts'

interface Context {
  readonly proxy: { readonly gateway: Pick<Gateway, 'waits'> }
  readonly transaction: Transaction
  readonly interruption: Interruption
  readonly locks: TableLocks
}

/** A statement is run so often at most. */
const ATTEMPTS_MAX = 4

/**
 * Whether a statement over several shards that has failed is to be run once more when all primaries are there again: a read that has
 * lost a connection, or a write that a server did not take, or did not commit, of which nothing is left anywhere. Nothing has gone to
 * the client yet.
 */
export function mayRunAgain(
  { proxy, transaction, interruption, locks }: Context,
  { plan, reading, attempts = 1 }: Execution,
  {
    error,
    isWrite,
    port,
  }: { readonly error: unknown; readonly isWrite: boolean; readonly port: Pick<SessionPort, 'hasLasting'> },
): boolean {
  const isOwn = !transaction.isOpen && transaction.autocommit && transaction.lanes.size === 0 && !locks.isHeld
  const { tabletType } = reading.target
  if (
    (tabletType === 'PRIMARY' && !proxy.gateway.waits) ||
    !isOwn ||
    attempts >= ATTEMPTS_MAX ||
    interruption.stopped !== undefined
  )
    return false
  if (plan.asksFile === true || port.hasLasting || (isWrite && transaction.hasLeftBehind)) return false
  if (error instanceof RestartTransaction) return true // its own, by its commit
  if (error instanceof ServerError) return isRefusedWrite(error) || (!isWrite && isShutdown(error))
  return !isWrite && error instanceof SqlError && error.code === 'CR_SERVER_LOST'
}

/** A primary that takes no writes any more ends the transaction. */
export function inTransactionTold({ transaction }: Pick<Context, 'transaction'>, error: unknown): unknown {
  const isRefused = transaction.isOpen && error instanceof ServerError && isRefusedWrite(error)
  return isRefused ? new RestartTransaction(error) : error
}
