import type { JoinOp } from '../../operators/join.ts'
import { type Operator, routesOf } from '../../operators/operator.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { joinedRoute } from './joined-route.ts'
import { takeIn } from './take-in.ts'

/**
 * Join(Route(a), b, …) -> Join(Route(Join(a, b)), …) for an input that is no route, for shards can only see a part of its
 * rows: a query with LIMIT, groups of several shards. LATERAL it may be about rows of one shard.
 */
export function takeInQuery(join: JoinOp<Operator>): RuleResult {
  let reason = 'its inputs are all routes, or none is'
  for (const route of join.inputs) {
    if (route.kind !== 'Route') continue
    for (const query of join.inputs) {
      if (query.kind === 'Route') continue
      const taken = takeIn(route, routesOf(query))
      if (taken.kind === 'takenIn') return rewrote(joinedRoute(join, taken.route, route, query), taken.reason)
      reason = taken.reason
    }
  }
  return unchanged(reason)
}
