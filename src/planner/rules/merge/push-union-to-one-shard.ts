import type { Operator } from '../../operators/operator.ts'
import { hasTables, type RouteOp } from '../../operators/route.ts'
import type { UnionOp } from '../../operators/union.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { apart } from './take-in.ts'

/** Union(Route(x), Route(y)) -> Route(Union(x, y)) when no table has shards of its own. */
export function pushUnionToOneShard(union: UnionOp<Operator>): RuleResult {
  const routes = union.inputs.filter((input) => input.kind === 'Route')
  if (routes.length < union.inputs.length) return unchanged('several shards have rows of some of its inputs')
  if (routes.some(hasTables)) return unchanged('its routes may meet several shards')
  const problem = apart(routes)
  if (problem !== undefined) return unchanged(problem)
  const route: RouteOp<Operator> = {
    ...routes[0],
    input: { ...union, inputs: routes.map(({ input }) => input) },
    copies: routes.flatMap(({ copies }) => copies),
    asksSystem: routes.some(({ asksSystem }) => asksSystem),
  }
  return rewrote(route, 'one shard answers it all')
}
