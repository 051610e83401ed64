import { bindQuery } from '../engine/bind.ts'
import type { BoundQuery } from '../engine/bindings.ts'
import { runPrimitive } from '../engine/run.ts'
import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { Plan, Shortcut } from '../plan/plan.ts'
import type { Primitive, RowsPrimitive } from '../plan/primitives.ts'
import type { ShardEndpoints } from '../tablet/gateway.ts'
import { makeSettings, type Settings } from '../tablet/settings.ts'
import type { Value } from '../values/value.ts'
import { runDdl } from './run-ddl.ts'
import { runInsert } from './run-insert.ts'
import { runWrite } from './run-write.ts'
import type { Session } from './session.ts'
import { SessionShardRunner, type StatementMaker, statementFor } from './shard-runner.ts'
import type { StatementBindings } from './statement-bindings.ts'
import { inDatabase } from './system-schema.ts'

/** One execution of a plan: the statement's text and values, and how it is put to shards. */
export interface Execution extends StatementMaker {
  readonly plan: Plan
  /** Text of the statement (binary string). */
  readonly sql: string
  readonly bindings: StatementBindings
}

/** Runs a plan for a session; the answer goes to its client. Throws, or ends in `session.fail`, for what goes wrong. */
export function runPlan(session: Session, execution: Execution): void {
  const { plan } = execution
  const { root } = plan
  if (session.tabletType !== 'PRIMARY') checkReadOnly(root, session.tabletType)
  switch (root.kind) {
    case 'Write':
      return runWrite(session, execution, root)
    case 'Insert':
      return session.detached(() => runInsert(session, execution, root))
    case 'Ddl':
      return session.detached(() => runDdl(session, execution, root))
    case 'Session':
      throw new Error('session statements are not run as plans')
    default:
      if (root.kind === 'Unsupported' && plan.shortcut === undefined) throw notSupported(root.construct)
      return runQuery(session, execution, root)
  }
}

/** A replica may be writable by mistake: what is written there would be lost, or break its replication. */
function checkReadOnly(root: Primitive, tabletType: string): void {
  if (root.kind !== 'Write' && root.kind !== 'Insert' && root.kind !== 'Ddl') return
  if (root.kind === 'Write' && root.verb === 'other') return
  const verb = root.kind === 'Ddl' ? 'DDL' : root.verb
  throw new SqlError(
    'ER_INNODB_READ_ONLY',
    `VT09002: ${verb} statement with a ${tabletType.toLowerCase()} target: USE the keyspace without @`,
  )
}

function runQuery(session: Session, execution: Execution, root: RowsPrimitive): void {
  const { plan } = execution
  const { shortcut } = plan
  if (shortcut !== undefined) {
    const { bindings } = execution
    const shards = session.shards.meet(shortcut.routing, bindings)
    if (shards.length === 1) {
      const statement = statementFor(execution, shortcutQuery(session, shortcut, shards[0]!, bindings), {
        cursor: true,
      })
      return session.singleShard.relayTo(shards[0]!, statement, {
        read: !plan.locks,
        reserve: plan.reserves,
        userVariables: plan.userVariables,
      })
    }
  }
  session.detached(() => runTree(session, execution, root))
}

/** The shortcut's query with its literals. */
function shortcutQuery(
  session: Session,
  { routing, query }: Shortcut,
  shard: ShardEndpoints,
  bindings: StatementBindings,
): BoundQuery {
  if (routing.kind !== 'SystemSchema') return bindQuery(query, bindings)
  const { database } = session.proxy.gateway.endpointFor(shard, session.tabletType)
  const names = { keyspace: shard.keyspace, database }
  return database === shard.keyspace
    ? bindQuery(query, bindings)
    : inDatabase(query, routing, bindings, names)
}

/** Runs the tree of primitives and streams its rows to the client, no faster than the client reads. */
async function runTree(session: Session, execution: Execution, tree: RowsPrimitive): Promise<void> {
  const { answer, client, state, proxy } = session
  const { root, settings } = limited(tree, state.settings)
  const runner = new SessionShardRunner(session, execution, settings)
  const stream = await runPrimitive(root, {
    bindings: execution.bindings,
    runner,
    sequences: proxy.sequences,
    format: execution.format,
    shardsOf: session.shards.rangesOf,
    pickShard: session.shards.any,
    limits: { sortRowsMax: proxy.limits.sortRowsMax, sortBytesMax: proxy.limits.sortBytesMax },
  })
  let rows = 0
  try {
    session.interruption.throwIfKilled()
    answer.beginRows(
      stream.columns.map((column) => column.definition),
      session.statusFlags,
    )
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      session.interruption.throwIfKilled()
      rows += batch.length
      await answer.rows(batch)
      if (client.closed) return
    }
  } finally {
    await stream.close()
  }
  state.warnings = await runner.warnings()
  state.foundRows = rows
  state.rowCount = -1
  answer.endRows(session.statusFlags, state.warnings.length)
  session.statementDone(false)
}

const SELECT_LIMIT = 'sql_select_limit'

/** sql_select_limit holds for the whole answer of a SELECT without LIMIT, not for what each shard adds to it. */
function limited(root: RowsPrimitive, settings: Settings): { root: RowsPrimitive; settings: Settings } {
  const limit = settings.items.get(SELECT_LIMIT)
  if (limit === undefined) return { root, settings }
  const items = new Map(settings.items)
  items.delete(SELECT_LIMIT)
  const unlimited = makeSettings(items, settings.foundRows)
  if (hasLimit(root)) return { root, settings: unlimited }
  const value: Value = { type: 'UINT64', bytes: Buffer.from(limit, 'latin1') }
  return { root: { kind: 'Limit', input: root, count: { kind: 'Constant', value } }, settings: unlimited }
}

function hasLimit(root: RowsPrimitive): boolean {
  return root.kind === 'Limit' || ('input' in root && hasLimit(root.input))
}
