import { SqlError } from '../errors/sql-error.ts'
import type { RunDdl } from '../plan/primitives.ts'
import { bindQuery } from './bind.ts'
import { shardsMet } from './met-shards.ts'
import type { OkOutcome } from './outcome.ts'
import type { RunContext } from './run-context.ts'

/**
 * DDL on all shards. MySQL cannot roll DDL back, so one shard goes first: a statement that is refused there (most
 * mistakes are refused everywhere alike) changes nothing. If another shard then refuses it, the error names the shards
 * that have the change and those that do not.
 */
export async function runDdl(ddl: RunDdl, { bindings, shards, port }: RunContext): Promise<OkOutcome> {
  if (ddl.implicitCommit) await port.commit()
  const { keyspace } = ddl
  const query = bindQuery(ddl.query, bindings)
  const names = shards.shardsOf(keyspace).map(({ name }) => name)
  const [first, ...others] = shardsMet(ddl.routing, bindings, shards).map((shard) => ({
    name: names[shard],
    run: port.outside({ keyspace, shard, query }),
  }))
  const answer = await first.run() // all shards say the same: the first speaks for them
  const settled = await Promise.allSettled(others.map(({ run }) => run()))
  await port.schemaChanged(keyspace, ddl.tables)
  const failed = others.filter((_, i) => settled[i].status === 'rejected')
  if (failed.length === 0) return { ...answer, bringsIds: false }
  const done = [first, ...others.filter((other) => !failed.includes(other))]
  throw halfDone(
    keyspace,
    { done: done.map(({ name }) => name), missing: failed.map(({ name }) => name) },
    settled.find((result) => result.status === 'rejected')?.reason,
  )
}

function halfDone(
  keyspace: string,
  { done, missing }: { readonly done: readonly string[]; readonly missing: readonly string[] },
  cause: Error | undefined,
): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `DDL was done on shards ${done.join(', ')} but failed on ${missing.join(', ')} of keyspace ${keyspace}: ` +
      `${cause?.message}. Repair these with USE \`${keyspace}:${missing[0]}\``,
    { cause },
  )
}
