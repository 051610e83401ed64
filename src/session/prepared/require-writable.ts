import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RunContext } from '../statements/run-statement.ts'

/** Throws ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION for a statement that writes, where no server is there to say it. */
export function requireWritable(
  { proxy, transaction, state }: Pick<RunContext, 'proxy' | 'transaction' | 'state'>,
  { root }: Plan,
): void {
  const isReadOnly = transaction.isOpen ? transaction.isReadOnly : state.isReadOnly
  if (!isReadOnly || !('verb' in root || root.kind === 'WriteOverCopies')) return
  throw new SqlError(
    'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
    `Cannot execute statement in a READ ONLY transaction${proxy.isMariadb ? '' : '.'}`,
  )
}
