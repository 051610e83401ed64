import type { Denial } from '../plan/needs.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { fold } from './fold.ts'
import { words } from './words.ts'

/** What drivers and tools read of schema mysql: none of it tells of accounts. */
const MYSQL_READABLE = words(`
  help_category help_keyword help_relation help_topic time_zone time_zone_leap_second time_zone_name
  time_zone_transition time_zone_transition_type
`)

/** Nothing in these is of another session, of an account or of the servers' files. */
const PERFORMANCE_SCHEMA_READABLE = words(`
  global_status global_variables session_account_connect_attrs session_status session_variables
  variables_info variables_metadata
`)

const SYS_READABLE: ReadonlySet<string> = new Set([
  'schema_auto_increment_columns',
  'schema_object_overview',
  'schema_redundant_indexes',
  'version',
  'x$schema_flattened_keys',
])

/** Helpers that compute with their arguments alone. */
const SYS_FUNCTIONS = words(`
  extract_schema_from_file_name extract_table_from_file_name format_bytes format_path format_statement
  format_time list_add list_drop quote_identifier version_major version_minor version_patch
`)

/** Statements, transactions and pages of others: MySQL wants PROCESS for them, MariaDB shows them to the same account. */
const OF_OTHERS =
  /^(processlist|files|innodb_.*|metadata_lock_info|thread_pool_.*|xtradb_.*|tokudb_.*|rocksdb_.*|wsrep_.*|query_response_time.*|(user|client|table|index)_statistics|query_cache_info|disks|user_variables|feedback|spider_.*|keycaches|mroonga_.*|server_audit.*|optimizer_trace|profiling|s3_.*|tp_.*|mysql_firewall_.*|connection_control_.*|ndb.*|.*masking.*|audit_.*)$/

/** Accounts and their privileges: those of the account with which the proxy is there. */
const OF_ACCOUNTS =
  /^(user_attributes|.*_privileges|.*_roles?|role_.*_grants|administrable_role_authorizations)$/

/** Why an ordinary user may not read a table of a system schema; undefined: may. Names as they were written. */
export function denialOfRead(schema: string, table: string): Denial | undefined {
  const denied: Denial = { kind: 'Table', command: 'SELECT', schema, table }
  const name = fold(table)
  switch (fold(schema)) {
    case 'information_schema':
      // None of the servers' own; what the server makes of it is not known here.
      if (/[^\x21-\x7e]/.test(name)) return denied
      if (OF_OTHERS.test(name)) return { kind: 'Privilege', privileges: 'PROCESS' }
      return OF_ACCOUNTS.test(name) ? denied : undefined
    case 'mysql':
      return MYSQL_READABLE.has(name) ? undefined : denied
    case 'performance_schema':
      return PERFORMANCE_SCHEMA_READABLE.has(name) ? undefined : denied
    case 'sys':
      return SYS_READABLE.has(name) ? undefined : denied
    default:
      return undefined
  }
}

/** Why an ordinary user may not change a table of a system schema; undefined for any other schema. */
export function denialOfWrite(schema: string, table: string, command: string): Denial | undefined {
  if (!isSystemSchema(fold(schema))) return undefined
  // Of performance_schema, too, nobody makes tables.
  const isOnlyServers = fold(schema) === 'performance_schema' && command === 'CREATE'
  return isOnlyServers || fold(schema) === 'information_schema'
    ? { kind: 'Database', database: schema }
    : { kind: 'Table', command, schema, table }
}

/** Why an ordinary user may not call a routine of a system schema. */
export function denialOfCall(schema: string, routine: string): Denial | undefined {
  if (!isSystemSchema(fold(schema))) return undefined
  if (fold(schema) === 'sys' && SYS_FUNCTIONS.has(fold(routine))) return undefined
  return { kind: 'Routine', command: 'execute', routine: `${schema}.${routine}` }
}

/** Databases in which an ordinary user has nothing to do, and that are not shown to one. */
export function isClosedSchema(name: string): boolean {
  const lower = fold(name)
  return lower === 'mysql' || lower === 'sys'
}
