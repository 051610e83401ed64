import type { Operator, UnaryOperator } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'
import type { UnionOp } from '../../operators/union.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { apart } from './take-in.ts'

/** Any(Route(x)) -> Route(Any(x)) when no table has shards of its own: one shard answers the whole query. */
export function pushToOneShard(op: UnaryOperator): RuleResult {
  const { input } = op
  if (input.kind !== 'Route') return unchanged('its input is no route')
  if (input.tables.length > 0) return unchanged('its route may meet several shards')
  return rewrote({ ...input, input: { ...op, input: input.input } }, 'one shard answers it all')
}

/** Union(Route(x), Route(y)) -> Route(Union(x, y)), likewise. */
export function pushUnionToOneShard(union: UnionOp<Operator>): RuleResult {
  const routes = union.inputs.filter((input) => input.kind === 'Route')
  if (routes.length < union.inputs.length) return unchanged('several shards have rows of some of its inputs')
  if (routes.some(({ tables }) => tables.length > 0)) return unchanged('its routes may meet several shards')
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
