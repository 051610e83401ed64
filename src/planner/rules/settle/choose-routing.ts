import { printRouting } from '../../../plan/print-parts.ts'
import type { Routing } from '../../../plan/routing.ts'
import { anyShard, oneShard } from '../../one-shard.ts'
import type { Operator } from '../../operators/operator.ts'
import { hasTables, keyspacesOf, type RouteOp } from '../../operators/route.ts'
import type { PlanContext } from '../../plan-context.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { routingOfTables } from './vindex-routing.ts'

/** Route(x) -> Route(x) to the shards that can hold its rows. */
export function chooseRouting(route: RouteOp<Operator>, context: PlanContext): RuleResult {
  if (route.routing !== undefined) return unchanged('its shards are chosen')
  const routing = routingOf(route, context)
  return rewrote({ ...route, routing }, printRouting(routing))
}

function routingOf(route: RouteOp<Operator>, context: PlanContext): Routing {
  if (hasTables(route)) return routingOfTables(route.tables, route.level)
  const keyspaces = keyspacesOf([route])
  if (keyspaces === undefined) return anyShard(context)
  return oneShard(keyspaces.find((name) => name === context.defaultKeyspace) ?? keyspaces[0], context)
}
