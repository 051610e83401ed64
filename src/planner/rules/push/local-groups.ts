import type { BoundSelect } from '../../binding/bound.ts'
import { holdsVindex } from '../../binding/holds-vindex.ts'
import { eachOrRefusal, isRefusal, type Refusal } from '../../refusal.ts'
import { meaningOf } from './meaning-of.ts'

/** Whether the rows of each group lie on one shard: by GROUP BY of a vindex's columns. */
export function hasLocalGroups(block: BoundSelect): boolean | Refusal {
  const { groupBy } = block.ast
  if (groupBy === undefined || groupBy.rollup !== undefined) return false
  const keys = eachOrRefusal(groupBy.items, (item) => meaningOf(item, 'GROUP BY', block))
  return isRefusal(keys) ? keys : holdsVindex(keys, block.scope, block.rows, block.level)
}
