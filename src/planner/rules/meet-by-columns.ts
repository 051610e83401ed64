import { type Group, placeOf, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { equalMeansSameId } from '../semantics/column-type.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/**
 * `a.v = b.v` for all columns of the same vindex: rows that join have the same keyspace id, whatever the values.
 *
 * Holds for inner joins, for the inner side of an outer join by its ON, for correlated subqueries and for IN, and
 * through other columns (`a.v = c.x AND c.x = b.v`), but not through an equal value: see `meetByValue`.
 */
export function meetByColumns(group: Group, member: Member): RuleResult {
  const place = placeOf(member)
  if (place.vindex === undefined) return unchanged('a pinned table has no vindex')
  const facts = member.level.facts({ byColumnsOnly: true })
  const vindex = place.vindex
  const meets = group.places.some(
    (other) =>
      other.vindex === vindex &&
      other.columns.every(
        (column, i) =>
          facts.areEqual(column.key, place.columns[i].key) &&
          equalMeansSameId(column.schema, place.columns[i].schema, vindex.type),
      ),
  )
  return meets
    ? rewrote(withMember(group, place), 'equal columns of one vindex')
    : unchanged('no equality on all columns of one vindex')
}
