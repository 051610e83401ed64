import type { JoinOp } from '../../operators/join.ts'
import type { Operator } from '../../operators/operator.ts'
import { hasTables, type RouteOp, rowsOf } from '../../operators/route.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { gather, locate } from './gather.ts'
import { joinedRoute } from './joined-route.ts'
import { apart } from './take-in.ts'

/**
 * Join(Route(a), Route(b), …) -> Join(Route(Join(a, b)), …) when rows that join are on one shard; the last two leave no
 * join above. Any two may be the ones: a and c, then b with c.
 */
export function mergeRoutes(join: JoinOp<Operator>): RuleResult {
  const routes = join.inputs.filter((input) => input.kind === 'Route')
  for (const [i, left] of routes.entries()) {
    for (const right of routes.slice(i + 1)) {
      const reason = meeting(left, right)
      if (reason !== undefined) return rewrote(joinedRoute(join, both(left, right), left, right), reason)
    }
  }
  return unchanged('nothing says of two of its routes that rows that join are on one shard')
}

/** Why rows of the one that join with rows of the other are on one shard; undefined when they may not be. */
function meeting(left: RouteOp<Operator>, right: RouteOp<Operator>): string | undefined {
  const rows = locate(rowsOf(right))
  const { left: lost, reason } = gather(locate(rowsOf(left)), [{ tables: rows, rows }])
  const isEverywhere = !hasTables(left) || !hasTables(right)
  if (lost.length > 0 && !isEverywhere) return undefined
  if (apart([left, right]) !== undefined) return undefined
  return isEverywhere ? 'every shard has the rows of one of them' : reason
}

function both(left: RouteOp<Operator>, right: RouteOp<Operator>): RouteOp<Operator> {
  return {
    ...left,
    tables: [...left.tables, ...right.tables],
    copies: [...left.copies, ...right.copies],
    asksSystem: left.asksSystem || right.asksSystem,
  }
}
