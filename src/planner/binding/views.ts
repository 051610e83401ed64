import { SqlError } from '../../errors/sql-error.ts'
import type { Query } from '../../sql/ast.ts'
import { parseStatement } from '../../sql/parse.ts'
import { DEFAULT_SQL_MODE, NO_BACKSLASH_ESCAPES } from '../../sql/sql-mode.ts'
import { rewrite } from '../../sql/visit.ts'
import type { Table } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { PlanContext } from '../plan-context.ts'
import { type Refusal, refused } from '../refusal.ts'
import { unplanned } from './unplanned.ts'

/** A view over several shards: each shard's own shows what its query makes of the rows of that shard. */
export interface View {
  readonly table: Table
  /** In the order of the query's. */
  readonly columns: readonly string[]
  /** Its query as new nodes, for each place is another one; tables have their keyspaces in front. Throws Unplanned for one that cannot be read. */
  query(): Query
}

/** Undefined for a table, and for a view of an unsharded keyspace, whose server answers for it. */
export function viewOf(table: Table, context: PlanContext): View | undefined {
  const { live, sharded } = table
  if (!sharded || live?.view === undefined) return undefined
  const columns = live.columns.map(({ name }) => name)
  return { table, columns, query: () => queryOf(table, context) }
}

/** The view can be written: it lies where its table does, and no foreign keys over shards would have to be followed. */
export function isPlacedView({ columnVindexes, shows }: Table): boolean {
  return columnVindexes.length > 0 && shows?.table.foreignKeys === undefined
}

/** Why rows cannot be put into it; undefined where they can, and for a table. `table` has its `shownSequence`. */
export function refusalOfView(verb: string, table: Table, context: PlanContext): Refusal | undefined {
  if (viewOf(table, context) !== undefined && !isPlacedView(table))
    return refused(`${verb} into view '${table.name}' of a sharded keyspace`)
  const counted = table.shows?.table.autoIncrement
  if (counted === undefined || table.autoIncrement !== undefined) return undefined
  return refused(
    `${verb} into view '${table.name}', which leaves out '${counted.column}', a column with a sequence`,
  )
}

/** A view has the sequence of the column that it shows. */
export function shownSequence(table: Table): Table {
  const counted = table.shows?.table.autoIncrement
  const column = counted && table.shows?.nameOf(counted.column)
  return column === undefined ? table : { ...table, autoIncrement: { ...counted!, column } }
}

function queryOf({ name, keyspace, live }: Table, context: PlanContext): Query {
  const { query: text, database } = live!.view!
  if (text === '') unplanned(`view '${name}', whose query the account may not read (it needs SHOW VIEW)`)
  // Texts in it would mean something else where they are written down again.
  if (text.includes('\\') && ((context.sqlMode ?? 0) & NO_BACKSLASH_ESCAPES) !== 0)
    unplanned(`view '${name}' under NO_BACKSLASH_ESCAPES`)
  const query = parsed(text, context)
  if (query === undefined) unplanned(`view '${name}', whose query is not understood`)
  const keyspaceOf = (qualifier: string): string => {
    if (isSystemSchema(qualifier)) return qualifier
    if (qualifier === database) return keyspace
    const found = [...context.vschema.keyspaces.keys()].find(
      (each) => context.databaseName(each) === qualifier,
    )
    return found ?? unplanned(`view '${name}', which names database '${qualifier}'`)
  }
  return rewrite(query, (node) => {
    if (node.kind === 'TableName' && node.qualifier !== undefined)
      return { ...node, qualifier: keyspaceOf(node.qualifier) }
    if ((node.kind === 'Column' || node.kind === 'Star') && node.qualifiers.length > 1)
      return { ...node, qualifiers: [keyspaceOf(node.qualifiers[0]!), ...node.qualifiers.slice(1)] }
    return undefined
  })
}

/** Undefined for what is no query here: the servers have syntax that we do not know. */
function parsed(text: string, { serverVersion = 0 }: PlanContext): Query | undefined {
  try {
    const statement = parseStatement(text, { mode: DEFAULT_SQL_MODE, serverVersion, allowParams: false })
    switch (statement.kind) {
      case 'Select':
      case 'SetOperation':
      case 'NestedQuery':
      case 'ValuesQuery':
      case 'TableQuery':
        return statement
      default:
        return undefined
    }
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}
