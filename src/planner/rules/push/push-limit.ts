import type { LimitClause } from '../../../sql/ast.ts'
import type { LimitOp, LimitValues } from '../../operators/limit.ts'
import type { Operator } from '../../operators/operator.ts'
import { isRefusal, type Refusal, refused } from '../../refusal.ts'
import { planValue } from '../../values.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/**
 * Limit(Route(x)) -> Limit(Route(Limit(x))): the final cut stays above, and a shard sends no more rows than it can need.
 *
 * Groups are cut when they are whole. With weights padded by blanks a shard cannot tell: 'a' and 'a ' are two rows to its
 * DISTINCT, for their weights differ, and one above.
 */
export function pushLimit(op: LimitOp<Operator>): RuleResult {
  const { input, clause, block, values: known } = op
  if (known !== undefined) return unchanged('it cuts what the shards send')
  if (block === undefined || !isReady(input)) return unchanged('its rows are not those of shards')
  const values = limitValues(clause)
  if (isRefusal(values)) return values
  const above: LimitOp<Operator> = { ...op, values }
  const distinct = input.kind === 'Distinct' ? input : undefined
  const route = distinct === undefined ? input : distinct.input
  if (route.kind !== 'Route') return rewrote(above, 'groups are cut when they are whole')
  if (distinct?.keys?.some(({ pad }) => pad !== undefined) === true)
    return rewrote(above, 'shards cannot tell which rows are one')
  const shards: Operator = { ...route, input: { ...above, input: route.input } }
  const rows = distinct === undefined ? shards : { ...distinct, input: shards }
  return rewrote({ ...above, input: rows }, 'no more rows of a shard can be wanted')
}

/** All below is either under a route or about what shards send. */
function isReady(op: Operator): boolean {
  switch (op.kind) {
    case 'Route':
      return true
    case 'Distinct':
    case 'Order':
      return op.keys !== undefined
    case 'Filter':
      return op.predicate !== undefined
    case 'Aggregate':
      return op.groups !== undefined
    default:
      return false
  }
}

export function limitValues({ count, offset }: LimitClause): LimitValues | Refusal {
  const values = { count: planValue(count), offset: offset && planValue(offset) }
  if (values.count === undefined || (offset !== undefined && values.offset === undefined))
    return refused('LIMIT of an expression')
  return { count: values.count, ...(values.offset && { offset: values.offset }) }
}
