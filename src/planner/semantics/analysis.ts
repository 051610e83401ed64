import { SqlError } from '../../errors/sql-error.ts'
import type { TableName } from '../../sql/ast.ts'
import type { Table } from '../../vschema/model.ts'
import { resolutionError } from '../../vschema/resolution-error.ts'
import type { PlanContext } from '../plan-context.ts'
import { unplanned } from '../unplanned.ts'
import type { Level } from './equalities.ts'
import type { TableInstance } from './source.ts'

/**
 * A table instance whose rows lie on certain shards.
 *
 * `row`: each row of the answer holds one of its rows, so that shards may answer one by one. `dependent`: it is looked
 * at from a row of the answer (inner side of an outer join, subquery) or as a whole (LIMIT in a derived table): all of
 * its rows that count must be where that row is.
 */
export interface Member {
  readonly instance: TableInstance
  readonly level: Level
  readonly role: 'row' | 'dependent'
  /** What error 1235 names when the table cannot be brought together with the others. */
  readonly origin: string
}

/** Keyspaces that can give all rows of a table which has no shard of its own. */
export interface Everywhere {
  readonly keyspaces: ReadonlySet<string>
  readonly table: Table
}

const systemSchemas: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
])

export function isSystemSchema(name: string | undefined): boolean {
  return name !== undefined && systemSchemas.has(name.toLowerCase())
}

/** MySQL's own bound, for one FROM: finding the shards takes more than linear time in the number of tables. */
const JOINED_TABLES_MAX = 61

export function checkTableCount(tables: readonly unknown[]): void {
  if (tables.length <= JOINED_TABLES_MAX) return
  throw new SqlError(
    'ER_TOO_MANY_TABLES',
    `Too many tables; MySQL can only use ${JOINED_TABLES_MAX} tables in a join`,
  )
}

/**
 * References to tables of WITH, each of which is analysed anew: when a table of WITH names the one before it twice, and
 * so on, the work doubles with each. Far above what people write.
 */
const CTE_REFERENCES_MAX = 300

/** The tables of one statement, as they are met. */
export class Analysis {
  readonly context: PlanContext
  readonly everywhere: Everywhere[] = []
  /** Names a table of information_schema or its kin. */
  hasSystemTable = false
  /** A subquery holds an aggregate of columns of the query around it, which belongs to that query. */
  hasOuterAggregate = false
  #instances = 0
  #cteReferences = 0

  constructor(context: PlanContext) {
    this.context = context
  }

  /** The table of that name; undefined for a system table. Throws SqlError when there is none. */
  findTable(name: TableName): Table | undefined {
    const keyspace = keyspaceOf(name, this.context)
    if (isSystemSchema(keyspace)) {
      this.hasSystemTable = true
      return undefined
    }
    return findTable(name, this.context)
  }

  createInstance(table: Table, nullExtended: boolean): TableInstance {
    this.#instances++
    return { id: this.#instances, table, nullExtended }
  }

  /** A table of WITH is named once more, or defined. */
  countCte(): void {
    this.#cteReferences++
    if (this.#cteReferences > CTE_REFERENCES_MAX)
      unplanned(`WITH whose tables are named more than ${CTE_REFERENCES_MAX} times`)
  }
}

export function keyspaceOf(name: TableName, context: PlanContext): string | undefined {
  const { qualifier } = name
  if (qualifier === undefined) return context.defaultKeyspace
  if (/[:@[/]/.test(qualifier)) unplanned(`a target in the name of a table ('${qualifier}')`)
  return qualifier
}

export function findTable(name: TableName, context: PlanContext): Table {
  const found = context.vschema.findTable(keyspaceOf(name, context), name.name, context.tabletType)
  if (found.kind !== 'found') throw resolutionError(found)
  const { table } = found
  const keyspace = context.vschema.keyspaces.get(table.keyspace)
  if (keyspace?.error !== undefined) throw resolutionError({ kind: 'broken', message: keyspace.error })
  return table
}

/** The table's rows lie on shards by a vindex, or all on one shard of a sharded keyspace. */
export function hasShardsOfItsOwn(table: Table): boolean {
  return table.sharded && (table.type !== 'reference' || table.pinned !== undefined)
}

export function keyspacesWith(table: Table): ReadonlySet<string> {
  return new Set([
    table.keyspace,
    ...[...table.referencedBy].flatMap(([keyspace, copy]) => (copy.name === table.name ? [keyspace] : [])),
  ])
}
