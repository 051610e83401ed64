import { assert } from '../../base/assert.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Query } from '../../sql/ast.ts'
import { type AnyNode, someNode } from '../../sql/visit.ts'
import type { BoundQuery } from '../binding/bound.ts'
import { mayAskTables } from '../binding/traits.ts'
import { type Operator, routesOf } from '../operators/operator.ts'
import { hasTables } from '../operators/route.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState, readPlan, unsupportedPlan } from '../plans.ts'
import { isRefusal } from '../refusal.ts'
import type { Rewritten } from '../rules/run-phases.ts'
import { ShardText } from '../shard-text.ts'
import { finishJoin } from './finish-join.ts'
import { finishRows, levelOf } from './finish-rows.ts'
import { refusalOfKeyspaces, refusalOfVindexes } from './refusal-of-tables.ts'
import { systemRouting } from './system-routing.ts'
import { bringTogether, routingOfGroups } from './together.ts'

/**
 * The plan of a query. One shard may have all that matters, though several cannot answer together: then what cannot be
 * planned is behind a shortcut.
 */
export function finishQuery(
  ast: Query,
  query: BoundQuery,
  { root, refusals }: Rewritten,
  context: PlanContext,
): Plan {
  const routes = routesOf(root)
  const severalKeyspaces = refusalOfKeyspaces(routes)
  const problem = severalKeyspaces ?? refusalOfVindexes(routes)
  if (problem !== undefined) return acrossKeyspaces(root, ast, context) ?? unsupportedPlan(problem)
  const locks = someNode(ast, (node) => node.kind === 'Lock')
  if (!routes.some(hasTables)) {
    const isTableless = !mayAskTables(ast)
    return {
      ...systemPlan(ast, oneShardOf(root, query), context),
      locks,
      ...(isTableless && { isTableless }),
    }
  }
  const text = new ShardText(context).ofStatement(query.ast)
  const answer = finishRows(root, query, { context, statement: query.ast, text, refusals })
  const primitive: RowsPrimitive = isRefusal(answer)
    ? { kind: 'Unsupported', construct: answer.construct }
    : answer
  const routing = !isRefusal(answer) && routes.length === 1 ? routes[0].routing : undefined
  const tables = routes.flatMap((route) => route.tables)
  const level = levelOf(query)
  const shortcut = {
    routing: routing ?? routingOfGroups(bringTogether(tables, level), level),
    query: query.ast === ast ? text : new ShardText(context).ofStatement(ast),
  }
  const judging = judgedIn(primitive)
  const judged = judging === 'columns' && hasTypedLiterals(ast) ? 'columns by text' : judging
  return { shortcut, root: primitive, locks, ...(judged && { judged }), ...connectionState(ast) }
}

/**
 * Joined above their shards, tables may be of several keyspaces. No shard can judge the statement, or describe it when it is
 * prepared: the plan over copies does, beside which this one stands.
 */
function acrossKeyspaces(root: Operator, ast: Query, context: PlanContext): Plan | undefined {
  const joined = context.planner === 'rules' ? undefined : finishJoin(root, context)
  return joined && { root: joined, locks: false, ...connectionState(ast) }
}

/** A literal that is shown, or may be: its type shows in that of a column. */
function hasTypedLiterals(ast: Query): boolean {
  return someNode(ast, (node) => {
    if (node.kind === 'ValuesQuery' || node.kind === 'JsonTable') return true
    return node.kind === 'SelectExpr' && someNode(node, isTyped)
  })
}

/** What the session knows stands in the text as a literal, too. */
function isTyped(node: AnyNode): boolean {
  if (node.kind === 'Function') return node.args.length === 0
  return node.kind === 'Literal' || node.kind === 'UserVariable' || node.kind === 'SystemVariable'
}

/** A cut alone, or a merge of sorted rows, leaves shards the client's own statement but for its LIMIT. */
function judgedIn(root: RowsPrimitive): Plan['judged'] {
  switch (root.kind) {
    case 'Route':
      return undefined
    case 'Limit':
      return judgedIn(root.input)
    case 'Concatenate':
      return 'columns'
    case 'Truncate':
      return isGroupedForOneRow(root.input) ? 'columns' : 'names'
    default:
      return isGroupedForOneRow(root) ? 'columns' : 'names'
  }
}

/**
 * Shards make groups where one server makes one row, without the temporary table that marks columns: of distinct values, or of what is
 * joined.
 */
function isGroupedForOneRow(root: RowsPrimitive): boolean {
  if (root.kind === 'Limit' || root.kind === 'Filter') return isGroupedForOneRow(root.input)
  if (root.kind !== 'Aggregate' || root.groupBy.length > 0) return false
  return root.input.kind === 'Join' || root.aggregates.some((each) => 'value' in each)
}

/** A param that names a schema may have to make way for the name of a shard's database: its place must be known. */
function systemPlan(ast: Query, routing: Routing, context: PlanContext): Plan {
  const plan = readPlan(ast, routing, context)
  if (routing.kind !== 'SystemSchema' || !routing.schemas.some(({ kind }) => kind === 'Param')) return plan
  const isRenamed = [...context.vschema.keyspaces.keys()].some((name) => context.databaseName(name) !== name)
  if (!isRenamed) return plan
  const shortcut = { routing, query: new ShardText(context).ofTree(ast) }
  return { ...plan, shortcut, root: { kind: 'Route', ...shortcut, orderBy: [] } }
}

/** All tables are on one shard, so that one route has all of the query. */
function oneShardOf(root: Operator, query: BoundQuery): Routing {
  assert(root.kind === 'Route' && root.routing !== undefined, 'one shard without one route')
  return root.asksSystem ? systemRouting(query.ast, root.routing) : root.routing
}
