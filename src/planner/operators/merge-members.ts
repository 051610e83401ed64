import { beginWithRows } from '../rules/begin-with-rows.ts'
import { meetByColumns } from '../rules/meet-by-columns.ts'
import { meetByValue } from '../rules/meet-by-value.ts'
import type { MergeRule } from '../rules/rule.ts'
import type { Member } from '../semantics/analysis.ts'
import { unplanned } from '../unplanned.ts'
import type { Group } from './group.ts'

/** In this order: a group that is right on all shards is better than one that is right on one. */
const rules: readonly MergeRule[] = [beginWithRows, meetByColumns, meetByValue]

/**
 * Brings all tables with shards of their own into one group, tables of FROM first, until no rule applies any more. Each
 * pass takes one table in or ends, so that there are no more passes than tables. Throws Unplanned for tables that are left.
 */
export function mergeMembers(members: readonly Member[], keyspace: string): Group {
  const rows = members.filter((member) => member.role === 'row')
  const dependents = members.filter((member) => member.role === 'dependent')
  const empty: Group = { keyspace, members: [], places: [], singleShardOnly: false }
  return mergeAll(mergeAll(empty, rows), dependents)
}

function mergeAll(group: Group, members: readonly Member[]): Group {
  let at = group
  let left = members
  while (left.length > 0) {
    const step = mergeOne(at, left)
    if (step === undefined) return unplanned(describe(left[0]))
    at = step.group
    left = left.filter((member) => member !== step.member)
  }
  return at
}

function mergeOne(group: Group, members: readonly Member[]): { group: Group; member: Member } | undefined {
  for (const rule of rules) {
    for (const member of members) {
      const result = rule(group, member)
      if (result.kind === 'rewrote') return { group: result.group, member }
    }
  }
  return undefined
}

function describe({ origin, instance }: Member): string {
  return `${origin} with table '${instance.table.name}' across shards`
}
