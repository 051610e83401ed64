import { printRouting } from '../../../plan/print-parts.ts'
import type { Routing } from '../../../plan/routing.ts'
import { isNeverTrue } from '../../binding/facts-of.ts'
import { anyShard, oneShard } from '../../one-shard.ts'
import type { Operator } from '../../operators/operator.ts'
import { keyspacesOf, type RouteOp } from '../../operators/route.ts'
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
  if (route.tables.length > 0) return routingOfTables(route.tables, route.level)
  const keyspaces = keyspacesOf([route])
  if (keyspaces === undefined) return anyShard(context)
  return oneShard(keyspaces.find((name) => name === context.defaultKeyspace) ?? keyspaces[0], context)
}

/** Route(Filter(x)) asks no shard for rows when no row can fulfil the condition; one of them tells the columns. */
export function askNoShard(route: RouteOp<Operator>): RuleResult {
  const { routing, tables, input } = route
  if (routing === undefined || routing.kind === 'None') return unchanged('there is nothing to save')
  if (tables.length === 0 || !isEmpty(input)) return unchanged('some row may fulfil its condition')
  const { keyspace } = routing
  return rewrote({ ...route, routing: { kind: 'None', keyspace } }, 'no row fulfils its condition')
}

function isEmpty(rows: Operator): boolean {
  switch (rows.kind) {
    case 'Filter':
      return rows.clause === 'WHERE' ? isNeverTrue(rows.condition) : isEmpty(rows.input)
    case 'Apply':
      return isEmpty(rows.input)
    default:
      return false
  }
}
