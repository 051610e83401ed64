import type { CteOp } from '../../operators/cte.ts'
import type { DerivedOp } from '../../operators/derived.ts'
import { type Operator, overRoute, withoutRoutes } from '../../operators/operator.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/**
 * Derived(… Route(x)) -> Route(Derived(… x)), and so for a table of WITH, when all rows of x come through, or whole groups
 * that lie on one shard: as if x stood in FROM itself.
 */
export function pushQuery(op: DerivedOp<Operator> | CteOp<Operator>): RuleResult {
  const rows = overRoute(op.input)
  if (rows === undefined) return unchanged('its rows are not those of one route')
  if (!op.bound.query.isTransparent) return unchanged('shards see a part of its rows each')
  return rewrote({ ...rows.route, input: withoutRoutes(op) }, 'all rows come through, or groups of one shard')
}
