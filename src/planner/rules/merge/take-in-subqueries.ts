import type { ApplyOp } from '../../operators/apply.ts'
import { type Operator, routesOf, withoutRoutes } from '../../operators/operator.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { takeIn } from './take-in.ts'

/** Apply(Route(a), b, …) -> Route(Apply(a, b, …)) for the subqueries all rows of which that count are where the row is. */
export function takeInSubqueries(apply: ApplyOp<Operator>): RuleResult {
  if (apply.input.kind !== 'Route') return unchanged('its rows are those of no route')
  let route = apply.input
  const inside = new Set<number>()
  let reason = ''
  for (const [i, subquery] of apply.subqueries.entries()) {
    const taken = takeIn(route, routesOf(subquery))
    if (reason === '' || taken.kind === 'takenIn') reason = taken.reason
    if (taken.kind !== 'takenIn') continue
    route = taken.route
    inside.add(i)
  }
  if (inside.size === 0) return unchanged(reason)
  const under = withoutRoutes({ ...only(apply, (i) => inside.has(i)), input: route.input })
  const rest = only(apply, (i) => !inside.has(i))
  const merged: Operator = { ...route, input: under }
  return rewrote(rest.subqueries.length === 0 ? merged : { ...rest, input: merged }, reason)
}

function only(apply: ApplyOp<Operator>, isWanted: (i: number) => boolean): ApplyOp<Operator> {
  return {
    ...apply,
    subqueries: apply.subqueries.filter((_, i) => isWanted(i)),
    bound: apply.bound.filter((_, i) => isWanted(i)),
  }
}
