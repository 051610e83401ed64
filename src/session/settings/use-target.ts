import { SqlError, unknownDatabase } from '../../errors/sql-error.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import { DATABASE } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { SessionState } from './session-state.ts'
import { parseTarget } from './target.ts'

export interface TargetContext {
  readonly proxy: { readonly gateway: Pick<Gateway, 'keyspaces'> }
  readonly state: SessionState
  readonly transaction: Transaction
}

/** USE. Throws for a keyspace or shard that does not exist, and for another tablet type within a transaction. */
export function useTarget({ proxy, state, transaction }: TargetContext, text: string): void {
  const target = parseTarget(text, state.target)
  const isSystem = isSystemSchema(target.keyspace)
  if (!isSystem && target.keyspace !== '') {
    const shards = proxy.gateway.keyspaces.get(target.keyspace)
    if (shards === undefined) throw unknownDatabase(target.keyspace)
    if (target.shard !== undefined && !shards.shards.some((s) => s.name === target.shard)) {
      throw new SqlError(
        'ER_BAD_DB_ERROR',
        `Unknown shard '${target.shard}' of keyspace '${target.keyspace}'`,
      )
    }
  }
  if (transaction.isOpen && target.tabletType !== state.target.tabletType) {
    throw new SqlError(
      'ER_CANT_DO_THIS_DURING_AN_TRANSACTION',
      "Can't change the tablet type in the middle of a transaction: COMMIT or ROLLBACK first",
    )
  }
  state.target = target
  state.tracker.schema(target.keyspace)
  // Unqualified names are the system schema's then.
  if (isSystem) state.setSetting(DATABASE, quoteName(target.keyspace))
  else if (state.settings.items.has(DATABASE)) state.setSetting(DATABASE, undefined)
}
