import type { UnaryOperator } from '../../operators/operator.ts'
import { hasTables } from '../../operators/route.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Any(Route(x)) -> Route(Any(x)) when no table has shards of its own: one shard answers the whole query. */
export function pushToOneShard(op: UnaryOperator): RuleResult {
  const { input } = op
  if (input.kind !== 'Route') return unchanged('its input is no route')
  if (hasTables(input)) return unchanged('its route may meet several shards')
  return rewrote({ ...input, input: { ...op, input: input.input } }, 'one shard answers it all')
}
