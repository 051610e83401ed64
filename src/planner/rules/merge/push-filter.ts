import type { FilterOp } from '../../operators/filter.ts'
import type { Operator } from '../../operators/operator.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Filter(Route(x)) -> Route(Filter(x)). HAVING without groups is about rows, as WHERE is. */
export function pushFilter(filter: FilterOp<Operator>): RuleResult {
  const { input } = filter
  if (input.kind !== 'Route') return unchanged('what it asks for is on no route')
  return rewrote({ ...input, input: { ...filter, input: input.input } }, 'a shard has all that it asks for')
}
