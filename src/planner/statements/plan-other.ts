import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { DescribeTable, Do, Explain, Show, TableAdmin, TableName } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { bindExprs } from '../binding/bind-subqueries.ts'
import { findTable, keyspaceOf } from '../binding/find-table.ts'
import { existingTable } from '../binding/named-tables.ts'
import { rootPlace } from '../binding/place.ts'
import { emptyScope } from '../binding/scope.ts'
import { mayAskTables } from '../binding/traits.ts'
import { refusalOfKeyspaces } from '../finish/refusal-of-tables.ts'
import { anyShard, isFixed, oneShard } from '../one-shard.ts'
import { applied } from '../operators/build-operators.ts'
import { type Operator, routesOf } from '../operators/operator.ts'
import { hasTables } from '../operators/route.ts'
import type { PlanContext } from '../plan-context.ts'
import { readPlan, sessionPlan, unsupportedPlan, writePlan } from '../plans.ts'
import { phases } from '../rules/phases.ts'
import { runPhases } from '../rules/run-phases.ts'
import type { Trace } from '../rules/trace.ts'
import { placeOf, temporaryTable } from './plan-temporary.ts'

/** SHOW … of one table, DESCRIBE: any shard knows. Other SHOW statements are the session's. */
export function planShow(statement: Show, context: PlanContext): Plan {
  const { table, database, what } = statement
  if (table === undefined || what.startsWith('VSCHEMA') || what.startsWith('VITESS')) return sessionPlan
  // What a shard counts is not all there is.
  if (what === 'INDEX' && isOnShards(statement, context)) return sessionPlan
  // A server would look at its own rows alone.
  if (someNode(statement.where, (node) => node.kind === 'Subquery')) return sessionPlan
  const shown =
    database === undefined || isSystemSchema(database) ? statement : qualified(statement, table, database)
  const name: TableName = database === undefined ? table : { ...table, qualifier: database }
  return readPlan(shown, tableShard(name, context), context)
}

/** Throws as findTable. */
function isOnShards({ table, database }: Show, context: PlanContext): boolean {
  const name = database === undefined ? table! : { ...table!, qualifier: database }
  if (isSystemSchema(keyspaceOf(name, context))) return false
  const { sharded, pinned } = findTable(name, context)
  return sharded && pinned === undefined
}

/** `SHOW COLUMNS FROM t FROM keyspace`, its pieces put together anew with the table's name in one of them. */
function qualified(statement: Show, named: TableName, database: string): Show {
  const { what, extended, full, like, where } = statement
  const { database: _, ...rest } = statement
  const table: TableName = { ...named, qualifier: database }
  const head = `SHOW ${extended ? 'EXTENDED ' : ''}${full ? 'FULL ' : ''}${what} FROM `
  const filter = like !== undefined ? [' LIKE ', like] : where !== undefined ? [' WHERE ', where] : []
  return { ...rest, table, pieces: [head, table, ...filter] }
}

export function planDescribe(statement: DescribeTable, context: PlanContext): Plan {
  return readPlan(statement, tableShard(statement.table, context), context)
}

function tableShard(name: TableName, context: PlanContext): Routing {
  if (isSystemSchema(keyspaceOf(name, context))) return anyShard(context)
  const { keyspace, pinned } = findTable(name, context)
  return pinned === undefined ? oneShard(keyspace, context) : { kind: 'Pinned', keyspace, keyspaceId: pinned }
}

/**
 * EXPLAIN shows what the shard makes of the statement that would run it. Which one that is, or that there are several, is known
 * when the values are: then the session explains. With FORMAT=VITESS it asks for the plan here.
 */
export function planExplain(statement: Explain, inner: Plan, context: PlanContext): Plan {
  if (statement.format === 'VITESS') return sessionPlan
  const { root, shortcut } = inner
  const isQuery = shortcut !== undefined && root.kind !== 'Write'
  if (statement.analyze && !isQuery && root.kind !== 'Sequence')
    return unsupportedPlan('EXPLAIN ANALYZE of a write')
  if (root.kind === 'Unsupported' && shortcut === undefined)
    return unsupportedPlan(`EXPLAIN of ${root.construct}`)
  if (root.kind === 'Insert' || root.kind === 'Ddl')
    return readPlan(statement, oneShard(root.keyspace, context), context)
  if (root.kind === 'Session' || root.kind === 'Sequence')
    return readPlan(statement, anyShard(context), context)
  if (shortcut !== undefined && isFixed(shortcut.routing))
    return readPlan(statement, shortcut.routing, context)
  if (shortcut === undefined || statement.into === undefined) return sessionPlan
  return readPlan(statement, oneShard(shortcut.routing.keyspace, context), context)
}

/** ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE: every shard does it, and their reports follow each other; what must be put together is the session's. */
export function planTableAdmin(statement: TableAdmin, context: PlanContext): Plan {
  return committingFirst(statement, reportsOfShards(statement, context))
}

export function committingFirst({ verb }: TableAdmin, plan: Plan): Plan {
  return verb === 'CHECKSUM' ? plan : { ...plan, commitsFirst: true }
}

function reportsOfShards(statement: TableAdmin, context: PlanContext): Plan {
  const temporary = statement.tables.map((name) => temporaryTable(name, context))
  const place = temporary.every((table) => table !== undefined) ? placeOf(temporary) : undefined
  if (place !== undefined) return readPlan(statement, place, context)
  const named = statement.tables.map((name) => existingTable(name, context).keyspace)
  // The report names the keyspaces that the statement names.
  const isSeenElsewhere = statement.tables.some((name, i) => named[i] !== keyspaceOf(name, context))
  if (context.shard === undefined && isSeenElsewhere) return sessionPlan
  // System schemas are on every server.
  const keyspaces = new Set(named.filter((keyspace) => !isSystemSchema(keyspace)))
  const [keyspace] = keyspaces
  if (keyspace === undefined) return readPlan(statement, anyShard(context), context)
  if (keyspaces.size !== 1) return sessionPlan
  const routing = oneShard(keyspace, context)
  if (routing.kind === 'Unsharded') return readPlan(statement, routing, context)
  if (statement.verb === 'CHECKSUM') return sessionPlan
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
  const plan = writePlan(
    statement,
    { verb: 'other', routing: routes[0].routing ?? anyShard(context) },
    context,
  )
  return mayAskTables(statement) ? plan : { ...plan, isTableless: true }
}
