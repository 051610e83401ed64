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

/** As above; undefined for a table that is not known here. */
export function schemaColumnOf(table: string): string | undefined {
  return SCHEMA_COLUMNS.get(table.toLowerCase())
}

/** What a shard counts and measures of its own part of a table: one server would have the sum, or the last of the dates. */
const PART_COLUMNS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'tables',
    set(
      'table_rows avg_row_length data_length max_data_length index_length data_free auto_increment create_time update_time check_time checksum max_index_length',
    ),
  ],
  [
    'partitions',
    set(
      'table_rows avg_row_length data_length max_data_length index_length data_free create_time update_time check_time checksum',
    ),
  ],
  ['statistics', set('cardinality')],
])

function set(names: string): ReadonlySet<string> {
  return new Set(names.split(' '))
}

/** The columns, in lower case, of a table of information_schema whose values are only those of one shard. */
export function partColumnsOf(table: string): ReadonlySet<string> | undefined {
  return PART_COLUMNS.get(table.toLowerCase())
}

/** Tables of the clients that are connected: each has a row for itself. In lower case. */
const SESSION_TABLES: ReadonlySet<string> = new Set([
  'information_schema.processlist',
  'performance_schema.processlist',
  'performance_schema.threads',
])

export function isSessionTable(schema: string, table: string): boolean {
  return SESSION_TABLES.has(`${schema}.${table}`.toLowerCase())
}

/** Whether no one server has all of the table's rows that one server with all keyspaces for databases would have. */
export function isCatalogueTable(schema: string, table: string): boolean {
  if (isSessionTable(schema, table)) return true
  return schema.toLowerCase() === 'information_schema' && (schemaColumnOf(table) ?? '') !== ''
}
