import { printPath, type RecordKey } from '../../topology/paths.ts'
import type { Shard, Tablet } from '../../topology/records.ts'
import { keyRangeRecordOf } from '../../topology/shard-name.ts'
import type { Change, StoredRecord } from '../../topology/store.ts'
import type { KeyspaceSpec } from './schema-dir.ts'

export const LOCAL_CELL = 'zone1'

/** One mysqld of the local cluster. */
export interface ServerPlan {
  /** `shop_-80-primary`: name of its folder and of its port. */
  readonly name: string
  /** For messages: `mysqld of shop/-80 (primary)`. */
  readonly title: string
  readonly serverId: number
  /** The server it replicates from; undefined for a primary. */
  readonly follows?: string
}

/** One tablet: a database on a server. */
export interface TabletPlan {
  readonly uid: number
  readonly keyspace: KeyspaceSpec
  readonly shard: string
  readonly server: string
  readonly isPrimary: boolean
  readonly database: string
}

export interface Layout {
  readonly servers: readonly ServerPlan[]
  readonly tablets: readonly TabletPlan[]
}

/**
 * Who runs where. Normally each shard has a mysqld, and one more for each replica; with `isOneMysqld` every shard is a
 * database of one shared mysqld (and of each of its replicas). Order and names do not depend on anything else.
 */
export function planLayout(
  keyspaces: readonly KeyspaceSpec[],
  options: { readonly replicas: number; readonly isOneMysqld: boolean },
): Layout {
  const servers = new Map<string, ServerPlan>()
  const tablets: TabletPlan[] = []
  let shardNumber = 0
  for (const keyspace of keyspaces) {
    for (const shard of keyspace.shards) {
      shardNumber++
      const group = options.isOneMysqld ? 'shared' : `${keyspace.name}_${shard}`
      const groupTitle = options.isOneMysqld ? 'all shards' : `${keyspace.name}/${shard}`
      for (let member = 0; member <= options.replicas; member++) {
        const role = member === 0 ? 'primary' : `replica${member}`
        const server = `${group}-${role}`
        if (!servers.has(server))
          servers.set(server, {
            name: server,
            title: `mysqld of ${groupTitle} (${role})`,
            serverId: servers.size + 1,
            ...(member > 0 && { follows: `${group}-primary` }),
          })
        tablets.push({
          uid: shardNumber * 100 + member,
          keyspace,
          shard,
          server,
          isPrimary: member === 0,
          database: options.isOneMysqld ? `${keyspace.name}_${shard}` : keyspace.name,
        })
      }
    }
  }
  return { servers: [...servers.values()], tablets }
}

/**
 * Changes that make the topology say what runs. Records that say so already are left alone; a VSchema is put when it
 * is absent or when the files it comes from have changed, so that what was changed by `ctl` since stays.
 */
export function topologyChanges(
  layout: Layout,
  ports: Readonly<Record<string, number>>,
  current: readonly StoredRecord[],
  changedVschemas: ReadonlySet<string>,
): Change[] {
  const wanted = new Map<string, unknown>()
  const want = (key: RecordKey, value: unknown) => wanted.set(printPath(key), value)
  const values = new Map(current.map((record) => [record.path, record.value]))
  want({ kind: 'Cell', cell: LOCAL_CELL }, {})
  for (const plan of layout.tablets) {
    const { keyspace, shard } = plan
    want({ kind: 'Keyspace', keyspace: keyspace.name }, {})
    if (plan.isPrimary) want({ kind: 'Shard', keyspace: keyspace.name, shard }, shardRecord(plan))
    want({ kind: 'Tablet', alias: aliasOf(plan) }, tabletRecord(plan, ports[plan.server]!))
    const vschemaKey: RecordKey = { kind: 'VSchema', keyspace: keyspace.name }
    if (changedVschemas.has(keyspace.name) || !values.has(printPath(vschemaKey)))
      want(vschemaKey, keyspace.vschema)
  }
  return [...wanted]
    .map(([path, value]) => ({ kind: 'put' as const, path, value: JSON.stringify(value) }))
    .filter((change) => values.get(change.path) !== change.value)
}

function aliasOf(plan: TabletPlan) {
  return { cell: LOCAL_CELL, uid: plan.uid }
}

function shardRecord(plan: TabletPlan): Shard {
  const keyRange = keyRangeRecordOf(plan.shard)
  return { primary_alias: aliasOf(plan), is_primary_serving: true, ...(keyRange && { key_range: keyRange }) }
}

function tabletRecord(plan: TabletPlan, port: number): Tablet {
  const keyRange = keyRangeRecordOf(plan.shard)
  return {
    alias: aliasOf(plan),
    mysql_hostname: '127.0.0.1',
    mysql_port: port,
    type: plan.isPrimary ? 'PRIMARY' : 'REPLICA',
    keyspace: plan.keyspace.name,
    shard: plan.shard,
    ...(keyRange && { key_range: keyRange }),
    ...(plan.database !== plan.keyspace.name && { db_name_override: plan.database }),
  }
}
