import { bindQuery } from '../engine/bind.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { RunDdl } from '../plan/primitives.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import type { Execution } from './execute-plan.ts'
import { onConnection } from './on-connection.ts'
import type { Session } from './session.ts'
import { statementFor } from './shard-runner.ts'

/**
 * DDL on all shards. MySQL cannot roll DDL back, so one shard goes first: a statement that is refused there (most
 * mistakes are refused everywhere alike) changes nothing. If another shard then refuses it, the error names the shards
 * that have the change and those that do not.
 */
export async function runDdl(session: Session, execution: Execution, plan: RunDdl): Promise<void> {
  const { bindings } = execution
  if (plan.implicitCommit) await session.transaction.commit()
  const shards = session.shards.meet(plan.routing, bindings)
  const statement = statementFor(execution, bindQuery(plan.query, bindings))
  const runOn = (shard: ShardEndpoints) =>
    onConnection(session, shard, statement, { outsideTransaction: true })
  const [first, ...others] = shards
  const answer = await runOn(first!)
  const { warnings } = session.state // all shards say the same: the first speaks for them
  const settled = await Promise.allSettled(others.map(runOn))
  await session.proxy.schemaChanged(plan.keyspace, plan.tables)
  const failed = settled.findIndex((result) => result.status === 'rejected')
  if (failed >= 0) {
    const done = [first!, ...others.filter((_, i) => settled[i]!.status === 'fulfilled')].map((s) => s.name)
    const missing = others.filter((_, i) => settled[i]!.status === 'rejected').map((s) => s.name)
    const { reason } = settled[failed] as PromiseRejectedResult
    throw new SqlError(
      'ER_UNKNOWN_ERROR',
      `DDL was done on shards ${done.join(', ')} but failed on ${missing.join(', ')} of keyspace ${plan.keyspace}: ` +
        `${(reason as Error).message}. Repair these with USE \`${plan.keyspace}:${missing[0]}\``,
      { cause: reason },
    )
  }
  session.state.warnings = warnings
  session.ok(answer)
}
