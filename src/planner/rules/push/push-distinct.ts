import { holdsVindex } from '../../binding/holds-vindex.ts'
import { isSelectExpr } from '../../binding/traits.ts'
import type { DistinctOp } from '../../operators/distinct.ts'
import type { Operator } from '../../operators/operator.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/**
 * Distinct(Route(x)) -> Route(Distinct(x)) when rows that are equal lie on one shard, and no column that the gateway alone
 * looks at makes two of them: 'a' and 'a ' are one in a PAD SPACE collation, but have two weights.
 */
export function pushDistinct(op: DistinctOp<Operator>): RuleResult {
  const { input, block } = op
  if (input.kind !== 'Route') return unchanged('its rows are those of no route')
  const exprs = block.ast.items.filter(isSelectExpr).map(({ expr }) => expr)
  if (!holdsVindex(exprs, block.scope, block.rows, block.level))
    return unchanged('equal rows may be on several shards')
  if (input.order.some(({ column, pad }) => 'hidden' in column || pad !== undefined))
    return unchanged('shards cannot tell which rows are one')
  const reason = 'the vindex columns are among the selected ones'
  return rewrote({ ...input, input: { ...op, input: input.input } }, reason)
}
