import type { Routing } from '../../plan/routing.ts'
import { type BoundTable, inOrderOfText } from '../binding/bound.ts'
import type { Level } from '../binding/level.ts'
import { alone, gather, type Located, locate } from '../rules/merge/gather.ts'
import { routingOfTables } from '../rules/settle/vindex-routing.ts'

/** Tables in groups that are together; no table: no group. */
interface Together {
  readonly groups: readonly (readonly BoundTable[])[]
  /** The first table that is not where the rows of the answer are. */
  readonly apart: BoundTable | undefined
}

/**
 * Brings tables together, wherever in the statement they are named: first those that are where rows of `level` are, then
 * what is left. Each of the groups may be on another shard; a statement is right on one shard that all of them turn out to
 * be on, be it by their values or because there is no other.
 */
export function bringTogether(tables: readonly BoundTable[], level: Level): Together {
  const located = locate([...tables].sort(inOrderOfText))
  const [first, ...rows] = located.filter(({ table }) => table.level.is(level))
  const others = located.filter(({ table }) => !table.level.is(level))
  const groups: (readonly Located[])[] = []
  if (first !== undefined) {
    const ofRows = gather([first], rows.map(alone)).together
    groups.push(gather(ofRows, others.map(alone)).together)
  }
  let left = without(located, groups.flat())
  const [apart] = left
  for (let [next, ...rest] = left; next !== undefined; [next, ...rest] = left) {
    const { together } = gather([next], rest.map(alone))
    groups.push(together)
    left = without(left, together)
  }
  return { groups: groups.map((group) => group.map(({ table }) => table)), apart: apart?.table }
}

function without(tables: readonly Located[], taken: readonly Located[]): readonly Located[] {
  const gone = new Set(taken)
  return tables.filter((table) => !gone.has(table))
}

/** Where all of it is: the shards of each group. */
export function routingOfGroups({ groups }: Together, level: Level): Routing {
  const parts = groups.map((group) => routingOfTables(group, level))
  return parts.length === 1 ? parts[0] : { kind: 'Union', keyspace: parts[0].keyspace, parts }
}

/** What error 1235 names: the first table that is not where the others are, and its place in the statement. */
export function nameApart({ groups, apart }: Together, placeOf = ({ origin }: BoundTable) => origin): string {
  const table = apart ?? groups[0][0]
  return `${placeOf(table)} with table '${table.instance.table.name}' across shards`
}
