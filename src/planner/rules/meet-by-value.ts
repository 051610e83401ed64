import { type Group, type GroupPlace, placeOf, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { sameKind } from '../semantics/column-type.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/**
 * `a.v = 5 AND b.v = 5`, or two tables pinned to one keyspace id: all rows that count are at one place.
 *
 * Which place is known only when the value maps surely to one keyspace id; otherwise the statement would go to all
 * shards, where rows that belong together need not meet. So such a group is only right on a single shard.
 */
export function meetByValue(group: Group, member: Member): RuleResult {
  const place = placeOf(member)
  if (place.columns.some((column) => column.values.length === 0))
    return unchanged('not all vindex columns have a value')
  const meets = group.places.length === 0 || group.places.some((other) => sharesValues(other, place))
  return meets
    ? rewrote(withMember(group, place, { singleShardOnly: true }), 'one value for the same vindex')
    : unchanged('no value in common with a table of the group')
}

function sharesValues(a: GroupPlace, b: GroupPlace): boolean {
  return (
    a.vindex === b.vindex &&
    a.columns.every(
      (column, i) =>
        sameKind(column.schema, b.columns[i].schema) &&
        column.values.some((value) => b.columns[i].values.includes(value)),
    )
  )
}
