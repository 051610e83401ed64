import type { DatabaseColumn } from '../../../tablet/schema-reader.ts'
import { readColumns } from '../../../tablet/schema-reader.ts'
import { modelOf } from '../../../tablet/schema-tracker.ts'
import { databaseOf } from '../../../topology/records.ts'
import type { TopologySnapshot } from '../../../topology/snapshot.ts'
import type { Column } from '../../../values/column.ts'
import { quoteName } from '../../../values/sql-literal.ts'
import { isText } from '../../../values/value.ts'
import { fidelityOf } from '../../../vindex/domain.ts'
import { createVindex, vindexTypes } from '../../../vindex/registry.ts'
import type { LookupVindex } from '../../../vindex/vindex.ts'
import { BYTE_VINDEXES } from '../../../vschema/doubts.ts'
import { type LiveTable, sameColumn } from '../../../vschema/model.ts'
import { judge } from '../check-vschema.ts'
import {
  hasColumn,
  type LookupDefinition,
  type LookupTablePlace,
  withLookup,
  withTable,
} from './definition.ts'
import { liveTable, type OwnerPlace, ownerPlace, shardsOf, tableIn, vschemaOf } from './place.ts'
import type { ShardConnections } from './shard-connection.ts'

export interface CreateOptions {
  /** Vindex of the lookup table's rows, a name in its keyspace's VSchema or a type; for one that is not declared yet. */
  readonly tableVindex: string | undefined
}

/** What has to be done for a lookup vindex to be there. */
export interface Creation {
  /** Undefined where all shards have the table. */
  readonly createTable: string | undefined
  /** Undefined where the VSchema has the table. */
  readonly declareTable: LookupTablePlace | undefined
}

/** Throws for what would not work, before anything is changed. */
export async function planCreation(
  snapshot: TopologySnapshot,
  definition: LookupDefinition,
  { tableVindex }: CreateOptions,
  connections: ShardConnections,
): Promise<Creation> {
  const { keyspace, owner, columns, table, from } = definition
  if (from.length !== columns.length)
    throw new Error(`--from has ${from.length} columns, --columns has ${columns.length}: one for each`)
  if (hasColumn(from, definition.to)) throw new Error(`--to ${definition.to} is among the columns of --from`)
  const vindex = lookupVindex(definition)
  const vschema = await vschemaOf(snapshot, [[keyspace, owner]], connections)
  const place = ownerPlace(snapshot, tableIn(vschema, keyspace, owner), columns)
  checkHashed(vindex, place)
  const lookupKeyspace = vschema.keyspaces.get(table.keyspace)
  if (lookupKeyspace === undefined) throw new Error(`keyspace ${table.keyspace} does not exist`)
  const live = await liveTables(snapshot, definition, connections)
  for (const each of live) if (each !== undefined) checkTable(each, vindex, definition)
  const columnsOfOwner = await databaseColumns(place, connections)
  const known = lookupKeyspace.tables.get(table.name)
  const isDeclared = snapshotHas(snapshot, table.keyspace, table.name)
  if (isDeclared && known?.pinned === undefined && lookupKeyspace.sharded) checkPlaced(known, definition)
  return {
    createTable: live.includes(undefined) ? tableText(vindex, definition, columnsOfOwner) : undefined,
    declareTable: isDeclared
      ? undefined
      : {
          name: table.name,
          ...(lookupKeyspace.sharded && {
            placedBy: placedBy(from[0]!, tableVindex, lookupKeyspace.definedVindexes, {
              vindex,
              column: columnsOfOwner[0]!,
            }),
          }),
        },
  }
}

/** New VSchemas, by keyspace. Throws for what has mistakes. */
export function changedVSchemas(
  snapshot: TopologySnapshot,
  now: ReadonlyMap<string, unknown>,
  definition: LookupDefinition,
  { declareTable }: Creation,
): ReadonlyMap<string, unknown> {
  const changed = new Map<string, unknown>()
  const { keyspace, table } = definition
  if (declareTable !== undefined)
    changed.set(table.keyspace, withTable(now.get(table.keyspace) ?? {}, declareTable))
  changed.set(keyspace, withLookup(changed.get(keyspace) ?? now.get(keyspace), definition))
  let before = snapshot
  for (const [name, json] of changed) {
    const { problems } = judge(before, { vschema: { keyspace: name, json } }, { allowUnknown: true })
    if (problems.length > 0)
      throw new Error(
        `the VSchema of ${name} would have mistakes; nothing was changed: ${problems.join('; ')}`,
      )
    before = { ...before, vschemas: new Map([...before.vschemas, [name, json]]) }
  }
  return changed
}

function snapshotHas(snapshot: TopologySnapshot, keyspace: string, table: string): boolean {
  const tables = (snapshot.vschemas.get(keyspace) as { readonly tables?: object } | undefined)?.tables
  return tables !== undefined && table in tables
}

function lookupVindex({ type, name, params }: LookupDefinition): LookupVindex {
  const types = vindexTypes.filter((each) => each.includes('lookup')).join(', ')
  if (!vindexTypes.includes(type))
    throw new Error(`--type ${type} is no type of a vindex; there are ${types}`)
  const vindex = createVindex(type, name, params, { readFile: () => new Uint8Array() })
  if (vindex.kind !== 'lookup') throw new Error(`--type ${type} is no lookup vindex; there are ${types}`)
  if (vindex.unknownParams.length > 0)
    throw new Error(`--param ${vindex.unknownParams[0]}: ${type} has no such parameter`)
  return vindex
}

/** Keyspace ids of eight bytes, each of which is some number's hash. */
const EIGHT_BYTES: ReadonlySet<string> = new Set([
  ...['hash', 'numeric', 'reverse_bits', 'xxhash', 'unicode_loose_xxhash', 'numeric_static_map'],
])

function checkHashed({ isHashed, type }: LookupVindex, { table }: OwnerPlace): void {
  const [primary] = table.columnVindexes
  if (!isHashed || primary === undefined || EIGHT_BYTES.has(primary.type)) return
  throw new Error(
    `--type ${type} keeps numbers in the place of keyspace ids, and those of ${table.name} (${primary.type}) ` +
      'may not be of eight bytes; take lookup, lookup_unique or one of consistent_lookup',
  )
}

/** The lookup table as each shard has it: some may, of a creation that has not come to its end. */
async function liveTables(
  snapshot: TopologySnapshot,
  { table }: LookupDefinition,
  connections: ShardConnections,
): Promise<readonly (LiveTable | undefined)[]> {
  const found: (LiveTable | undefined)[] = []
  for (const { tablet } of shardsOf(snapshot, table.keyspace))
    found.push(await liveTable(tablet, table.name, connections))
  return found
}

/** That a row is told from others as the vindex wants it: a value that is there twice would not be noticed. */
function checkTable(live: LiveTable, { unique, type }: LookupVindex, definition: LookupDefinition): void {
  const { table, from, to } = definition
  const where = `table ${table.keyspace}.${table.name} is there`
  const missing = [...from, to].filter((name) => !live.columns.some((each) => sameColumn(each.name, name)))
  if (missing.length > 0)
    throw new Error(`${where} and has no column ${missing.join(', ')}; name its columns with --from and --to`)
  const wanted = unique ? from : [...from, to]
  const isKey = live.keys.some(
    ({ kind, parts }) =>
      (kind === 'PRIMARY' || kind === 'UNIQUE') &&
      parts.length === wanted.length &&
      parts.every(({ column }) => hasColumn(wanted, column)),
  )
  if (!isKey)
    throw new Error(
      `${where} and has no primary or unique key of (${wanted.join(', ')}), by which ${type} tells its rows`,
    )
}

function checkPlaced(
  known: { readonly columnVindexes: readonly { readonly columns: readonly string[] }[] } | undefined,
  { table, from, to }: LookupDefinition,
): void {
  const own = known?.columnVindexes[0]?.columns ?? []
  if (own.length > 0 && own.every((column) => hasColumn([...from, to], column))) return
  throw new Error(
    `table ${table.keyspace}.${table.name} is sharded by (${own.join(', ')}), which ${[...from, to].join(', ')} do not tell`,
  )
}

function placedBy(
  column: string,
  wanted: string | undefined,
  defined: ReadonlyMap<string, { readonly type: string }>,
  fed: { readonly vindex: LookupVindex; readonly column: DatabaseColumn },
): NonNullable<LookupTablePlace['placedBy']> {
  const isLoose = isLooseText(fed)
  const vindex = wanted ?? (isLoose ? 'unicode_loose_xxhash' : 'xxhash')
  const type = defined.get(vindex)?.type ?? vindex
  if (isLoose && BYTE_VINDEXES.has(type))
    throw new Error(
      `--table-vindex ${vindex}: ${type} tells texts apart that column ${fed.column.name} (${fed.column.collation}) calls equal, ` +
        'and would put them on several shards; take unicode_loose_xxhash',
    )
  if (defined.has(vindex)) return { column, vindex }
  const known = [...defined].find((each) => each[1].type === vindex)
  if (known !== undefined) return { column, vindex: known[0] }
  if (!vindexTypes.includes(vindex))
    throw new Error(`--table-vindex ${vindex} is neither a vindex of the keyspace nor a type of one`)
  return { column, vindex, type: vindex }
}

/** Of texts that are equal bytes may differ. */
function isLooseText({ vindex, column }: { vindex: LookupVindex; column: DatabaseColumn }): boolean {
  const { type, collation = '' } = modelOf(column)
  if (vindex.fromValue !== undefined || type === undefined || !isText(type)) return false
  return fidelityOf('any', type === 'CHAR', collation) !== 'all'
}

async function databaseColumns(
  { table, columns, shards }: OwnerPlace,
  connections: ShardConnections,
): Promise<readonly DatabaseColumn[]> {
  const { tablet } = shards[0]!
  const { raw } = await connections.to(tablet)
  const found = await readColumns(raw, databaseOf(tablet), [table.name])
  return columns.map(({ name }: Column) => found.find((each) => sameColumn(each.name, name))!)
}

const ID_BYTES = 128

/** `CREATE TABLE`, as a binary string. Values have the types of the owner's columns. */
export function tableText(
  { unique, isHashed, fromValue }: LookupVindex,
  { table, from, to, owner }: LookupDefinition,
  columns: readonly DatabaseColumn[],
): string {
  const nullable = columns.slice(1).find((column) => column.nullable)
  if (nullable !== undefined)
    throw new Error(
      `column ${nullable.name} of ${owner} can be NULL, and a primary key has none: make it NOT NULL, ` +
        'or create the lookup table yourself',
    )
  const values = from.map((name, i) => {
    const { columnType, characterSet, collation } = columns[i]!
    const type = fromValue === undefined ? Buffer.from(columnType).latin1Slice() : 'bigint unsigned'
    const isCharacters = fromValue === undefined && characterSet !== null
    const charset = isCharacters ? ` CHARACTER SET ${characterSet} COLLATE ${collation}` : ''
    return `${quoteName(name)} ${type}${charset} NOT NULL`
  })
  const id = `${quoteName(to)} ${isHashed ? 'bigint unsigned' : `varbinary(${ID_BYTES})`} NOT NULL`
  const key = (unique ? from : [...from, to]).map(quoteName).join(', ')
  return `CREATE TABLE IF NOT EXISTS ${quoteName(table.name)} (${[...values, id].join(', ')}, PRIMARY KEY (${key}))`
}
