import type { Expr } from '../../../sql/ast.ts'
import { someNode } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { isQuiet } from '../../binding/quiet.ts'
import { hasAggregate, isAggregateCall } from '../../binding/traits.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import type { Operator } from '../../operators/operator.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { GroupDraft } from './group-draft.ts'
import { meaningOf } from './meaning-of.ts'
import { groupsAbove } from './shard-groups.ts'

/**
 * Aggregate(Route(x)) -> Aggregate(groups, Route(Order(Aggregate(part, x)))): groups whose rows lie on several shards. Each
 * shard groups its own rows and sorts by the keys, and what it has counted is counted together above.
 */
export function splitAggregate(op: AggregateOp<Operator>): RuleResult {
  const { input: route, block, groups } = op
  if (groups !== undefined) return unchanged('it puts parts of groups together')
  if (route.kind !== 'Route') return unchanged('its rows are those of no route')
  const draft = draftOfGroups(block)
  if (isRefusal(draft)) return draft
  const split = groupsAbove(draft, op, route, { rows: route.input })
  return isRefusal(split) ? split : rewrote(split, 'shards group their own rows')
}

/** What must be known of parts of the block's groups. */
export function draftOfGroups(block: BoundSelect): GroupDraft | Refusal {
  const draft = new GroupDraft(block, { items: block.ast.items, hidden: [] })
  const keys = groupKeys(block, draft)
  if (isRefusal(keys)) return keys
  draft.keys = keys
  return addItems(block, draft) ?? draft
}

function groupKeys(block: BoundSelect, { columns }: GroupDraft): readonly MergeKey[] | Refusal {
  const { groupBy } = block.ast
  if (groupBy === undefined) return []
  if (groupBy.rollup !== undefined) return refused('GROUP BY WITH ROLLUP over several shards')
  const keys = eachOrRefusal(groupBy.items, (item) => {
    const expr = meaningOf(item, 'GROUP BY', block)
    if (expr === undefined || isRefusal(expr)) return expr
    if (hasAggregate(expr)) return refused('GROUP BY of an aggregate')
    // One server computes it once, if at all.
    if (!someNode(expr, ({ kind }) => kind === 'Column' || kind === 'Subquery'))
      return refused('GROUP BY of a constant over several shards')
    if (!isQuiet(expr, block.scope))
      return refused('GROUP BY of an expression that may warn, over several shards')
    columns.groupBy(expr)
    return columns.sortKey(expr, item.direction === 'DESC')
  })
  if (isRefusal(keys) || keys.length > 0) return keys
  return refused('GROUP BY of a constant over several shards')
}

function addItems({ ast: { items } }: BoundSelect, draft: GroupDraft): Refusal | undefined {
  const { keys } = draft
  for (const [i, item] of items.entries()) {
    if (item.kind !== 'SelectExpr') return refused('* beside aggregates over several shards')
    const { expr } = item
    const problem = isAggregateCall(expr) ? draft.add(expr, { item: i }) : problemOf(expr, keys)
    if (problem !== undefined) return problem
  }
  // Where all shards are empty there is no row to take a constant from.
  const isAllAggregates = items.every((item) => item.kind === 'SelectExpr' && isAggregateCall(item.expr))
  if (keys.length === 0 && draft.groups.distinct !== undefined && !isAllAggregates)
    return refused('a constant beside aggregates of DISTINCT values over several shards')
  return undefined
}

/** Why the first row that comes of a group cannot stand for the whole group. */
function problemOf(expr: Expr, keys: readonly MergeKey[]): Refusal | undefined {
  if (hasAggregate(expr)) return refused('an expression over aggregates across shards')
  const hasRow = keys.length > 0
  if (!hasRow && someNode(expr, (node) => node.kind === 'Column' || node.kind === 'Subquery'))
    return refused('a column beside aggregates without GROUP BY over several shards')
  return undefined
}
