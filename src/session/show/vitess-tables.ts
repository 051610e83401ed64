import type { Show } from '../../sql/ast.ts'
import { printAlias } from '../../topology/alias.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { Target } from '../settings/target.ts'
import { nameTable, type ShownTable, textTable } from './shown-table.ts'

type Known = Pick<ProxyContext, 'gateway' | 'vschema'>

export function shardsTable({ gateway }: Known): ShownTable {
  const shards = [...gateway.keyspaces.values()].flatMap((keyspace) => keyspace.shards)
  return nameTable(
    'Shards',
    shards.map(({ keyspace, name }) => `${keyspace}/${name}`),
  )
}

export function tabletsTable({ gateway }: Known): ShownTable {
  return textTable(
    ['Cell', 'Keyspace', 'Shard', 'TabletType', 'State', 'Alias', 'Hostname', 'PrimaryTermStartTime'],
    gateway.tablets.map(({ record, health }) => [
      record.alias.cell,
      record.keyspace,
      record.shard,
      record.type,
      health.state === 'unreachable' ? 'NOT_SERVING' : 'SERVING',
      printAlias(record.alias),
      record.hostname ?? record.unix_socket ?? '',
      '',
    ]),
    6,
  )
}

/** Of the replicas; LIKE is about keyspaces. */
export function replicationTable({ gateway }: Pick<Known, 'gateway'>): ShownTable {
  const replicas = gateway.tablets.filter(({ record }) => record.type !== 'PRIMARY')
  const rows = replicas.map(({ record, alias, health }) => {
    const { replication, lagSeconds } = health
    const lag =
      lagSeconds === undefined || lagSeconds === Number.POSITIVE_INFINITY ? 'NULL' : String(lagSeconds)
    return [
      record.keyspace,
      record.shard,
      record.type,
      alias,
      record.hostname ?? record.unix_socket ?? '',
      replication?.source ?? '',
      JSON.stringify({
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

export function vschemaKeyspaces({ vschema }: Known): ShownTable {
  return textTable(
    ['Keyspace', 'Sharded', 'Foreign Key', 'Comment'],
    [...vschema.keyspaces.values()].map((keyspace) => [
      keyspace.name,
      String(keyspace.sharded),
      keyspace.foreignKeyMode,
      keyspace.error ?? '',
    ]),
    0,
  )
}

/** The vindexes of a table, or all of them. */
export function vschemaVindexes({ vschema }: Known, target: Target, { table: named }: Show): ShownTable {
  if (named === undefined) {
    const rows = [...vschema.keyspaces.values()].flatMap((keyspace) =>
      [...keyspace.vindexes.values()].map(({ name, type }) => [keyspace.name, name, type, '', '']),
    )
    return textTable(['Keyspace', 'Name', 'Type', 'Params', 'Owner'], rows)
  }
  const keyspace = vschema.keyspaces.get(named.qualifier ?? target.keyspace)
  const rows = (keyspace?.tables.get(named.name)?.columnVindexes ?? [])
    .filter(({ partial }) => !partial)
    .map(({ columns, name, type, owned }) => [columns.join(', '), name, type, '', owned ? named.name : ''])
  return textTable(['Columns', 'Name', 'Type', 'Params', 'Owner'], rows)
}
