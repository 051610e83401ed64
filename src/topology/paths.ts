import { parseAlias, printAlias } from './alias.ts'
import type { TabletAlias } from './records.ts'

/**
 * Where each record lives, as Vitess lays out its topology; Shardgate keeps cells' records in the same tree.
 * Source: Vitess `go/vt/topo/server.go`, "Filenames for all object types".
 */
export type RecordKey =
  | { readonly kind: 'Cell'; readonly cell: string }
  | { readonly kind: 'CellsAlias'; readonly alias: string }
  | { readonly kind: 'Keyspace'; readonly keyspace: string }
  | { readonly kind: 'VSchema'; readonly keyspace: string }
  | { readonly kind: 'Shard'; readonly keyspace: string; readonly shard: string }
  | { readonly kind: 'Tablet'; readonly alias: TabletAlias }
  | { readonly kind: 'RoutingRules' }
  | { readonly kind: 'ShardRoutingRules' }
  | { readonly kind: 'QueryRules' }

export function printPath(key: RecordKey): string {
  switch (key.kind) {
    case 'Cell':
      return `cells/${key.cell}/CellInfo`
    case 'CellsAlias':
      return `cells_aliases/${key.alias}/CellsAlias`
    case 'Keyspace':
    case 'VSchema':
      return `keyspaces/${key.keyspace}/${key.kind}`
    case 'Shard':
      return `keyspaces/${key.keyspace}/shards/${key.shard}/Shard`
    case 'Tablet':
      return `tablets/${printAlias(key.alias)}/Tablet`
    case 'RoutingRules':
    case 'ShardRoutingRules':
    case 'QueryRules':
      return key.kind
  }
}

/** Undefined for paths that hold no record of ours: elections, records of newer versions. */
export function parsePath(path: string): RecordKey | undefined {
  const parts = path.split('/')
  const [root, name, third, fourth, fifth] = parts
  const isWhole = root === 'RoutingRules' || root === 'ShardRoutingRules' || root === 'QueryRules'
  if (parts.length === 1 && isWhole) return { kind: root }
  if (parts.length === 3 && name) {
    if (root === 'cells' && third === 'CellInfo') return { kind: 'Cell', cell: name }
    if (root === 'cells_aliases' && third === 'CellsAlias') return { kind: 'CellsAlias', alias: name }
    if (root === 'keyspaces' && (third === 'Keyspace' || third === 'VSchema'))
      return { kind: third, keyspace: name }
    const alias = root === 'tablets' && third === 'Tablet' ? parseAlias(name) : undefined
    if (alias) return { kind: 'Tablet', alias }
  }
  const isShard = parts.length === 5 && root === 'keyspaces' && third === 'shards' && fifth === 'Shard'
  return isShard && name && fourth ? { kind: 'Shard', keyspace: name, shard: fourth } : undefined
}

/** A name that fits a path, a target string (`ks:-80@replica`) and a MySQL identifier: 1 to 64 characters. */
export function isRecordName(name: string): boolean {
  return /^[^\s/:@[\]`'"\\|.\p{Cc}]{1,64}$/u.test(name)
}
