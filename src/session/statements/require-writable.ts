import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { SessionState } from '../settings/session-state.ts'

interface WritingContext {
  readonly proxy: { readonly isMariadb: boolean }
  readonly transaction: Pick<Transaction, 'isOpen' | 'isReadOnly'>
  readonly state: Pick<SessionState, 'isReadOnly'>
}

/** Throws ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION for a statement that writes, where no server is there to say it. */
export function requireWritable({ proxy, transaction, state }: WritingContext, { root }: Plan): void {
  const isReadOnly = transaction.isOpen ? transaction.isReadOnly : state.isReadOnly
  if (!isReadOnly || !('verb' in root || root.kind === 'WriteOverCopies')) return
  throw new SqlError(
    'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
    `Cannot execute statement in a READ ONLY transaction${proxy.isMariadb ? '' : '.'}`,
  )
}
