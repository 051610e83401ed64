import { notSupported } from '../errors/sql-error.ts'
import { compareKeyspaceIds, type KeyspaceId } from '../key/keyspace-id.ts'
import { shardIndexOf } from '../key/shard-ranges.ts'
import type { Routing } from '../plan/routing.ts'
import type { KeptForeignKey, NewKeyColumn, RowMove, Upkeep } from '../plan/write-primitives.ts'
import { quoteString } from '../values/sql-literal.ts'
import type { Value } from '../values/value.ts'
import { bindLiterally } from './bind.ts'
import { areSame, followForeignKeys, type KeyedChange, type KeyedRow } from './foreign-keys.ts'
import { InsertText } from './insert-text.ts'
import { duplicateEntry, enter, isEntered, type LookupContext, remove } from './lookup-entries.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { keyspaceIdOf } from './resolve.ts'
import { RowLayout } from './row-format.ts'
import type { Row } from './row-stream.ts'
import type { LookupEntry } from './shard-port.ts'
import { readShard, type ShardRead } from './shard-read.ts'
import { asCompared, implicitDefault, storedForm } from './stored-form.ts'
import { ValueRows } from './value-rows.ts'

/** Rows of one shard before they were written, and how they are told. */
export interface Changed {
  readonly keyspace: string
  readonly shard: number
  readonly before: ShardRead
  /** Columns at the beginning that tell rows apart. */
  readonly keyWidth: number
  readonly charsets: ReadonlyMap<number, string>
  /** Where a row belongs. */
  readonly routing: Routing
  /** What error 1235 names where it cannot be told what has become of a row. */
  readonly construct: string
  /** Shards whose rows are known to be movable: they are asked once in a statement. */
  readonly movable: Set<number>
}

/**
 * Once rows of a shard have been written: takes them out of lookup tables, and enters them, as they were and are now, and brings those
 * that belong on another shard there. Throws ER_DUP_ENTRY for a value that another row has.
 */
export async function followRows(upkeep: Upkeep, changed: Changed, context: LookupContext): Promise<void> {
  const { before } = changed
  if (before.rows.length === 0) return
  const after = await rowsAfter(upkeep, changed, context)
  const gone: LookupEntry[] = []
  const come: LookupEntry[] = []
  const changes: KeyedChange[] = []
  const moved: { readonly row: ShardRead; readonly to: number }[] = []
  for (const row of before.rows) {
    const was = factsOf({ ...before, rows: [row] }, upkeep, changed, context)
    const now = after.get(row)
    if (now === undefined && upkeep.deletes !== true) throw untold(changed)
    const is = now && factsOf(now, upkeep, changed, context)
    changes.push({ was: was.keyed, is: is?.keyed })
    for (const [i, entry] of was.entries.entries()) {
      const other = is?.entries[i]
      if (other !== undefined && isSame(entry, other)) continue
      gone.push(entry)
      if (other !== undefined) come.push(other)
    }
    if (is === undefined) continue
    const to = shardIndexOf(context.shards.shardsOf(changed.keyspace), is.id)
    if (to !== changed.shard) moved.push({ row: now!, to })
  }
  await remove(gone, context)
  for (const { row, to } of moved) await moveRow(upkeep.move, row, { ...changed, to }, context)
  const taken = await enter(come, 'written rows', context)
  if (taken !== undefined) throw duplicateEntry(taken.entry, context.bindings.isMariadb)
  if (upkeep.foreignKeys !== undefined) await followForeignKeys(upkeep.foreignKeys, changes, context)
}

/** By the rows of before; those that are gone aside. */
async function rowsAfter(
  { after, oneByOne, newKey, keepsKey, deletes }: Upkeep,
  changed: Changed,
  { bindings, port }: LookupContext,
): Promise<ReadonlyMap<Row, ShardRead>> {
  const { before, keyWidth, charsets } = changed
  const found = new Map<Row, ShardRead>()
  if (after === undefined) return found
  const own = new StreamRows(before.rows, before.columns, before.format, charsets)
  const outer =
    newKey === undefined ? own : new ValueRows(before.rows.map((_, i) => keyAfter(own, i, newKey)))
  if (keepsKey && oneByOne) {
    const kept = await readShard(after, changed, { bindings, outer: own }, { port, waits: true })
    if (kept.rows.length === 1) return found.set(before.rows[0]!, kept)
  }
  const read = await readShard(after, changed, { bindings, outer }, { port, waits: true })
  if (oneByOne) {
    const [row] = read.rows
    if (row === undefined && deletes) return found
    if (row === undefined || read.rows.length > 1 || before.rows.length > 1) throw untold(changed)
    return found.set(before.rows[0]!, { ...read, rows: [row] })
  }
  const now = new StreamRows(read.rows, read.columns, read.format, charsets)
  const byKey = new Map(read.rows.map((row, i) => [keyText(now, i, keyWidth), row]))
  for (const [i, row] of before.rows.entries()) {
    const same = byKey.get(keyText(own, i, keyWidth))
    if (same !== undefined) found.set(row, { ...read, rows: [same] })
  }
  return found
}

/** Equal for rows of one key, in whatever format they have come. */
function keyText(rows: StreamRows, i: number, width: number): string {
  return JSON.stringify(
    Array.from({ length: width }, (_, cell) => Buffer.from(rows.cell(i, cell).bytes).latin1Slice()),
  )
}

/** What foreign keys see of rows as they are told. */
export function keyedRowsOf(upkeep: Upkeep, changed: Changed, context: LookupContext): readonly KeyedRow[] {
  return factsOfAll(upkeep, changed, context).map(({ keyed }) => keyed)
}

/** Of rows as they are told, in lookup tables. */
export function entriesOf(upkeep: Upkeep, changed: Changed, context: LookupContext): readonly LookupEntry[] {
  return factsOfAll(upkeep, changed, context).flatMap(({ entries }) => entries)
}

function factsOfAll(upkeep: Upkeep, changed: Changed, context: LookupContext): readonly Facts[] {
  const { before } = changed
  return before.rows.map((row) => factsOf({ ...before, rows: [row] }, upkeep, changed, context))
}

/** The key that row `i` gets, as it is stored. NULL that a server has taken for a column without it is the column's implicit default. */
function keyAfter(rows: StreamRows, i: number, newKey: readonly NewKeyColumn[]): readonly Value[] {
  return newKey.map(({ column, name, routed }) => {
    const value = rows.cell(i, column)
    const implicit = value.type === 'NULL' && routed?.notNull === true ? implicitDefault(routed) : undefined
    return asCompared(routed, implicit ?? storedForm('any', routed, value, name))
  })
}

interface Facts {
  readonly id: KeyspaceId
  /** In the order of the lookup tables. */
  readonly entries: readonly LookupEntry[]
  readonly keyed: KeyedRow
}

/** Of a single row. */
function factsOf(
  { rows, columns, format }: ShardRead,
  { lookups, foreignKeys }: Upkeep,
  changed: Changed,
  { bindings }: LookupContext,
): Facts {
  const { charsets, routing } = changed
  const row = new StreamRows(rows, columns, format, charsets)
  const id = keyspaceIdOf(routing, row, bindings)
  if (id === undefined) throw untold(changed)
  const placing = placingOf(routing).map((cell) => row.cell(0, cell))
  const entries = lookups.map(({ lookup, columns: cells }) => ({
    lookup,
    values: cells.map((cell) => row.cell(0, cell)),
    id,
    placing,
  }))
  const valuesOf = (kept: readonly KeptForeignKey[] = []) =>
    kept.map(({ columns: cells }) => cells.map((cell) => row.cell(0, cell)))
  return { id, entries, keyed: { own: valuesOf(foreignKeys?.own), toIt: valuesOf(foreignKeys?.toIt) } }
}

function placingOf(routing: Routing): readonly number[] {
  if (routing.kind !== 'Equal') return []
  return routing.values.flatMap((value) => (value.kind === 'Cell' ? [value.column] : []))
}

function isSame(a: LookupEntry, b: LookupEntry): boolean {
  if (!isEntered(a) && !isEntered(b)) return true
  return compareKeyspaceIds(a.id, b.id) === 0 && areSame(a.values, b.values)
}

/** Where it has no place afterwards, or cannot be found again. */
function untold({ construct }: Changed): Error {
  return notSupported(`${construct}, for a row of which it cannot be told where it belongs afterwards,`)
}

// --------------------------------------------------------------------------------------------- another shard

/** All that is stored of a row, taken from one shard to another. */
async function moveRow(
  move: RowMove | undefined,
  row: ShardRead,
  changed: Changed & { readonly to: number },
  { bindings, port }: LookupContext,
): Promise<void> {
  const { keyspace, shard, to, charsets, construct } = changed
  if (move === undefined) throw untold(changed)
  await checkMovable(move, changed, { port })
  const outer = new StreamRows(row.rows, row.columns, row.format, charsets)
  const { rows, columns, format } = await readShard(
    move.rows,
    changed,
    { bindings, outer },
    { port, waits: true },
  )
  if (rows.length !== 1) throw untold(changed)
  const layout = new RowLayout(format, columns)
  const cells = new Int32Array(2 * columns.length)
  layout.locate(rows[0]!, columns.length, cells)
  const text = new InsertText(move.insert, move.as)
  text.add(rows[0]!, cells)
  const { zeroMembers } = text
  const sql = text.take().latin1Slice()
  const query = bindLiterally(move.remove, beneath(bindings, outer))
  await port.write([{ keyspace, shard, query }])
  const [written] = await port.write([
    { keyspace, shard: to, query: { kind: 'Text', sql, params: [] }, copiesRows: true },
  ])
  if (written!.warnings > zeroMembers)
    throw notSupported(`${construct}, for a row of which another shard does not hold all as it is,`)
}

/** A row that moves is deleted and inserted for its servers: what they do with others then is not what an UPDATE does. */
async function checkMovable(
  { table, keepsForeignKeys }: RowMove,
  { keyspace, shard, construct, movable }: Changed,
  { port }: Pick<LookupContext, 'port'>,
): Promise<void> {
  if (movable.has(shard)) return
  const name = quoteString(table)
  const triggers = `SELECT 'a trigger' FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = ${name} AND EVENT_MANIPULATION <> 'UPDATE'`
  const keys = `SELECT 'a foreign key' FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME = ${name}`
  const sql = `${keepsForeignKeys ? triggers : `${triggers} UNION ALL ${keys}`} LIMIT 1`
  const [stream] = await port.openStreams({
    keyspace,
    shards: [shard],
    query: { kind: 'Text', sql, params: [] },
    asText: true,
  })
  try {
    const batch = await stream!.next()
    if (batch === undefined) return void movable.add(shard)
    const why = new StreamRows(batch.slice(0, 1), stream!.columns, stream!.format).value(0)
    const what = Buffer.from(why.bytes).toString()
    throw notSupported(
      `${construct}, for a row of table '${table}' that belongs on another shard then, while ${what} is about that table,`,
    )
  } finally {
    await stream!.close()
  }
}
