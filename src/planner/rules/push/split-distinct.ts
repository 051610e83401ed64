import { sameTree } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { isSelectExpr } from '../../binding/traits.ts'
import type { DistinctOp } from '../../operators/distinct.ts'
import type { Operator } from '../../operators/operator.ts'
import { orderByPositions } from '../../operators/order.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { ColumnPicker } from './column-picker.ts'

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

export function distinctKeys(
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
