import { groupBy } from '../../../base/group-by.ts'
import type { KeyspaceId } from '../../../key/keyspace-id.ts'
import { isNameable } from '../../../planner/row-keys.ts'
import type { Column } from '../../../values/column.ts'
import { quoteName, valueLiteral } from '../../../values/sql-literal.ts'
import type { Value } from '../../../values/value.ts'
import { idOfCell } from '../../../vindex/lookup-ids.ts'
import { type LiveTable, sameColumn } from '../../../vschema/model.ts'
import {
  after,
  cellValue,
  type Entry,
  hasValues,
  idLiteral,
  lookupItems,
  lookupName,
  lookupShardOf,
  sameId,
  textOf,
} from './entries.ts'
import { isOwned } from './owner-rows.ts'
import type { LookupPlace, ShardPlace } from './place.ts'
import type { Cells, ShardConnection, ShardConnections } from './shard-connection.ts'

/** A value of a unique vindex that rows with two keyspace ids have. */
export interface Duplicate {
  readonly entry: Entry
  readonly other: KeyspaceId
}

/**
 * Enters rows that are locked in the lookup table, within transactions that the caller ends. What is there already stays as it is, but
 * for a value of a unique vindex whose row is gone: that becomes the row's.
 */
export async function enterLocked(
  entries: readonly Entry[],
  place: LookupPlace,
  connections: ShardConnections,
): Promise<readonly Duplicate[]> {
  const duplicates: Duplicate[] = []
  for (const [shard, own] of groupBy(entries, (entry) => lookupShardOf(entry, place))) {
    const connection = await connections.to(shard.tablet)
    await connection.queryIn(insertText(own, place))
    if (!place.vindex.unique) continue
    // Whatever was there is locked by the INSERT, too.
    const there = await alikeIn(own, place, connection)
    for (const entry of own) {
      if (there.has(textOf(entry))) continue
      const duplicate = await takeOver(entry, place, connection, connections)
      if (duplicate !== undefined) duplicates.push(duplicate)
    }
  }
  return duplicates
}

function insertText(entries: readonly Entry[], place: LookupPlace): string {
  const items = lookupItems(place)
  const rows = entries.map((entry) => `(${literals(entry, place).join(', ')})`).sort()
  const to = items.at(-1)
  return (
    `INSERT INTO ${lookupName(place)} (${items.join(', ')}) VALUES ${rows.join(', ')} ` +
    `ON DUPLICATE KEY UPDATE ${to} = ${to}`
  )
}

function literals(entry: Entry, place: LookupPlace): readonly string[] {
  return [...entry.cells.map((cell) => valueLiteral(cell, 'utf8mb4')), idLiteral(entry, place)]
}

/** Those of these entries, by `textOf`, that the lookup table has byte for byte. */
export async function alikeIn(
  entries: readonly Entry[],
  place: LookupPlace,
  connection: ShardConnection,
): Promise<ReadonlySet<string>> {
  const where = entries.map((entry) => isEntry(entry, place)).join(' OR ')
  const rows = await connection.query(
    `SELECT ${lookupItems(place).join(', ')} FROM ${lookupName(place)} WHERE ${where}`,
  )
  return new Set(
    rows.flatMap((cells) => {
      const entry = entryOf(cells, place)
      return entry === undefined ? [] : [textOf(entry)]
    }),
  )
}

/** Keyspace ids that a value has in the lookup table; `lock`: those rows stay so until the transaction ends. */
export async function idsOf(
  entry: Entry,
  place: LookupPlace,
  connection: ShardConnection,
  lock: 'LOCK IN SHARE MODE' | 'FOR UPDATE',
): Promise<readonly (KeyspaceId | undefined)[]> {
  // Of other types a value may have any number of them.
  const where = place.vindex.unique ? hasValues(entry, place) : isEntry(entry, place)
  const rows = await connection.queryIn(
    `SELECT ${quoteName(place.lookup.to)} FROM ${lookupName(place)} WHERE ${where} ${lock}`,
  )
  return rows.map(([cell]) => idOfCell(place.vindex, toCell(cell ?? null, place)))
}

/** The value is there with another id, or with other bytes that are equal to it. */
async function takeOver(
  entry: Entry,
  place: LookupPlace,
  connection: ShardConnection,
  connections: ShardConnections,
): Promise<Duplicate | undefined> {
  const [held] = await idsOf(entry, place, connection, 'FOR UPDATE')
  if (sameId(held, entry.id)) return undefined
  const isTaken = held !== undefined && (await isOwned({ ...entry, id: held }, place, connections, 'lock'))
  if (held !== undefined && isTaken !== false) return { entry, other: held }
  await connection.queryIn(
    `UPDATE ${lookupName(place)} SET ${quoteName(place.lookup.to)} = ${idLiteral(entry, place)} ` +
      `WHERE ${hasValues(entry, place)}`,
  )
  return undefined
}

export async function removeEntry(entry: Entry, place: LookupPlace, connection: ShardConnection) {
  await connection.queryIn(`DELETE FROM ${lookupName(place)} WHERE ${isEntry(entry, place)}`)
}

/** Rows of one shard of the lookup table behind a key, in the key's order. */
export async function readEntries(
  place: LookupPlace,
  shard: ShardPlace,
  { from, count }: { readonly from: readonly Value[] | undefined; readonly count: number },
  connections: ShardConnections,
): Promise<{ readonly entries: readonly (Entry | undefined)[]; readonly last?: readonly Value[] }> {
  const key = entryKey(place)
  const names = key.map(({ name }) => quoteName(name))
  const where = from === undefined ? '' : ` WHERE ${after(names, from)}`
  const connection = await connections.to(shard.tablet)
  const rows = await connection.query(
    `SELECT ${[...lookupItems(place), ...names].join(', ')} FROM ${lookupName(place)}${where} ` +
      `ORDER BY ${names.join(', ')} LIMIT ${count}`,
  )
  const width = place.lookup.from.length + 1
  const last = rows.at(-1)
  return {
    entries: rows.map((cells) => entryOf(cells, place)),
    ...(last && { last: key.map((column, i) => cellValue(column, last[width + i] ?? null)) }),
  }
}

/** By which the rows of a lookup table are told and put in order. Throws where it has no such key. */
function entryKey({ lookup: { table } }: LookupPlace): readonly Column[] {
  for (const { kind, parts } of table.live?.keys ?? []) {
    const isWhole = parts.every(({ text }) => !/[()]/.test(text))
    if ((kind !== 'PRIMARY' && kind !== 'UNIQUE') || !isWhole) continue
    const columns = parts.map(({ column }) => columnIn(table.live, column))
    if (columns.every((column) => column !== undefined && !column.nullable && isNameable(column)))
      return columns as readonly Column[]
  }
  throw new Error(
    `lookup table ${table.keyspace}.${table.name} needs a primary key whose values have exact literals`,
  )
}

/** Undefined for one whose keyspace id is none. */
function entryOf(cells: Cells, place: LookupPlace): Entry | undefined {
  const { from, table } = place.lookup
  const id = idOfCell(place.vindex, toCell(cells[from.length] ?? null, place))
  if (id === undefined) return undefined
  const own = from.map((name, i) => cellValue(columnIn(table.live, name) ?? ANY_COLUMN, cells[i] ?? null))
  return { cells: own, id }
}

const ANY_COLUMN: Column = { name: '', nullable: true, invisible: false, autoIncrement: false, values: [] }

function toCell(cell: Buffer | null, { lookup: { table, to } }: LookupPlace): Value {
  return cellValue(columnIn(table.live, to) ?? ANY_COLUMN, cell)
}

function columnIn(live: LiveTable | undefined, name: string): Column | undefined {
  return live?.columns.find((column) => sameColumn(column.name, name))
}

function isEntry(entry: Entry, place: LookupPlace): string {
  return `(${hasValues(entry, place)} AND ${quoteName(place.lookup.to)} = ${idLiteral(entry, place)})`
}
