import type { AggregateOp } from '../../operators/aggregate.ts'
import type { Operator } from '../../operators/operator.ts'
import { isRefusal } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { hasLocalGroups } from './local-groups.ts'

/** Aggregate(Route(x)) -> Route(Aggregate(x)) when the rows of each group lie on one shard. */
export function pushAggregate(op: AggregateOp<Operator>): RuleResult {
  const { input, block } = op
  if (input.kind !== 'Route') return unchanged('its rows are those of no route')
  const isLocal = hasLocalGroups(block)
  if (isRefusal(isLocal)) return isLocal
  if (!isLocal) return unchanged('rows of a group may be on several shards')
  return rewrote({ ...input, input: { ...op, input: input.input } }, 'groups are by the vindex columns')
}
