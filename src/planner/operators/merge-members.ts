import type { Routing } from '../../plan/plan.ts'
import { beginAnother } from '../rules/begin-another.ts'
import { beginWithRows } from '../rules/begin-with-rows.ts'
import { meetByColumns } from '../rules/meet-by-columns.ts'
import { meetPinned } from '../rules/meet-pinned.ts'
import type { MergeRule } from '../rules/rule.ts'
import type { Member } from '../semantics/analysis.ts'
import { chooseRouting } from './choose-routing.ts'
import type { Group } from './group.ts'

/** All tables of a statement, where they are and with whom. */
export interface Merged {
  readonly keyspace: string
  readonly groups: readonly Group[]
  /** Why several shards cannot answer together; absent where each can answer for its own rows. */
  readonly problem: string | undefined
}

const rulesWithRows: readonly MergeRule[] = [beginWithRows, meetByColumns, meetPinned]
const rulesOfOthers: readonly MergeRule[] = [beginAnother, meetByColumns, meetPinned]

/**
 * Brings the tables with shards of their own into groups, tables of FROM first, until no rule applies any more. Each step
 * takes one table in, so that there are no more steps than tables. One group that began with rows is right on every shard.
 */
export function mergeMembers(members: readonly Member[], keyspace: string): Merged {
  const rows = members.filter((member) => member.role === 'row')
  const dependents = members.filter((member) => member.role === 'dependent')
  const withRows = grow({ keyspace, members: [], places: [] }, rows, rulesWithRows)
  const first = grow(withRows, dependents, rulesWithRows)
  const groups: Group[] = first.members.length === 0 ? [] : [first]
  let left = members.filter((member) => !first.members.includes(member))
  const problem = left.length === 0 ? undefined : describe(left[0])
  while (left.length > 0) {
    const group = grow({ keyspace, members: [], places: [] }, left, rulesOfOthers)
    groups.push(group)
    left = left.filter((member) => !group.members.includes(member))
  }
  return { keyspace, groups, problem }
}

/** Where all of it is: the shards of each group. */
export function routingOf({ keyspace, groups }: Merged): Routing {
  const parts = groups.map(chooseRouting)
  return parts.length === 1 ? parts[0] : { kind: 'Union', keyspace, parts }
}

function grow(group: Group, members: readonly Member[], rules: readonly MergeRule[]): Group {
  const left = members.filter((member) => !group.members.includes(member))
  for (const rule of rules) {
    for (const member of left) {
      const result = rule(group, member)
      if (result.kind === 'rewrote') return grow(result.group, left, rules)
    }
  }
  return group
}

function describe({ origin, instance }: Member): string {
  return `${origin} with table '${instance.table.name}' across shards`
}
