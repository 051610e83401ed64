import type { Expr } from '../../../sql/ast.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import type { FilterOp } from '../../operators/filter.ts'
import type { Operator } from '../../operators/operator.ts'
import { orderByPositions } from '../../operators/order.ts'
import type { RouteOp } from '../../operators/route.ts'
import { type Refusal, refused } from '../../refusal.ts'
import type { GroupDraft } from './group-draft.ts'

/** What shards group, and what they leave out themselves. */
interface GroupedRows {
  readonly rows: Operator
  readonly having?: FilterOp<Operator>
}

/** What is under the route of groups that are put together above it. */
export function groupedRows(under: Operator): GroupedRows {
  if (under.kind === 'Aggregate') return { rows: under.input }
  if (under.kind === 'Filter') return { ...groupedRows(under.input), having: under }
  return under.kind === 'Order' ? groupedRows(under.input) : { rows: under }
}

/**
 * Aggregate(groups, Route(Order(Having(Aggregate(part, rows))))): each shard groups its own rows, in the order of the keys,
 * and the parts of a group, which come one after the other, are put together above.
 */
export function groupsAbove(
  draft: GroupDraft,
  { block }: AggregateOp<Operator>,
  route: RouteOp<Operator>,
  { rows, having }: GroupedRows,
): AggregateOp<Operator> | Refusal {
  const { groups } = draft
  const distinct = groups.distinct === undefined || isConstant(groups.distinct.expr) ? [] : [groups.distinct]
  const order = [...groups.keys, ...distinct]
  const more = distinct.map(({ expr }) => expr)
  if (more.length > 0 && groups.isDistinctOnShards)
    return refused('a DISTINCT aggregate of parts of a group over several shards')
  const { list } = draft.columns
  const parts: Operator = { kind: 'Aggregate', input: rows, block, part: { more } }
  const kept: Operator = having === undefined ? parts : { ...having, input: parts }
  const items = orderByPositions(order, list, block.ast)
  const input: Operator = items.length === 0 ? kept : { kind: 'Order', input: kept, block, items }
  return { kind: 'Aggregate', input: { ...route, input, list, order }, block, groups }
}

/** A constant makes no groups; MySQL would take a number for a position, also behind plus signs. */
function isConstant(expr: Expr): boolean {
  if (expr.kind === 'Unary' && expr.op === '+') return isConstant(expr.operand)
  return expr.kind === 'Literal' || expr.kind === 'Param'
}
