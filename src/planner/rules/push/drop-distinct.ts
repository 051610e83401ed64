import type { AggregateOp } from '../../operators/aggregate.ts'
import type { DistinctOp } from '../../operators/distinct.ts'
import type { Operator } from '../../operators/operator.ts'
import { refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Distinct(… Aggregate(groups, Route(x))) -> … Aggregate(groups, Route(Distinct(x))): groups differ by their keys. */
export function dropDistinct(op: DistinctOp<Operator>): RuleResult {
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
