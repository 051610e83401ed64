import type { ByteBudget } from '../../base/byte-budget.ts'
import type { Asker } from '../../policy/permit.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { ShardAccess } from '../statements/shard-access.ts'

/** What the rows of information_schema are made from. */
export interface CatalogueContext {
  readonly client: Asker
  readonly proxy: Pick<ProxyContext, 'gateway' | 'vschema' | 'clock' | 'sessions' | 'isMariadb'>
  readonly state: SessionState
  readonly shards: ShardAccess
  readonly memory: ByteBudget
}
