import type { Group } from '../operators/group.ts'
import type { Member } from '../semantics/analysis.ts'

export type RuleResult =
  | { readonly kind: 'rewrote'; readonly group: Group; readonly reason: string }
  | { readonly kind: 'unchanged'; readonly reason: string }

/** Takes a table into a group of tables that meet on one shard, or says why not. */
export type MergeRule = (group: Group, member: Member) => RuleResult

export function rewrote(group: Group, reason: string): RuleResult {
  return { kind: 'rewrote', group, reason }
}

export function unchanged(reason: string): RuleResult {
  return { kind: 'unchanged', reason }
}
