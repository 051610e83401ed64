import { sameTree } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { holdsVindex } from '../../binding/output-columns.ts'
import { isSelectExpr } from '../../binding/traits.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import type { DistinctOp } from '../../operators/distinct.ts'
import type { Operator } from '../../operators/operator.ts'
import { orderByPositions } from '../../operators/order.ts'
import type { RouteOp } from '../../operators/route.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { ColumnPicker } from './column-picker.ts'

/** Distinct(Route(x)) -> Route(Distinct(x)) when rows that are equal lie on one shard. */
export function pushDistinct(op: DistinctOp<Operator>): RuleResult {
  const { input: route, block } = op
  if (route.kind !== 'Route') return unchanged('its rows are those of no route')
  if (!isLocal(block)) return unchanged('equal rows may be on several shards')
  return rewrote(under(op, route), 'the vindex columns are among the selected ones')
}

function isLocal({ ast, scope, rows, level }: BoundSelect): boolean {
  const exprs = ast.items.filter(isSelectExpr).map(({ expr }) => expr)
  return holdsVindex(exprs, scope, rows, level)
}

function under(op: DistinctOp<Operator>, route: RouteOp<Operator>): RouteOp<Operator> {
  return { ...route, input: { ...op, input: route.input } }
}

/**
 * Distinct(Route(x)) -> Distinct(Route(Order(Distinct(x)))): each shard drops what it has twice and sorts by all columns,
 * those of ORDER BY first, so that equal rows of several shards follow each other.
 */
export function splitDistinct(op: DistinctOp<Operator>): RuleResult {
  const { input: route, block, keys: known } = op
  if (known !== undefined) return unchanged('it drops what several shards have')
  if (route.kind !== 'Route') return unchanged('its rows are those of no route')
  const { ast, scope } = block
  const picker = new ColumnPicker(route.list ?? { items: ast.items, hidden: [] }, scope)
  const keys = distinctKeys(block, picker, route.order)
  if (isRefusal(keys)) return keys
  const { list } = picker
  const rows = route.input.kind === 'Order' ? route.input.input : route.input
  const sorted: Operator = { kind: 'Order', input: rows, block, items: orderByPositions(keys, list, ast) }
  const shards: Operator = { ...route, input: { ...op, input: sorted }, list, order: keys }
  return rewrote({ ...op, input: shards, keys }, 'equal rows of several shards follow each other')
}

function distinctKeys(
  { ast: { items } }: BoundSelect,
  picker: ColumnPicker,
  order: readonly MergeKey[],
): readonly MergeKey[] | Refusal {
  const exprs = items.filter(isSelectExpr).map(({ expr }) => expr)
  if (exprs.length < items.length) return refused('SELECT DISTINCT * over several shards')
  if (order.some(({ column }) => !('item' in column)))
    return refused('DISTINCT with ORDER BY of an expression that is not selected, over several shards')
  const rest = exprs.filter((expr) => !order.some((key) => sameTree(key.expr, expr)))
  const keys = eachOrRefusal(rest, (expr) => picker.sortKey(expr, false))
  return isRefusal(keys) ? keys : [...order, ...keys]
}

/** Distinct(… Aggregate(groups, Route(x))) -> … Aggregate(groups, Route(Distinct(x))): groups differ by their keys. */
export function dropDistinctOfGroups(op: DistinctOp<Operator>): RuleResult {
  const aggregate = groupsBelow(op.input)
  if (aggregate?.groups === undefined) return unchanged('its rows are no groups of several shards')
  if (!aggregate.groups.keys.every(({ column }) => 'item' in column))
    return refused('SELECT DISTINCT of groups over several shards')
  return rewrote(op.input, 'groups differ by their keys, which are all selected')
}

function groupsBelow(op: Operator): AggregateOp<Operator> | undefined {
  if (op.kind === 'Aggregate') return op
  return op.kind === 'Order' || op.kind === 'Filter' ? groupsBelow(op.input) : undefined
}
