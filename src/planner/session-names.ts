import type { SystemVariable } from '../sql/ast.ts'

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

/** System variables that the session answers, by their lower-case name, as plans name them. */
export const sessionVariables: ReadonlyMap<string, string> = new Map([
  ['autocommit', 'autocommit'],
  ['last_insert_id', 'last_insert_id'],
  ['identity', 'last_insert_id'],
  ['warning_count', 'warning_count'],
  ['error_count', 'error_count'],
  ['pseudo_thread_id', 'pseudo_thread_id'],
  ['max_allowed_packet', 'max_allowed_packet'],
  ['wait_timeout', 'wait_timeout'],
  ['interactive_timeout', 'interactive_timeout'],
  ['completion_type', 'completion_type'],
  // vtgate's
  ...[
    'client_found_rows',
    'ddl_strategy',
    'enable_system_settings',
    'migration_context',
    'planner_version',
    'query_timeout',
    'read_after_write',
    'read_after_write_gtid',
    'read_after_write_timeout',
    'session_uuid',
    'skip_query_plan_cache',
    'transaction_mode',
    'transaction_timeout',
    'workload',
  ].map((name) => [name, name] as const),
])

/** With GLOBAL: what the proxy is configured to, where clients mean the server that they are connected to. */
export const globalVariables: ReadonlyMap<string, string> = new Map([
  ['max_allowed_packet', 'max_allowed_packet'],
  ['wait_timeout', 'idle_timeout'],
  ['interactive_timeout', 'idle_timeout'],
])

/** A variable that is not only vtgate's. */
export function isOfServers({ name }: SystemVariable): boolean {
  return serverVariables.has(name.toLowerCase())
}

const serverVariables: ReadonlySet<string> = new Set(
  `autocommit completion_type error_count identity interactive_timeout last_insert_id max_allowed_packet pseudo_thread_id wait_timeout
  warning_count`.split(/\s+/),
)

/** What the session answers for a system variable; undefined for one that a server answers. */
export function variableOfSession({ name, scope }: SystemVariable): string | undefined {
  return (scope === 'GLOBAL' ? globalVariables : sessionVariables).get(name.toLowerCase())
}

/** Types of what would else be as short as its digits. */
export const sessionIntegers: ReadonlyMap<string, 'SIGNED' | 'UNSIGNED'> = new Map([
  ['last_insert_id', 'UNSIGNED'],
  ['connection_id', 'UNSIGNED'],
  ['pseudo_thread_id', 'UNSIGNED'],
  ['found_rows', 'SIGNED'],
  ['row_count', 'SIGNED'],
  ['warning_count', 'UNSIGNED'],
  ['error_count', 'UNSIGNED'],
  ['max_allowed_packet', 'UNSIGNED'],
  ['wait_timeout', 'UNSIGNED'],
  ['interactive_timeout', 'UNSIGNED'],
  ['idle_timeout', 'UNSIGNED'],
])
