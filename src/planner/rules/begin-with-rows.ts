import { type Group, withMember } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'
import { type RuleResult, rewrote, unchanged } from './rule.ts'

/**
 * An empty group takes the first table whose rows are in the answer: each shard answers for its own rows of it.
 */
export function beginWithRows(group: Group, member: Member): RuleResult {
  if (group.members.length > 0) return unchanged('the group has a place already')
  if (member.role !== 'row') return unchanged('several shards would each answer for the same row')
  return rewrote(withMember(group, member), 'the first table decides where the others must be')
}
