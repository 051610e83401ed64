import type { BoundTable } from '../../binding/bound.ts'
import type { Facts, Level } from '../../binding/level.ts'
import { meetings, type Site, siteOf } from './site.ts'

/** A table, where its rows are, and what holds for each of them. */
export interface Located {
  readonly table: BoundTable
  readonly site: Site | undefined
  readonly facts: Facts
}

export function locate(tables: readonly BoundTable[]): readonly Located[] {
  return tables.map(located)
}

/** Asked of a table again and again while a tree is rewritten; nothing is added to a level once it is bound. */
const locations = new WeakMap<BoundTable, Located>()
const factsOf = new WeakMap<Level, Facts>()

function located(table: BoundTable): Located {
  const known = locations.get(table)
  if (known !== undefined) return known
  const { level } = table
  const facts = factsOf.get(level) ?? level.facts({ byColumnsOnly: true })
  factsOf.set(level, facts)
  const location = { table, site: siteOf(table), facts }
  locations.set(table, location)
  return location
}

/** Tables that are together already; where the rows of one of `rows` are, the others have theirs. */
interface Party {
  readonly tables: readonly Located[]
  readonly rows: readonly Located[]
}

export function alone(table: Located): Party {
  return { tables: [table], rows: [table] }
}

/** Tables that are together for each row, and those of which that cannot be said. */
export interface Gathered {
  readonly together: readonly Located[]
  readonly left: readonly Party[]
  /** How the last ones came in. */
  readonly reason: string
}

/**
 * Takes tables to those that are together already, one party after the other, until none of the others meets any of them.
 * A table meets by what holds for its own rows; where it does, it may be what the next one meets.
 */
export function gather(start: readonly Located[], parties: readonly Party[]): Gathered {
  const together = [...start]
  let left = parties
  let reason = 'no table with shards of its own'
  for (let found = next(together, left); found !== undefined; found = next(together, left)) {
    const { taken } = found
    together.push(...taken.tables)
    reason = found.reason
    left = left.filter((party) => party !== taken)
  }
  return { together, left, reason }
}

/** The first of `left`, in the order of the ways to meet, that is where one of the others is. */
function next(together: readonly Located[], left: readonly Party[]) {
  for (const { reason, meets } of meetings) {
    const isThere = ({ site, facts }: Located) =>
      site !== undefined && together.some((there) => there.site && meets(there.site, site, facts))
    const taken = left.find(({ rows }) => rows.some(isThere))
    if (taken !== undefined) return { taken, reason }
  }
  return undefined
}
