import type { KeyspaceId } from '../key/keyspace-id.ts'
import { undeclaredTable } from './build-table.ts'
import type { LiveTable, Table, TableResolution, TabletTypeName, VSchema } from './model.ts'

/** A temporary table of a session. It lies on one shard, as a pinned table does, and hides whatever else has its name. */
export interface TemporaryTable {
  readonly keyspace: string
  readonly name: string
  /** Of the tablets on one of which it was made: on others it is not seen. */
  readonly tabletType: TabletTypeName
  /** On whose shard it lies; undefined in an unsharded keyspace. */
  readonly pinned: KeyspaceId | undefined
  readonly live: LiveTable
}

/** The VSchema as a session with temporary tables sees it. */
export function withTemporaryTables(vschema: VSchema, temporary: Iterable<TemporaryTable>): VSchema {
  const tables = new Map([...temporary].map((table) => [keyOf(table), tableOf(table)]))
  return {
    keyspaces: vschema.keyspaces,
    ...(vschema.defaultUnsharded !== undefined && { defaultUnsharded: vschema.defaultUnsharded }),
    problems: vschema.problems,
    unknownFields: vschema.unknownFields,
    keyspaceOfShard: (keyspace, shard) => vschema.keyspaceOfShard(keyspace, shard),
    findTable(keyspace, name, tabletType): TableResolution {
      const table = keyspace === undefined ? undefined : tables.get(keyOf({ keyspace, name, tabletType }))
      return table === undefined
        ? vschema.findTable(keyspace, name, tabletType)
        : { kind: 'found', table: table }
    },
  }
}

function keyOf({
  keyspace,
  name,
  tabletType,
}: Pick<TemporaryTable, 'keyspace' | 'name' | 'tabletType'>): string {
  return `${tabletType}\0${keyspace}\0${name}`
}

function tableOf({ keyspace, name, pinned, live }: TemporaryTable): Table {
  const table = undeclaredTable(keyspace, name, { isSharded: pinned !== undefined, live })
  return { ...table, isTemporary: true, ...(pinned !== undefined && { pinned }) }
}
