import type { Statement, TableName } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { visit } from '../sql/visit.ts'
import { fold } from './fold.ts'

/** The column of each table of information_schema that names the schema of its rows; '' where a row belongs to none. */
const SCHEMA_COLUMNS: ReadonlyMap<string, string> = new Map([
  ...columns('table_schema', 'tables columns views statistics key_column_usage table_constraints partitions'),
  ...columns('table_schema', 'tables_extensions columns_extensions view_table_usage view_routine_usage'),
  ...columns('table_schema', 'st_geometry_columns periods key_period_usage system_versions'),
  ...columns('schema_name', 'schemata schemata_extensions column_statistics'),
  ...columns('constraint_schema', 'referential_constraints check_constraints table_constraints_extensions'),
  ...columns('routine_schema', 'routines routine_libraries'),
  ...columns('specific_schema', 'parameters'),
  ...columns('trigger_schema', 'triggers'),
  ...columns('event_schema', 'events'),
  ...columns('library_schema', 'libraries'),
  ...columns('sequence_schema', 'sequences'),
  ...columns('f_table_schema', 'geometry_columns'),
  ...columns('', 'character_sets collations collation_character_set_applicability engines plugins keywords'),
  ...columns('', 'st_spatial_reference_systems st_units_of_measure resource_groups all_plugins locales'),
  ...columns('', 'global_status global_variables session_status session_variables system_variables'),
  ...columns('', 'sql_functions spatial_ref_sys optimizer_costs'),
])

function columns(column: string, tables: string): (readonly [table: string, column: string])[] {
  return tables.split(' ').map((table) => [table, column] as const)
}

/** A text may concern information_schema: what others cost is this test. */
export function mayNameInformationSchema(sql: string, defaultSchema: string): boolean {
  return defaultSchema.toLowerCase() === INFORMATION_SCHEMA || /information_schema/i.test(sql)
}

const INFORMATION_SCHEMA = 'information_schema'

/**
 * The statement with only those rows of information_schema that are of the given schemas: each of its tables becomes a
 * query of it. Undefined where that cannot be done: a table that is not known here, or where no query may stand.
 */
export function withOwnSchemas(
  sql: string,
  statement: Statement,
  { schemas, defaultSchema }: { readonly schemas: readonly string[]; readonly defaultSchema: string },
): string | undefined {
  const named = tablesOf(statement).filter(
    ({ qualifier }) => fold(qualifier ?? defaultSchema) === INFORMATION_SCHEMA,
  )
  const queries = new Map<TableName, string>()
  visit(statement, (node) => {
    if (node.kind !== 'Table' || !named.includes(node.name)) return undefined
    const query = queryOf(node.name, schemas)
    const alias = node.alias === undefined ? ` AS ${quote(node.name.name)}` : ''
    if (query !== undefined) queries.set(node.name, `${query}${alias}`)
    return undefined
  })
  if (queries.size < named.length) return undefined
  let text = sql
  for (const [{ span }, query] of [...queries].sort(([a], [b]) => b.span.start - a.span.start))
    text = text.slice(0, span.start) + query + text.slice(span.end)
  return text
}

function queryOf({ name }: TableName, schemas: readonly string[]): string | undefined {
  const column = SCHEMA_COLUMNS.get(name.toLowerCase())
  if (column === undefined) return undefined
  const list = schemas.map((schema) => `'${schema.replaceAll("'", "''")}'`).join(', ')
  // An expression: a comparison of the column itself would say which keyspace the client asks about.
  const where = column === '' ? '' : ` WHERE CONCAT(${column}) IN (${list})`
  return `(SELECT * FROM ${INFORMATION_SCHEMA}.${quote(name)}${where})`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
