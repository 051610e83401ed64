import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { Expr } from '../../sql/ast.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundInsertSelect } from '../binding/bound.ts'
import { routedColumns } from '../binding/column-type.ts'
import { refOf } from '../binding/facts-of.ts'
import { hasShardsOfItsOwn } from '../binding/find-table.ts'
import { insertedInto } from '../binding/inserted-columns.ts'
import { schemaColumn } from '../binding/source.ts'
import { refusalOfForeignKeys } from '../foreign-keys.ts'
import { type Operator, routesOf } from '../operators/operator.ts'
import { hasTables, keyspacesOf, type RouteOp } from '../operators/route.ts'
import { insertVerb, refusalOfLookups, refusalOfUpsert } from '../operators/write.ts'
import type { PlanContext } from '../plan-context.ts'
import { unsupportedPlan, writePlan } from '../plans.ts'
import type { Rewritten } from '../rules/run-phases.ts'
import { planValue } from '../values.ts'
import { levelOf } from './finish-rows.ts'
import { refusalOfKeyspaces, refusalOfVindexes } from './refusal-of-tables.ts'
import { replicatedWrite } from './replicated-write.ts'
import { bringTogether, routingOfGroups } from './together.ts'
import { wholeInsert } from './whole-insert.ts'

/**
 * The plan of INSERT … SELECT: the statement as it is. Each shard inserts the rows that it selects itself, which is right
 * where they stay on their shard (rules/merge/push-insert.ts), and on a single shard that has all of it.
 */
export function finishInsertSelect(
  bound: BoundInsertSelect,
  rewritten: Rewritten,
  context: PlanContext,
): Plan {
  const { ast, table } = bound
  const routes = routesOf(rewritten.root)
  const problem = refusalOfKeyspaces(routes) ?? refusalOfSource(bound, routes)
  if (problem !== undefined) return unsupportedPlan(problem)
  if (!hasShardsOfItsOwn(table)) return intoCopies(bound, routes.some(hasTables), context)
  const refusal =
    refusalOfLookups(ast, table) ?? refusalOfForeignKeys(ast, table, context) ?? refusalOfUpsert(ast, table)
  const construct = refusal?.construct ?? refusalOfVindexes(routes)
  if (construct !== undefined) return unsupportedPlan(construct)
  return intoShards(bound, routes, rewritten, context)
}

function intoShards(
  bound: BoundInsertSelect,
  routes: readonly RouteOp<Operator>[],
  { root, refusals }: Rewritten,
  context: PlanContext,
): Plan {
  const { ast, table, query } = bound
  const level = levelOf(query)
  const together = bringTogether(
    routes.flatMap(({ tables }) => tables),
    level,
  )
  const verb = insertVerb(ast)
  if (root.kind === 'Route')
    return writePlan(ast, { verb, routing: routingOfGroups(together, level) }, context)
  const target = routingOfTarget(bound)
  const parts = together.groups.length === 0 ? [target] : [target, routingOfGroups(together, level)]
  const routing: Routing = parts.length === 1 ? target : { kind: 'Union', keyspace: table.keyspace, parts }
  const construct = refusals.get(root)
  return writePlan(ast, { verb, routing, ...(construct && { singleShardOnly: construct }) }, context)
}

function intoCopies({ ast, table }: BoundInsertSelect, isSharded: boolean, context: PlanContext): Plan {
  const verb = insertVerb(ast)
  if (isSharded) return unsupportedPlan(`${ast.verb} … SELECT from a sharded table into copies`)
  if (table.sharded || table.source !== undefined) return replicatedWrite(ast.table, ast, { verb }, context)
  return wholeInsert(ast, { kind: 'Unsharded', keyspace: table.keyspace }, context)
}

// --------------------------------------------------------------------------------------------- selected rows

function refusalOfSource(bound: BoundInsertSelect, routes: readonly RouteOp<Operator>[]): string | undefined {
  const { ast, table } = bound
  if (keyspacesOf(routes)?.includes(table.keyspace) === false)
    return `${ast.verb} … SELECT from tables of another keyspace`
  return drawsIds(bound) ? `${ast.verb} … SELECT into a table with a sequence` : undefined
}

/**
 * A row without a value for the column, with NULL or with 0 draws from the sequence, which a shard cannot do, and any other value
 * moves it on, but for one that it has given itself: a column that is NOT NULL, and has the same sequence.
 */
function drawsIds({ ast, table, query }: BoundInsertSelect): boolean {
  const { autoIncrement } = table
  if (autoIncrement === undefined) return false
  const expr = insertedInto(ast, query.ast, table, autoIncrement.column)
  if (expr === undefined) return true
  const block = query.kind === 'Select' ? query : undefined
  const ref = block && refOf(expr, block.scope)
  if (ref === undefined || ref.instance.nullExtended || schemaColumn(ref)?.nullable === true) return true
  const own = ref.instance.table.autoIncrement
  const isGiven =
    own !== undefined &&
    sameColumn(own.column, ref.name) &&
    own.sequence.keyspace === autoIncrement.sequence.keyspace &&
    own.sequence.table === autoIncrement.sequence.table
  return !isGiven
}

/** Where rows go whose vindex columns are all values; to all shards, as far as can be told, if they are not. */
function routingOfTarget({ ast, table, query }: BoundInsertSelect): Routing {
  const { keyspace, pinned } = table
  if (pinned !== undefined) return { kind: 'Pinned', keyspace, keyspaceId: pinned }
  const [primary] = table.columnVindexes
  const values = (primary?.columns ?? []).map((column): PlanValue | undefined => {
    const expr = insertedInto(ast, query.ast, table, column)
    return expr && placingValue(expr)
  })
  if (primary === undefined || !values.every((value) => value !== undefined))
    return { kind: 'Scatter', keyspace }
  const columns = routedColumns(table, primary)
  return {
    kind: 'Equal',
    keyspace,
    vindex: primary.vindex,
    values,
    written: true,
    ...(columns && { columns }),
  }
}

/** A param may turn out to be NULL, which has no place. */
function placingValue(expr: Expr): PlanValue | undefined {
  const value = planValue(expr)
  return value?.kind === 'Slot' || value?.kind === 'Negated' ? value : undefined
}
