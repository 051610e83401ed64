import { isNeverTrue } from '../../binding/facts-of.ts'
import type { Operator } from '../../operators/operator.ts'
import { hasTables, type RouteOp } from '../../operators/route.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Route(Filter(x)) asks no shard for rows when no row can fulfil the condition; one of them tells the columns. */
export function askNoShard(route: RouteOp<Operator>): RuleResult {
  const { routing, input } = route
  if (routing === undefined || routing.kind === 'None') return unchanged('there is nothing to save')
  if (!hasTables(route) || !isEmpty(input)) return unchanged('some row may fulfil its condition')
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
