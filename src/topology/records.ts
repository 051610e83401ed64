/**
 * The records of the topology, as JSON with the field names of Vitess.
 * Source: Vitess `proto/topodata.proto` and `proto/vschema.proto`.
 */

/** One database server that can be reached: `{cell: 'zone1', uid: 100}` prints as `zone1-0000000100`. */
export interface TabletAlias {
  readonly cell: string
  readonly uid: number
}

/** All of Vitess's types. Queries go to PRIMARY, REPLICA and RDONLY only; the rest are known but not served. */
export const TABLET_TYPES = [
  'PRIMARY',
  'REPLICA',
  'RDONLY',
  'SPARE',
  'EXPERIMENTAL',
  'BACKUP',
  'RESTORE',
  'DRAINED',
  'UNKNOWN',
] as const
export type TabletType = (typeof TABLET_TYPES)[number]
export type ServedTabletType = 'PRIMARY' | 'REPLICA' | 'RDONLY'

/** A failure domain. Both fields are Vitess's; Shardgate keeps every cell in one store and reads neither. */
export interface Cell {
  readonly server_address?: string
  readonly root?: string
}

export const PRIMARY_SOURCES = ['topology', 'discover'] as const
export type PrimarySource = (typeof PRIMARY_SOURCES)[number]

/** Cells that are near each other: a proxy in one of them reads replicas in the others before those of further cells. */
export interface CellsAlias {
  readonly cells?: readonly string[]
}

/** 0: the same; 1: they share an alias; 2: neither. */
export function cellDistance(a: string, b: string, aliases: ReadonlyMap<string, CellsAlias>): number {
  if (a === b) return 0
  for (const { cells = [] } of aliases.values()) if (cells.includes(a) && cells.includes(b)) return 1
  return 2
}

/** Whether a commit waits for a replica: `semi_sync` for one. Absent in a keyspace: nobody looks at its servers' settings. */
export const DURABILITIES = ['none', 'semi_sync'] as const
export type Durability = (typeof DURABILITIES)[number]

/** A logical database. Fields that Shardgate does not act on are kept as they came. */
export interface Keyspace {
  readonly keyspace_type?: 'NORMAL' | 'SNAPSHOT'
  readonly base_keyspace?: string
  /** One of `DURABILITIES`, which `shardgate manage` keeps; other policies of Vitess are carried and not acted on. */
  readonly durability_policy?: string
  /**
   * Who the primary of a shard is: whom the shard's record names (`topology`, the default), or the server that takes writes
   * (`discover`), so that others may fail over. Not a field of Vitess.
   */
  readonly primary?: PrimarySource
  readonly sidecar_db_name?: string
}

/** Bounds of a shard in base64, as protobuf's JSON writes bytes; absent or empty is open. */
export interface KeyRangeRecord {
  readonly start?: string
  readonly end?: string
}

export interface Shard {
  /** Who is the primary; wins over the tablets' own `type`. Absent: no primary is known. */
  readonly primary_alias?: TabletAlias
  readonly primary_term_start_time?: unknown
  readonly key_range?: KeyRangeRecord
  /** False while a shard exists but takes no queries (the target of a resharding). Default true. */
  readonly is_primary_serving?: boolean
}

export interface Tablet {
  readonly alias: TabletAlias
  /** Host of the tablet; the address of MySQL too, unless `mysql_hostname` is given. */
  readonly hostname?: string
  readonly mysql_hostname?: string
  /** TCP port of MySQL; 3306 when absent. */
  readonly mysql_port?: number
  /** Path of MySQL's unix socket; used instead of host and port when given. Not a field of Vitess. */
  readonly unix_socket?: string
  readonly type: TabletType
  readonly keyspace: string
  readonly shard: string
  readonly key_range?: KeyRangeRecord
  /** Name of the MySQL database that holds the shard's tables; the keyspace's name when absent. */
  readonly db_name_override?: string
  readonly tags?: Readonly<Record<string, string>>
  /** As a replica, its share of the reads beside those of others, 1 when absent. Not a field of Vitess. */
  readonly weight?: number
  /** As a replica, it gets no new reads. Not a field of Vitess. */
  readonly draining?: boolean
  /** `shardgate manage` and `ctl reparent` may change what its server is. Not a field of Vitess. */
  readonly managed?: boolean
}

/** `from_table` is `[keyspace.]table[@tablet_type]`; `to_tables` has no entry (disabled) or one `keyspace.table`. */
export interface RoutingRule {
  readonly from_table: string
  readonly to_tables: readonly string[]
}
export interface RoutingRules {
  readonly rules: readonly RoutingRule[]
}

export interface ShardRoutingRule {
  readonly from_keyspace: string
  readonly to_keyspace: string
  readonly shard: string
}
export interface ShardRoutingRules {
  readonly rules: readonly ShardRoutingRule[]
}

/** Name of the MySQL database behind a tablet. */
export function databaseOf(tablet: Tablet): string {
  return tablet.db_name_override || tablet.keyspace
}

export type TabletAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** Where MySQL listens for a tablet. */
export function addressOf(tablet: Tablet): TabletAddress {
  if (tablet.unix_socket) return { kind: 'unix', path: tablet.unix_socket }
  const host = tablet.mysql_hostname || tablet.hostname || '127.0.0.1'
  return { kind: 'tcp', host, port: tablet.mysql_port ?? 3306 }
}
