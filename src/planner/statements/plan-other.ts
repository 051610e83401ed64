import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type {
  DescribeTable,
  Do,
  Explain,
  Show,
  Statement,
  TableAdmin,
  TableName,
  UnlockTables,
} from '../../sql/ast.ts'
import { bindExprs } from '../binding/bind-subqueries.ts'
import { findTable, isSystemSchema, keyspaceOf } from '../binding/find-table.ts'
import { rootPlace } from '../binding/place.ts'
import { emptyScope } from '../binding/scope.ts'
import { refusalOfKeyspaces } from '../finish/refusal-of-tables.ts'
import { anyShard, oneShard } from '../one-shard.ts'
import { applied } from '../operators/build-operators.ts'
import { type Operator, routesOf } from '../operators/operator.ts'
import { hasTables } from '../operators/route.ts'
import type { PlanContext } from '../plan-context.ts'
import { readPlan, sessionPlan, unsupportedPlan, writePlan } from '../plans.ts'
import { phases } from '../rules/phases.ts'
import { runPhases } from '../rules/run-phases.ts'
import type { Trace } from '../rules/trace.ts'

/** SHOW … of one table, DESCRIBE: any shard knows. Other SHOW statements are the session's. */
export function planShow(statement: Show, context: PlanContext): Plan {
  const { table, database, what } = statement
  if (table === undefined || what.startsWith('VSCHEMA') || what.startsWith('VITESS')) return sessionPlan
  const name: TableName = database === undefined ? table : { ...table, qualifier: database }
  if (database !== undefined && !isSystemSchema(database) && context.databaseName(database) !== database)
    return sessionPlan
  return readPlan(statement, tableShard(name, context), context)
}

export function planDescribe(statement: DescribeTable, context: PlanContext): Plan {
  return readPlan(statement, tableShard(statement.table, context), context)
}

function tableShard(name: TableName, context: PlanContext): Routing {
  if (isSystemSchema(keyspaceOf(name, context))) return anyShard(context)
  const { keyspace, pinned } = findTable(name, context)
  return pinned === undefined ? oneShard(keyspace, context) : { kind: 'Pinned', keyspace, keyspaceId: pinned }
}

/** EXPLAIN shows what one shard makes of the statement; with FORMAT=VITESS it asks for the plan here. */
export function planExplain(statement: Explain, inner: Plan, context: PlanContext): Plan {
  if (statement.format === 'VITESS') return sessionPlan
  const { root, shortcut } = inner
  const isQuery = shortcut !== undefined && root.kind !== 'Write'
  if (statement.analyze && !isQuery && root.kind !== 'Sequence')
    return unsupportedPlan('EXPLAIN ANALYZE of a write')
  if (root.kind === 'Unsupported' && shortcut === undefined)
    return unsupportedPlan(`EXPLAIN of ${root.construct}`)
  const keyspace =
    shortcut?.routing.keyspace ?? (root.kind === 'Insert' || root.kind === 'Ddl' ? root.keyspace : undefined)
  return readPlan(
    statement,
    keyspace === undefined ? anyShard(context) : oneShard(keyspace, context),
    context,
  )
}

/** ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE: every shard does it, and their reports follow each other. */
export function planTableAdmin(statement: TableAdmin, context: PlanContext): Plan {
  const keyspaces = new Set(statement.tables.map((name) => findTable(name, context).keyspace))
  const [keyspace] = keyspaces
  if (keyspaces.size !== 1) return unsupportedPlan(`${statement.verb} TABLE of several keyspaces`)
  const routing = oneShard(keyspace, context)
  if (routing.kind === 'Unsharded') return readPlan(statement, routing, context)
  if (statement.verb === 'CHECKSUM') return unsupportedPlan('CHECKSUM TABLE over several shards')
  return readPlan(statement, { kind: 'Scatter', keyspace }, context)
}

/** DO evaluates expressions: on one shard, where the subqueries in them let it. */
export function planDo(statement: Do, context: PlanContext, trace?: Trace): Plan {
  const place = rootPlace(context)
  const subqueries = bindExprs(statement.items, emptyScope, place)
  const row = { kind: 'Unplaced', what: 'nothing', level: place.level, subqueries: [] } as const
  const tree: Operator = applied({ kind: 'Table', bound: row }, subqueries)
  const { root } = runPhases(phases, tree, context, trace)
  const routes = routesOf(root)
  const problem = refusalOfKeyspaces(routes)
  if (problem !== undefined) return unsupportedPlan(problem)
  if (routes.some(hasTables)) return unsupportedPlan('DO with a subquery on a sharded keyspace')
  return writePlan(statement, { verb: 'other', routing: routes[0].routing ?? anyShard(context) }, context)
}

/** The session knows its locks, wherever its target has gone since. On one server its own answer is relayed. */
export function planUnlock(statement: UnlockTables, context: PlanContext): Plan {
  const { defaultKeyspace } = context
  const isOneServer =
    defaultKeyspace !== undefined && context.vschema.keyspaces.get(defaultKeyspace)?.sharded === false
  return isOneServer
    ? serverPlan(statement, { kind: 'Unsharded', keyspace: defaultKeyspace }, context)
    : sessionPlan
}

/** What only a single MySQL server can do: its keyspace must be unsharded. */
export function planOnOneServer(
  statement: Statement,
  options: { readonly words: string; readonly tables: readonly TableName[] },
  context: PlanContext,
): Plan {
  const named = options.tables.map((name) => keyspaceOf(name, context))
  const keyspaces = new Set(named.length === 0 ? [context.defaultKeyspace] : named)
  const [keyspace] = keyspaces
  const isOneServer =
    keyspaces.size === 1 &&
    keyspace !== undefined &&
    context.vschema.keyspaces.get(keyspace)?.sharded === false
  return isOneServer
    ? serverPlan(statement, { kind: 'Unsharded', keyspace }, context)
    : unsupportedPlan(`${options.words} outside an unsharded keyspace (name a shard: USE \`keyspace:shard\`)`)
}

/** Statements that hold something on their connection until another one lets go of it. */
const holding: ReadonlySet<string> = new Set(['HANDLER', 'XA'])

/** A statement on one server, which keeps the connection with it where it must be on the same again. */
export function serverPlan(statement: Statement, routing: Routing, context: PlanContext): Plan {
  const isHolding =
    statement.kind === 'LockTables' ||
    statement.kind === 'UnlockTables' ||
    (statement.kind === 'Other' && holding.has(statement.verb))
  const plan = writePlan(statement, { verb: 'other', routing }, context)
  return isHolding ? { ...plan, reserves: true } : plan
}
