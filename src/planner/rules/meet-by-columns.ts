import { type Group, placeOf, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { equalMeansSameId } from '../semantics/column-type.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/**
 * `a.v = b.v` for all columns of the same vindex: rows that join have the same keyspace id, whatever the values.
 *
 * Holds for inner joins, for the inner side of an outer join by its ON, for correlated subqueries and for IN, and
 * through other columns (`a.v = c.x AND c.x = b.v`). It does not hold through an equal value: `a.v = 5 AND b.v = 5` may
 * be true of rows on several shards where `=` takes more than one value for 5.
 */
export function meetByColumns(group: Group, member: Member): RuleResult {
  const { vindex, columns } = placeOf(member)
  if (vindex === undefined) return unchanged('a pinned table has no vindex')
  const facts = member.level.facts({ byColumnsOnly: true })
  const meets = group.places.some(
    (other) =>
      other.vindex === vindex &&
      other.columns.every(
        (column, i) =>
          facts.areEqual(column.key, columns[i].key) &&
          equalMeansSameId(column.schema, columns[i].schema, vindex.type),
      ),
  )
  if (!meets) return unchanged('no equality on all columns of one vindex')
  return rewrote(withMember(group, member), 'equal columns of one vindex')
}
