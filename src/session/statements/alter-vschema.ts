import { noDatabaseSelected, notSupported, unknownDatabase } from '../../errors/sql-error.ts'
import type { VschemaChange } from '../../sql/ast.ts'
import { changedVSchema } from '../../vschema/change-vschema.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Replies } from '../commands/replies.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { onlyKeyspace } from '../settings/target.ts'
import type { Reading } from './reading.ts'

export interface AlterVSchemaContext {
  readonly proxy: Pick<ProxyContext, 'changeVSchema' | 'gateway' | 'vschema'>
  readonly replies: Replies
  readonly interruption: Interruption
}

/** ALTER VSCHEMA, which is of the topology and no transaction's: the next statement of the session goes by it. */
export async function alterVSchema(
  { proxy, replies, interruption }: AlterVSchemaContext,
  change: VschemaChange,
  { target, sqlMode }: Reading,
): Promise<void> {
  const keyspace = namedIn(change) ?? (target.keyspace || onlyKeyspace(proxy.gateway))
  if (keyspace === undefined) throw noDatabaseSelected()
  if (!proxy.vschema.keyspaces.has(keyspace)) throw unknownDatabase(keyspace)
  if (proxy.changeVSchema === undefined) throw notSupported('ALTER VSCHEMA without a topology store')
  await proxy.changeVSchema(keyspace, (vschema) => changedVSchema(vschema, change, { keyspace, sqlMode }))
  interruption.throwIfKilled()
  replies.ok({})
}

function namedIn(change: VschemaChange): string | undefined {
  const named = change.kind === 'CreateVindex' || change.kind === 'DropVindex' ? change.vindex : change.table
  return named.qualifier
}
