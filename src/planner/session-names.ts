/** Functions of the session, by their name and those that mean the same. */
export const sessionFunctions: ReadonlyMap<string, string> = new Map([
  ['last_insert_id', 'last_insert_id'],
  ['found_rows', 'found_rows'],
  ['row_count', 'row_count'],
  ['database', 'database'],
  ['schema', 'database'],
  ['connection_id', 'connection_id'],
  ['user', 'user'],
  ['session_user', 'user'],
  ['system_user', 'user'],
  ['current_user', 'current_user'],
])

export const sessionVariables: ReadonlyMap<string, string> = new Map([
  ['autocommit', 'autocommit'],
  ['last_insert_id', 'last_insert_id'],
  ['identity', 'last_insert_id'],
  ['warning_count', 'warning_count'],
  ['error_count', 'error_count'],
  // vtgate's
  ...[
    'client_found_rows',
    'ddl_strategy',
    'enable_system_settings',
    'migration_context',
    'query_timeout',
    'read_after_write_gtid',
    'read_after_write_timeout',
    'session_uuid',
    'skip_query_plan_cache',
    'transaction_mode',
    'transaction_timeout',
    'workload',
  ].map((name) => [name, name] as const),
])

/** Types of what would else be as short as its digits. */
export const sessionIntegers: ReadonlyMap<string, 'SIGNED' | 'UNSIGNED'> = new Map([
  ['last_insert_id', 'UNSIGNED'],
  ['connection_id', 'UNSIGNED'],
  ['found_rows', 'SIGNED'],
  ['row_count', 'SIGNED'],
])
