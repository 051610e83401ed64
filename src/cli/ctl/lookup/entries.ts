import { storedForm } from '../../../engine/stored-form.ts'
import { SqlError } from '../../../errors/sql-error.ts'
import { compareKeyspaceIds, type KeyspaceId, printKeyspaceId } from '../../../key/keyspace-id.ts'
import { shardIndexOf } from '../../../key/shard-ranges.ts'
import { routedColumn } from '../../../planner/binding/column-type.ts'
import type { Column } from '../../../values/column.ts'
import { areEqual, quoteName, valueLiteral } from '../../../values/sql-literal.ts'
import { isBinary, isNumber, nullValue, type Value, value } from '../../../values/value.ts'
import { domainOf } from '../../../vindex/domain.ts'
import { cellOfId, cellOfValue } from '../../../vindex/lookup-ids.ts'
import { type ColumnVindex, sameColumn } from '../../../vschema/model.ts'
import type { LookupPlace, OwnerPlace, ShardPlace } from './place.ts'
import type { Cells } from './shard-connection.ts'

/** What a lookup table has for a row of its owner. */
export interface Entry {
  /** In the place of the values. */
  readonly cells: readonly Value[]
  readonly id: KeyspaceId
}

/** A row of the owner as it is read: its key, and its entry unless it has none, for NULL is not entered. */
export interface OwnerRow {
  readonly key: readonly Value[]
  readonly entry: Entry | undefined
}

/** Columns that are read of the owner: key, placing, feeding. */
export function ownerItems({ key, placing, columns }: OwnerPlace): string {
  return [...key, ...placing, ...columns].map(({ name }) => quoteName(name)).join(', ')
}

/** Throws for a row that the owner's primary vindex has no place for. */
export function ownerRow(cells: Cells, place: LookupPlace): OwnerRow {
  const { key, placing, columns } = place.owner
  const all = [...key, ...placing, ...columns].map((column, i) => cellValue(column, cells[i] ?? null))
  const values = all.slice(key.length + placing.length)
  const id = idOf(place.owner, all.slice(key.length, key.length + placing.length))
  const own = all.slice(0, key.length)
  if (id === undefined)
    throw new Error(`${ownerName(place)} has a row without a keyspace id, ${printValues(own)}: mend it first`)
  if (values[0]?.type === 'NULL') return { key: own, entry: undefined }
  return { key: own, entry: { cells: values.map((each) => storedCell(each, place)), id } }
}

function storedCell(of: Value, { vindex, name }: LookupPlace): Value {
  const cell = cellOfValue(vindex, of)
  if (cell === undefined) throw new Error(`vindex ${name} has no number for ${printValues([of])}`)
  return cell
}

/** As the proxy places a row that has these values. */
function idOf({ table, placing }: OwnerPlace, values: readonly Value[]): KeyspaceId | undefined {
  return placeBy(table.columnVindexes[0]!, placing, values)
}

function placeBy(
  { vindex }: ColumnVindex,
  columns: readonly (Column | undefined)[],
  values: readonly Value[],
): KeyspaceId | undefined {
  const stored = values.map((each, i) =>
    storedForm(domainOf(vindex, i), routedColumn(columns[i]), each, columns[i]?.name ?? ''),
  )
  try {
    if (vindex.kind === 'lookup') return undefined
    const destination = vindex.kind === 'multi' ? vindex.map(stored) : vindex.map(stored[0]!)
    return destination.kind === 'KeyspaceId' ? destination.id : undefined
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

export function cellValue({ type = 'VARCHAR' }: Column, bytes: Buffer | null): Value {
  return bytes === null ? nullValue : value(type, bytes)
}

// ------------------------------------------------------------------------------------------ the lookup table

/** Which shard of the lookup table an entry is on. */
export function lookupShardOf({ cells, id }: Entry, { lookup, vindex }: LookupPlace): ShardPlace {
  const { table, from, to, shards } = lookup
  if (!table.sharded) return shards[0]!
  if (table.pinned !== undefined) return shards[shardIndexOf(shards, table.pinned)]!
  const [primary] = table.columnVindexes
  const names = [...from, to]
  const values = [...cells, cellOfId(vindex, id)]
  const own = primary?.columns.map((name) => names.findIndex((each) => sameColumn(each, name))) ?? []
  const columns = own.map((at) => table.live?.columns.find(({ name }) => sameColumn(name, names[at] ?? '')))
  const place =
    own.length === 0 || own.includes(-1)
      ? undefined
      : placeBy(
          primary!,
          columns,
          own.map((at) => values[at]!),
        )
  if (place === undefined)
    throw new Error(
      `lookup table ${table.keyspace}.${table.name} cannot be sharded by ${primary?.columns.join(', ') ?? 'nothing'}: ` +
        `its primary vindex must place each row by ${names.join(', ')}`,
    )
  return shards[shardIndexOf(shards, place)]!
}

export function lookupName({ lookup: { table } }: LookupPlace): string {
  return quoteName(table.name)
}

export function ownerName({ owner: { table } }: LookupPlace): string {
  return `${table.keyspace}.${table.name}`
}

/** Columns of the lookup table, the keyspace id last. */
export function lookupItems({ lookup: { from, to } }: LookupPlace): readonly string[] {
  return [...from, to].map(quoteName)
}

/** `WHERE` of the rows of a lookup table that have the entry's values. */
export function hasValues({ cells }: Entry, { lookup: { from } }: LookupPlace): string {
  return areEqual(from.map(quoteName), cells)
}

export function idLiteral({ id }: Entry, { vindex }: LookupPlace): string {
  return valueLiteral(cellOfId(vindex, id), 'utf8mb4')
}

/** The columns, which are SQL text, come after these values in the order of an index of them. */
export function after(columns: readonly string[], values: readonly Value[]): string {
  const literals = values.map((each) => valueLiteral(each, 'utf8mb4'))
  const parts = columns.map((column, i) => {
    const before = columns.slice(0, i).map((each, at) => `${each} = ${literals[at]}`)
    return `(${[...before, `${column} > ${literals[i]}`].join(' AND ')})`
  })
  // The first column's bound stands alone, for a range of the index to begin there.
  return columns.length === 1 ? parts[0]! : `${columns[0]} >= ${literals[0]} AND (${parts.join(' OR ')})`
}

/** One text for each entry; equal for entries whose bytes are. */
export function textOf({ cells, id }: Entry): string {
  return JSON.stringify([printKeyspaceId(id), ...cells.map(hexOf)])
}

function hexOf({ type, bytes }: Value): string {
  return type === 'NULL' ? 'NULL' : Buffer.from(bytes).toString('hex')
}

export function sameId(a: KeyspaceId | undefined, b: KeyspaceId): boolean {
  return a !== undefined && compareKeyspaceIds(a, b) === 0
}

export function distinctEntries(rows: readonly OwnerRow[]): readonly Entry[] {
  const entries = rows.flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
  return [...new Map(entries.map((entry) => [textOf(entry), entry])).values()]
}

/** For people: numbers, text in quotes, bytes in hexadecimal. */
export function printValues(values: readonly Value[]): string {
  return values.map(printValue).join(', ')
}

function printValue({ type, bytes }: Value): string {
  if (type === 'NULL') return 'NULL'
  if (isBinary(type)) return `x'${Buffer.from(bytes).toString('hex')}'`
  const text = Buffer.from(bytes).toString()
  return isNumber(type) ? text : `'${text.replaceAll(/\p{Cc}/gu, '?')}'`
}
