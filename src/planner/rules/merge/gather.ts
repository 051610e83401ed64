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
  const factsOf = new Map<Level, Facts>()
  return tables.map((table) => {
    const { level } = table
    const facts = factsOf.get(level) ?? level.facts({ byColumnsOnly: true })
    factsOf.set(level, facts)
    return { table, site: siteOf(table), facts }
  })
}

/** Tables that are together for each row, and those of which that cannot be said. */
export interface Gathered {
  readonly together: readonly Located[]
  readonly left: readonly Located[]
  /** How the last one came in. */
  readonly reason: string
}

/**
 * Takes tables to those that are together already, one after the other, until none of the others meets any of them. A
 * table meets by what holds for its own rows; where it does, it may be what the next one meets.
 */
export function gather(start: readonly Located[], others: readonly Located[]): Gathered {
  const together = [...start]
  let left = others
  let reason = 'no table with shards of its own'
  for (let found = next(together, left); found !== undefined; found = next(together, left)) {
    const { taken } = found
    together.push(taken)
    reason = found.reason
    left = left.filter((other) => other !== taken)
  }
  return { together, left, reason }
}

/** The first of `left`, in the order of the ways to meet, that is where one of the others is. */
function next(together: readonly Located[], left: readonly Located[]) {
  for (const { reason, meets } of meetings) {
    for (const taken of left) {
      const { site, facts } = taken
      if (site !== undefined && together.some((there) => there.site && meets(there.site, site, facts)))
        return { taken, reason }
    }
  }
  return undefined
}
