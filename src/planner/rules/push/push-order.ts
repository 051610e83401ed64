import type { Expr } from '../../../sql/ast.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import type { Operator } from '../../operators/operator.ts'
import type { OrderOp } from '../../operators/order.ts'
import type { RouteOp } from '../../operators/route.ts'
import { eachOrRefusal, isRefusal } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { ColumnPicker } from './column-picker.ts'
import { meaningOf } from './meaning-of.ts'

/** Order(Route(x)) -> Route(Order(x)): each shard sorts its own rows, and they are merged as they come. */
export function pushOrder(op: OrderOp<Operator>): RuleResult {
  const { input: route, items, block } = op
  if (route.kind !== 'Route') return unchanged('its rows are those of no route')
  if (block === undefined) return pushOrderOfWrite(op, route)
  const picker = new ColumnPicker(
    route.list ?? { items: block.ast.items, hidden: [] },
    block.scope,
    groupExprs(block),
  )
  const order = eachOrRefusal(items, (item) => {
    const expr = meaningOf(item, 'ORDER BY', block)
    return expr === undefined || isRefusal(expr) ? expr : picker.sortKey(expr, item.direction === 'DESC')
  })
  if (isRefusal(order)) return order
  const input: Operator = { ...op, input: route.input }
  return rewrote({ ...route, input, list: picker.list, order }, 'shards sort, their rows are merged')
}

function groupExprs(block: BoundSelect): readonly Expr[] {
  const exprs = eachOrRefusal(block.ast.groupBy?.items ?? [], (item) => meaningOf(item, 'GROUP BY', block))
  return isRefusal(exprs) ? [] : exprs
}

/** The order in which rows are changed shows on each shard, and only there. */
function pushOrderOfWrite(op: OrderOp<Operator>, route: RouteOp<Operator>): RuleResult {
  return rewrote({ ...route, input: { ...op, input: route.input } }, 'each shard keeps the order for itself')
}
