import { SqlError } from '../../errors/sql-error.ts'
import type { Show } from '../../sql/ast.ts'
import type { TabletState } from '../../tablet/tablet-state.ts'
import type { DefinedVindex } from '../../vschema/model.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { Target } from '../settings/target.ts'
import { nameTable, type ShownTable, textTable } from './shown-table.ts'

type Known = Pick<ProxyContext, 'gateway' | 'vschema'>
/** Whether a keyspace is shown to the user. */
type Sees = (keyspace: string) => boolean

export function shardsTable({ gateway }: Known, sees: Sees): ShownTable {
  const shards = [...gateway.keyspaces.values()].flatMap((each) => each.shards)
  return nameTable(
    'Shards',
    shards.filter(({ keyspace }) => sees(keyspace)).map(({ keyspace, name }) => `${keyspace}/${name}`),
  )
}

export function tabletsTable({ gateway }: Known, sees: Sees): ShownTable {
  return textTable(
    ['Cell', 'Keyspace', 'Shard', 'TabletType', 'State', 'Alias', 'Hostname', 'PrimaryTermStartTime'],
    gateway.tablets
      .filter(({ record }) => sees(record.keyspace))
      .map(({ record, alias, state }) => [
        record.alias.cell,
        record.keyspace,
        record.shard,
        gateway.typeOf({ record, alias }),
        wordOf(state),
        alias,
        record.hostname ?? record.unix_socket ?? '',
        '',
      ]),
    6,
  )
}

/** SERVING and NOT_SERVING are vtgate's. */
function wordOf(state: TabletState): string {
  return state.toUpperCase().replace(' ', '_')
}

/** Of the replicas; LIKE is about keyspaces. */
export function replicationTable({ gateway }: Pick<Known, 'gateway'>, sees: Sees): ShownTable {
  const replicas = gateway.tablets.filter(
    (tablet) => gateway.typeOf(tablet) !== 'PRIMARY' && sees(tablet.record.keyspace),
  )
  const rows = replicas.map(({ record, alias, health, state }) => {
    const { replication, group, lagSeconds } = health
    const lag =
      lagSeconds === undefined || lagSeconds === Number.POSITIVE_INFINITY
        ? 'NULL'
        : String(Math.floor(lagSeconds))
    return [
      record.keyspace,
      record.shard,
      gateway.typeOf({ record, alias }),
      alias,
      record.hostname ?? record.unix_socket ?? '',
      replication?.source ?? '',
      JSON.stringify({
        State: wordOf(state),
        ...(group && { GroupMember: `${group.state} ${group.role}` }),
        EventStreamRunning: replication?.receiverRunning ?? '',
        EventApplierRunning: replication?.applierRunning ?? '',
        LastError: replication?.lastError ?? health.lastError,
      }),
      lag,
      '',
    ]
  })
  return textTable(REPLICATION_COLUMNS, rows, 0)
}

const REPLICATION_COLUMNS = [
  ...['Keyspace', 'Shard', 'TabletType', 'Alias', 'Hostname'],
  ...['ReplicationSource', 'ReplicationHealth', 'ReplicationLag', 'ThrottlerStatus'],
]

/** Those of Vitess's `schema_migrations`, of which there are none: DDL is done when it is answered. */
export const MIGRATION_COLUMNS: readonly string[] = [
  ...['id', 'migration_uuid', 'keyspace', 'shard', 'mysql_schema', 'mysql_table', 'migration_statement'],
  ...['strategy', 'options', 'added_timestamp', 'requested_timestamp', 'ready_timestamp'],
  ...['started_timestamp', 'liveness_timestamp', 'completed_timestamp', 'cleanup_timestamp'],
  ...['migration_status', 'log_path', 'artifacts', 'retries', 'tablet', 'tablet_failure', 'progress'],
  ...['migration_context', 'ddl_action', 'message', 'eta_seconds', 'rows_copied', 'table_rows'],
  ...['added_unique_keys', 'removed_unique_keys', 'log_file', 'retain_artifacts_seconds'],
  ...['postpone_completion', 'removed_unique_key_names', 'dropped_no_default_column_names'],
  ...['expanded_column_names', 'revertible_notes', 'allow_concurrent', 'reverted_uuid', 'is_view'],
  ...['ready_to_complete', 'vitess_liveness_indicator', 'user_throttle_ratio', 'special_plan'],
  ...['last_throttled_timestamp', 'component_throttled', 'cancelled_timestamp', 'postpone_launch'],
  ...['stage', 'cutover_attempts', 'is_immediate_operation', 'reviewed_timestamp'],
  ...['ready_to_complete_timestamp', 'removed_foreign_key_names'],
]

export function vschemaTables({ vschema }: Known, keyspace: string): ShownTable {
  return nameTable('Tables', [...(vschema.keyspaces.get(keyspace)?.tables.keys() ?? [])].sort())
}

export function vschemaKeyspaces({ vschema }: Known, sees: Sees): ShownTable {
  return textTable(
    ['Keyspace', 'Sharded', 'Foreign Key', 'Comment'],
    [...vschema.keyspaces.values()]
      .filter(({ name }) => sees(name))
      .map((keyspace) => [
        keyspace.name,
        String(keyspace.sharded),
        keyspace.foreignKeyMode,
        keyspace.error ?? '',
      ]),
    0,
  )
}

/** The vindexes of a table, or all of them. Throws 1146 for a table that the VSchema does not have. */
export function vschemaVindexes(
  { vschema }: Known,
  { target, sees }: { readonly target: Target; readonly sees: Sees },
  { table: named }: Show,
): ShownTable {
  if (named === undefined) {
    const rows = [...vschema.keyspaces.values()]
      .filter(({ name }) => sees(name))
      .flatMap((keyspace) =>
        [...keyspace.definedVindexes].map(([name, vindex]) => [
          keyspace.name,
          name,
          vindex.type,
          printParams(vindex),
          vindex.owner,
        ]),
      )
    return textTable(['Keyspace', 'Name', 'Type', 'Params', 'Owner'], rows)
  }
  const keyspace = vschema.keyspaces.get(named.qualifier ?? target.keyspace)
  const table = sees(keyspace?.name ?? '') ? keyspace?.tables.get(named.name) : undefined
  if (table === undefined)
    throw new SqlError(
      'ER_NO_SUCH_TABLE',
      `table '${named.name}' does not exist in keyspace '${named.qualifier ?? target.keyspace}'`,
    )
  const rows = table.columnVindexes
    .filter(({ partial }) => !partial)
    .map(({ columns, name, type }) => {
      const { params, owner } = keyspace!.definedVindexes.get(name)!
      return [columns.join(', '), name, type, printParams({ params }), owner]
    })
  return textTable(['Columns', 'Name', 'Type', 'Params', 'Owner'], rows)
}

function printParams({ params }: Pick<DefinedVindex, 'params'>): string {
  const each = Object.entries(params).map(([name, value]) => `${name}=${value}`)
  return each.sort().join('; ')
}

/** Of vttablet's throttler: nothing is throttled here. */
export function throttlerTable({ gateway }: Pick<Known, 'gateway'>, sees: Sees): ShownTable {
  const shards = [...gateway.keyspaces.values()].flatMap((each) => each.shards)
  const rows = shards
    .filter(({ keyspace }) => sees(keyspace))
    .map(({ keyspace, name }) => [`${keyspace}/${name}`, '0', '0', ''])
  return textTable(['shard', 'enabled', 'threshold', 'query'], rows, 0)
}

export const THROTTLED_COLUMNS: readonly string[] = ['app', 'expire_at', 'ratio', 'exempt']
