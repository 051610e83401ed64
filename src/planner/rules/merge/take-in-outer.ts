import { type Operator, routesOf, withoutRoutes } from '../../operators/operator.ts'
import type { OuterJoinOp } from '../../operators/outer-join.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { takeIn } from './take-in.ts'

/**
 * OuterJoin(Route(a), b) -> Route(OuterJoin(a, b)) when all rows of b that can join a row of a are on its shard. Not where
 * every shard has a: each would answer for each row of it.
 *
 * Of several outer joins one above the other the lower one may only meet where the upper one does (by WHERE): the upper
 * one is asked for both.
 */
export function takeInOuter(join: OuterJoinOp<Operator>): RuleResult {
  const route = preserved(join)
  if (route.kind !== 'Route') return unchanged('what it preserves is no route')
  const others = routesOf(join).filter((each) => each !== route)
  const taken = takeIn(route, others)
  if (taken.kind !== 'takenIn') return taken
  return rewrote({ ...taken.route, input: withoutRoutes(join) }, taken.reason)
}

function preserved(op: Operator): Operator {
  return op.kind === 'OuterJoin' ? preserved(op.preserved) : op
}
