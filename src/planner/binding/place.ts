import type { Cte, With } from '../../sql/ast.ts'
import type { Table } from '../../vschema/model.ts'
import type { PlanContext } from '../plan-context.ts'
import { hasShardsOfItsOwn } from './find-table.ts'
import { Level } from './level.ts'
import type { Scope } from './scope.ts'
import type { TableInstance } from './source.ts'
import { unplanned } from './unplanned.ts'

/** Where a query stands, and what can be named there. */
export interface Place {
  readonly counters: Counters
  readonly context: PlanContext
  readonly level: Level
  readonly outer: Scope | undefined
  readonly ctes: Ctes
  readonly origin: string
  /** An outer join may fill the rows with NULLs. */
  readonly nullExtended: boolean
  /** Views in FROM are what is written. */
  readonly writesViews?: boolean
  /** How many queries are around it. */
  readonly depth: number
}

/** A CTE where it is known; `recursive`: within itself. */
interface KnownCte {
  readonly cte: Cte
  readonly ctes: Ctes
  readonly recursive: boolean
}
type Ctes = ReadonlyMap<string, KnownCte>

export function rootPlace(context: PlanContext): Place {
  return {
    counters: new Counters(),
    context,
    level: new Level(),
    outer: undefined,
    ctes: new Map(),
    origin: 'FROM',
    nullExtended: false,
    depth: 0,
  }
}

/**
 * Trees of operators are some nine times as deep as queries are nested, and are walked recursively. MySQL has 63 (error
 * 1473), but tables of WITH, which are bound where they are named, do not count there.
 */
const DEPTH_MAX = 128

/** The place of a query inside of another one. */
export function within(place: Place, changes: Partial<Place>): Place {
  if (place.depth >= DEPTH_MAX) unplanned(`a query inside of more than ${DEPTH_MAX} others`)
  return { ...place, depth: place.depth + 1, ...changes }
}

/** The scope of rows without columns at the place. */
export function scopeAround(place: Place): Scope {
  return { sources: [], merged: new Set(), ...(place.outer && { outer: place.outer }) }
}

/** What the names of a WITH clause, added to those around, stand for. */
export function withCtes(clause: With | undefined, place: Place): Ctes {
  if (clause === undefined) return place.ctes
  const ctes = new Map(place.ctes)
  for (const cte of clause.tables) {
    place.counters.countCte()
    const known = new Map(ctes)
    if (clause.recursive) known.set(cte.name, { cte, ctes: known, recursive: true })
    ctes.set(cte.name, { cte, ctes: known, recursive: false })
  }
  return ctes
}

/**
 * References to tables of WITH, each of which is bound anew: when a table of WITH names the one before it twice, and so
 * on, the work doubles with each. Far above what people write.
 */
const CTE_REFERENCES_MAX = 300

/** Finding who is together with whom takes more than linear time: 1,000 tables take well below a second. */
const TABLES_MAX = 1000

/** What is counted over a whole statement. */
class Counters {
  #instances = 0
  #placed = 0
  #cteReferences = 0

  createInstance(table: Table, nullExtended: boolean): TableInstance {
    this.#instances++
    if (hasShardsOfItsOwn(table)) this.#placed++
    if (this.#placed > TABLES_MAX) unplanned(`more than ${TABLES_MAX} tables with shards of their own`)
    return { id: this.#instances, table, nullExtended }
  }

  /** A table of WITH is named once more, or defined. */
  countCte(): void {
    this.#cteReferences++
    if (this.#cteReferences > CTE_REFERENCES_MAX)
      unplanned(`WITH whose tables are named more than ${CTE_REFERENCES_MAX} times`)
  }
}
