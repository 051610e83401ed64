import type { Routing } from '../../plan/routing.ts'
import { beginAnother } from '../rules/begin-another.ts'
import { beginWithRows } from '../rules/begin-with-rows.ts'
import { meetByColumns } from '../rules/meet-by-columns.ts'
import { meetPinned } from '../rules/meet-pinned.ts'
import type { MergeRule } from '../rules/rule.ts'
import type { Member } from '../semantics/analysis.ts'
import { unplanned } from '../unplanned.ts'
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

/** Each table is tried with each that is left, at each step: 1,000 of them take about a second. */
const MEMBERS_MAX = 1000

/**
 * Brings the tables with shards of their own into groups, tables of FROM first, until no rule applies any more. Each step
 * takes one table in, so that there are no more steps than tables. One group that began with rows is right on every shard.
 */
export function mergeMembers(members: readonly Member[], keyspace: string): Merged {
  if (members.length > MEMBERS_MAX) unplanned(`more than ${MEMBERS_MAX} tables with shards of their own`)
  const rows = members.filter((member) => member.role === 'row')
  const dependents = members.filter((member) => member.role === 'dependent')
  const withRows = grow({ keyspace, members: [], places: [] }, rows, rulesWithRows)
  const first = grow(withRows, dependents, rulesWithRows)
  const groups: Group[] = first.members.length === 0 ? [] : [first]
  let left = without(members, first)
  const problem = left.length === 0 ? undefined : describe(left[0])
  while (left.length > 0) {
    const group = grow({ keyspace, members: [], places: [] }, left, rulesOfOthers)
    groups.push(group)
    left = without(left, group)
  }
  return { keyspace, groups, problem }
}

/** Where all of it is: the shards of each group. */
export function routingOf({ keyspace, groups }: Merged): Routing {
  const parts = groups.map(chooseRouting)
  return parts.length === 1 ? parts[0] : { kind: 'Union', keyspace, parts }
}

function grow(start: Group, members: readonly Member[], rules: readonly MergeRule[]): Group {
  let group = start
  for (let left = without(members, group); ; left = without(left, group)) {
    const larger = takeOne(group, left, rules)
    if (larger === undefined) return group
    group = larger
  }
}

function takeOne(group: Group, left: readonly Member[], rules: readonly MergeRule[]): Group | undefined {
  for (const rule of rules) {
    for (const member of left) {
      const result = rule(group, member)
      if (result.kind === 'rewrote') return result.group
    }
  }
  return undefined
}

function without(members: readonly Member[], group: Group): readonly Member[] {
  const taken = new Set(group.members)
  return members.filter((member) => !taken.has(member))
}

function describe({ origin, instance }: Member): string {
  return `${origin} with table '${instance.table.name}' across shards`
}
