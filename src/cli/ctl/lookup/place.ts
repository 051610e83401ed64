import { readFileSync } from 'node:fs'
import { type ShardRange, shardRangeOf, tileShards } from '../../../key/shard-ranges.ts'
import { isNameable, keyOf, placingOf } from '../../../planner/row-keys.ts'
import { readColumns, readKeys } from '../../../tablet/schema-reader.ts'
import { modelOf } from '../../../tablet/schema-tracker.ts'
import { storedKeys } from '../../../tablet/stored-keys.ts'
import { databaseOf, type Tablet } from '../../../topology/records.ts'
import type { TopologySnapshot } from '../../../topology/snapshot.ts'
import type { Column } from '../../../values/column.ts'
import type { LookupVindex } from '../../../vindex/vindex.ts'
import { buildVSchema } from '../../../vschema/build-vschema.ts'
import { type LiveTable, sameColumn, type Table, type VSchema } from '../../../vschema/model.ts'
import { parseRoutingRules } from '../../../vschema/records.ts'
import { splitTableName } from '../../../vschema/table-name.ts'
import type { ShardConnections } from './shard-connection.ts'

/** A shard with the server that its rows are read from and written to. */
export interface ShardPlace extends ShardRange {
  readonly tablet: Tablet
}

/** The table that owns a lookup vindex. */
export interface OwnerPlace {
  readonly table: Table
  /** Its primary key. */
  readonly key: readonly Column[]
  /** What its rows are placed by. */
  readonly placing: readonly Column[]
  /** What feeds the lookup table. */
  readonly columns: readonly Column[]
  readonly shards: readonly ShardPlace[]
}

/** A lookup vindex, its owner and its table, as they are on the servers. */
export interface LookupPlace {
  readonly keyspace: string
  readonly name: string
  readonly vindex: LookupVindex
  readonly owner: OwnerPlace
  readonly lookup: {
    readonly table: Table
    readonly from: readonly string[]
    readonly to: string
    readonly shards: readonly ShardPlace[]
  }
}

/** A lookup vindex as the VSchema has it. */
export interface DefinedLookup {
  readonly vindex: LookupVindex
  readonly owner: string
  readonly table: { readonly keyspace: string; readonly name: string }
}

/** Throws for a vindex that is not there or is not of the kind. */
export function definedLookup(vschema: VSchema, keyspace: string, name: string): DefinedLookup {
  const found = vschema.keyspaces.get(keyspace)
  if (found === undefined) throw new Error(`keyspace ${keyspace} does not exist`)
  const defined = found.definedVindexes.get(name)
  const vindex = found.vindexes.get(name)
  if (defined === undefined || vindex?.kind !== 'lookup') {
    const known = [...found.vindexes.values()].filter(({ kind }) => kind === 'lookup')
    const names = known.map((each) => each.name).join(', ') || 'none'
    throw new Error(`keyspace ${keyspace} has no lookup vindex ${name} (known: ${names})`)
  }
  const split = splitTableName(vindex.params['table'] ?? '')
  if (defined.owner === '' || split === undefined)
    throw new Error(`vindex ${name} has no ${split === undefined ? 'table' : 'owner'} in the VSchema`)
  return { vindex, owner: defined.owner, table: { keyspace: split.keyspace ?? keyspace, name: split.table } }
}

/** Throws also where the tables are not as they must be. */
export async function findLookup(
  snapshot: TopologySnapshot,
  keyspace: string,
  name: string,
  connections: ShardConnections,
): Promise<LookupPlace> {
  const defined = definedLookup(await vschemaOf(snapshot, [], connections), keyspace, name)
  const { keyspace: lookupKeyspace, name: tableName } = defined.table
  const tables = [
    [keyspace, defined.owner],
    [lookupKeyspace, tableName],
  ] as const
  const vschema = await vschemaOf(snapshot, tables, connections)
  const owner = tableIn(vschema, keyspace, defined.owner)
  const table = tableIn(vschema, lookupKeyspace, tableName)
  const own = owner.columnVindexes.find((each) => each.name === name && each.owned)
  if (own === undefined) throw new Error(`table ${defined.owner} has no column_vindexes entry of ${name}`)
  if (table.live === undefined)
    throw new Error(
      `lookup table ${lookupKeyspace}.${tableName} is on no server; create it, or cancel the vindex`,
    )
  const { from = '', to = '' } = defined.vindex.params
  return {
    keyspace,
    name,
    vindex: defined.vindex,
    owner: ownerPlace(snapshot, owner, own.columns),
    lookup: {
      table,
      from: from.split(',').map((each) => each.trim()),
      to: to.trim(),
      shards: shardsOf(snapshot, table.keyspace),
    },
  }
}

/** Throws where writes of the table would be refused with a lookup vindex on these columns, or its rows cannot be read in batches. */
export function ownerPlace(snapshot: TopologySnapshot, table: Table, names: readonly string[]): OwnerPlace {
  const where = `${table.keyspace}.${table.name}`
  if (table.live === undefined || table.live.columns.length === 0)
    throw new Error(`table ${where} is on no server`)
  const columns = names.map((name) => {
    const column = table.live?.columns.find((each) => sameColumn(each.name, name))
    if (column === undefined) throw new Error(`table ${where} has no column ${name}`)
    if (!isNameable(column))
      throw new Error(
        `column ${name} of ${where} cannot feed a lookup vindex: its type has no exact literals; ` +
          'integers, DECIMAL, CHAR, VARCHAR, BINARY, VARBINARY, DATE, DATETIME, TIME and YEAR can',
      )
    return column
  })
  const key = keyOf(table)
  if (key === undefined)
    throw new Error(
      `table ${where} has no primary key whose values have exact literals, by which its rows could be read in batches`,
    )
  const placing = placingOf(table, 0)
  if (placing === undefined || !table.sharded || table.pinned !== undefined)
    throw new Error(`table ${where} is not sharded by columns whose values have exact literals`)
  return { table, key, placing: placing.columns, columns, shards: shardsOf(snapshot, table.keyspace) }
}

/** The whole VSchema, with these tables as the first shard of their keyspace has them. */
export async function vschemaOf(
  snapshot: TopologySnapshot,
  tables: readonly (readonly [keyspace: string, table: string])[],
  connections: ShardConnections,
): Promise<VSchema> {
  const live = new Map<string, LiveTable>()
  for (const [keyspace, table] of tables) {
    const [first] = shardsOf(snapshot, keyspace)
    const found = await liveTable(first!.tablet, table, connections)
    if (found !== undefined) live.set(`${keyspace}.${table}`, found)
  }
  const names = [...snapshot.keyspaces.keys()]
  return buildVSchema(
    {
      keyspaces: new Map(names.map((name) => [name, snapshot.vschemas.get(name) ?? {}])),
      routingRules: parseRoutingRules(snapshot.routingRules, 'routing rules').record,
    },
    {
      deps: { readFile: (path) => readFileSync(path) },
      columns: {
        tableOf: (keyspace, table) => live.get(`${keyspace}.${table}`),
        tablesOf: (keyspace) =>
          tables.flatMap(([own, table]) => (own === keyspace && live.has(`${own}.${table}`) ? [table] : [])),
      },
    },
  )
}

export function tableIn(vschema: VSchema, keyspace: string, name: string): Table {
  const found = vschema.findTable(keyspace, name, 'primary')
  if (found.kind === 'found' && found.table.keyspace === keyspace) return found.table
  if (found.kind === 'broken') throw new Error(`table ${keyspace}.${name} cannot be used: ${found.message}`)
  throw new Error(
    found.kind === 'found'
      ? `routing rules send table ${keyspace}.${name} to ${found.table.keyspace}: work with it there`
      : `the VSchema of ${keyspace} has no table ${name}`,
  )
}

/** Undefined where the server has no such table. */
export async function liveTable(
  tablet: Tablet,
  table: string,
  connections: ShardConnections,
): Promise<LiveTable | undefined> {
  const { raw } = await connections.to(tablet)
  const columns = await readColumns(raw, databaseOf(tablet), [table])
  if (columns.length === 0) return undefined
  const keys = (await readKeys(raw, databaseOf(tablet))).get(table) ?? { parts: [], primary: undefined }
  return { columns: columns.map((column) => modelOf(column, keys)), keys: storedKeys(keys), shardRows: 0 }
}

/** Those that serve, in order of their key ranges. Throws for a keyspace with a gap, and a shard without a primary. */
export function shardsOf(snapshot: TopologySnapshot, keyspace: string): readonly ShardPlace[] {
  const state = snapshot.keyspaces.get(keyspace)
  if (state === undefined) throw new Error(`keyspace ${keyspace} does not exist`)
  const serving = [...state.shards.values()].filter(({ record }) => record.is_primary_serving !== false)
  return tileShards(serving.map(({ name }) => shardRangeOf(name))).map((range) => {
    const tablet = state.shards.get(range.name)?.primary
    if (tablet === undefined) throw new Error(`shard ${keyspace}/${range.name} has no primary`)
    return { ...range, tablet }
  })
}
