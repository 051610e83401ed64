import { type Group, placeOf, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/** Tables that are pinned to one keyspace id are on one shard, all of them. */
export function meetPinned(group: Group, member: Member): RuleResult {
  const place = placeOf(member)
  if (place.vindex !== undefined) return unchanged('the table is not pinned')
  const meets = group.places.some(
    (other) => other.vindex === undefined && other.columns[0].key === place.columns[0].key,
  )
  return meets
    ? rewrote(withMember(group, member), 'pinned to one keyspace id')
    : unchanged('pinned elsewhere')
}
