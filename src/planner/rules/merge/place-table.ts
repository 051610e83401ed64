import { functionalVindex } from '../../binding/vindexes.ts'
import { routeOver } from '../../operators/route.ts'
import type { TableOp } from '../../operators/table.ts'
import { type RuleResult, rewrote } from '../rule.ts'

/** Table -> Route(Table): each shard has its own rows of it, or any shard has them all. */
export function placeTable(op: TableOp): RuleResult {
  return rewrote(routeOver(op), reasonOf(op))
}

function reasonOf({ bound }: TableOp): string {
  if (bound.kind === 'Unplaced') return 'every server has these rows'
  const { table } = bound.instance
  if (table.pinned !== undefined) return 'its rows are on the shard it is pinned to'
  if (!table.sharded) return 'its keyspace has one shard'
  if (table.type === 'reference') return 'each shard has a copy'
  const vindex = functionalVindex(table)
  return vindex === undefined ? 'its rows are on shards' : `vindex ${vindex.name} says where its rows are`
}
