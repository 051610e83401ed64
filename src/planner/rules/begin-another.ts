import { type Group, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/**
 * A table that meets no other begins a group of its own. The statement is then right on one shard only: on the one
 * that all groups turn out to be on, be it by their values or because there is no other.
 */
export function beginAnother(group: Group, member: Member): RuleResult {
  if (group.members.length > 0) return unchanged('the group has a place already')
  return rewrote(withMember(group, member), 'nothing says that the table is where the others are')
}
