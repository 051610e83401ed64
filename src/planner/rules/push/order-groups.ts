import type { OrderItem } from '../../../sql/ast.ts'
import { sameTree } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { hasAggregate, isAggregateCall } from '../../binding/traits.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import type { Operator } from '../../operators/operator.ts'
import type { OrderOp } from '../../operators/order.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { GroupDraft } from './group-draft.ts'
import { meaningOf } from './meaning-of.ts'
import { groupedRows, groupsAbove } from './shard-groups.ts'

/**
 * Order(Aggregate(groups, Route(…))) -> Aggregate(groups, Route(…)) with its keys in that order when ORDER BY names keys
 * only; otherwise it stays, and sorts groups when they are whole.
 */
export function orderGroups(op: OrderOp<Operator>): RuleResult {
  const { input, keys: sorted, items, block } = op
  if (sorted !== undefined) return unchanged('it sorts whole groups')
  const filter = input.kind === 'Filter' ? input : undefined
  const aggregate = filter === undefined ? input : filter.input
  if (block === undefined || aggregate.kind !== 'Aggregate' || aggregate.groups === undefined)
    return unchanged('its rows are no groups of several shards')
  if (filter !== undefined && filter.predicate === undefined)
    return unchanged('its groups are not yet filtered')
  const draft = new GroupDraft(block, listOf(aggregate), aggregate.groups)
  const order = orderOfGroups(items, block, draft)
  if (isRefusal(order)) return order
  const groups = regrouped(draft, aggregate)
  if (isRefusal(groups)) return groups
  const kept: Operator = filter === undefined ? groups : { ...filter, input: groups }
  return order === 'that of keys'
    ? rewrote(kept, 'groups come in the order of their keys')
    : rewrote({ ...op, input: kept, keys: order }, 'groups are sorted when they are whole')
}

/** By what whole groups are sorted, unless they come so: the draft has its keys in that order then. */
export function orderOfGroups(
  items: readonly OrderItem[],
  block: BoundSelect,
  draft: GroupDraft,
): readonly MergeKey[] | 'that of keys' | Refusal {
  const order = eachOrRefusal(items, (item) => orderKey(item, block, draft))
  if (isRefusal(order)) return order
  const { keys } = draft
  if (!order.every((key) => keys.some((known) => sameTree(known.expr, key.expr)))) return order
  draft.keys = inOrder(keys, order)
  return 'that of keys'
}

function listOf({ input, block }: AggregateOp<Operator>) {
  const list = input.kind === 'Route' ? input.list : undefined
  return list ?? { items: block.ast.items, hidden: [] }
}

function regrouped(draft: GroupDraft, aggregate: AggregateOp<Operator>) {
  const { input: route } = aggregate
  return route.kind === 'Route' ? groupsAbove(draft, aggregate, route, groupedRows(route.input)) : aggregate
}

function orderKey(item: OrderItem, block: BoundSelect, draft: GroupDraft): MergeKey | undefined | Refusal {
  const expr = meaningOf(item, 'ORDER BY', block)
  if (expr === undefined || isRefusal(expr)) return expr
  const descending = item.direction === 'DESC'
  if (isAggregateCall(expr)) {
    if (!draft.isPlainNumber(expr))
      return refused('ORDER BY MIN() or MAX() of what is not known to be a number, over several shards')
    const column = draft.pick(expr)
    return isRefusal(column) ? column : { expr, column, descending }
  }
  if (hasAggregate(expr)) return refused('ORDER BY an expression over aggregates across shards')
  return draft.columns.sortKey(expr, descending)
}

/** The keys in the order that ORDER BY wants, with its directions; those it does not name follow. */
function inOrder(keys: readonly MergeKey[], order: readonly MergeKey[]): readonly MergeKey[] {
  const wanted = order.filter((key, i) => order.findIndex((other) => sameTree(other.expr, key.expr)) === i)
  const rest = keys.filter((key) => !wanted.some((other) => sameTree(other.expr, key.expr)))
  return [...wanted, ...rest]
}
