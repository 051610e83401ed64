import { parseKeyRange, rangeContains } from '../../../src/key/key-range.ts'
import { isNull, type Value, type ValueType, value } from '../../../src/values/value.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { Difference } from '../select/compare-answers.ts'
import { isHashed } from '../select/hidden-tables.ts'
import type { Column, Lookup, Table } from '../select/schema.ts'
import type { ShardDatabase } from '../select/test-bed.ts'
import { primaryVindex } from './schema.ts'

type Ask = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

/** A row of an owner: where it is, its keyspace id in hexadecimal, and by what lookup tables find it. */
interface Placed {
  readonly shard: string
  readonly id: string
  readonly found: readonly (string | null)[]
}

/** A row of the table on a shard where it does not belong, or entries of its lookup tables that are not those of its rows. */
export async function lookupFaults(
  table: Table,
  databases: readonly ShardDatabase[],
  ask: Ask,
): Promise<Difference | undefined> {
  const rows = await placedRows(
    table,
    databases.filter(({ keyspace }) => keyspace === table.keyspace),
    ask,
  )
  const astray = rows.find(({ shard, id }) => !rangeContains(parseKeyRange(shard), Buffer.from(id, 'hex')))
  if (astray !== undefined)
    return { kind: 'row on another shard', expected: `shard of ${astray.id}`, got: astray.shard }
  for (const [i, lookup] of (table.lookups ?? []).entries()) {
    const wanted = rows.flatMap(({ id, found }) => (found[i] === null ? [] : [`${found[i]} ${id}`]))
    const expected = [...new Set(wanted)].sort().join('\n')
    const got = (await entries(table, lookup, databases, ask)).sort().join('\n')
    if (expected !== got)
      return {
        kind: `entries of ${lookup.type}`,
        expected: `${lookup.column}\n${expected}`,
        got: `${lookup.column}\n${got}`,
      }
  }
  return undefined
}

async function placedRows(
  table: Table,
  databases: readonly ShardDatabase[],
  ask: Ask,
): Promise<readonly Placed[]> {
  const columnOf = (name: string) => table.columns.find((column) => column.name === name)!
  const placing = table.sharding!.columns.map(columnOf)
  const found = (table.lookups ?? []).map(({ column }) => columnOf(column))
  const selects = databases.map(({ database, shard }) => {
    const items = [`'${shard}'`, ...placing.map(bytesOf), ...found.map(fromOf)]
    return `SELECT ${items.join(', ')} FROM \`${database}\`.${table.name}`
  })
  const idOf = placer(table, placing)
  const rows = await ask(selects.join(' UNION ALL '))
  return rows.map(([shard, ...cells]) => ({
    shard: shard!,
    id: idOf(cells.slice(0, placing.length)),
    found: cells.slice(placing.length),
  }))
}

/** Sorted, as `from id`, both as text or in hexadecimal. */
async function entries(
  table: Table,
  lookup: Lookup,
  databases: readonly ShardDatabase[],
  ask: Ask,
): Promise<string[]> {
  const column = table.columns.find(({ name }) => name === lookup.column)!
  const to = isHashed(lookup) ? 'keyspace_id' : 'LOWER(HEX(keyspace_id))'
  const selects = databases
    .filter(({ keyspace }) => keyspace === lookup.keyspace)
    .map(
      ({ database }) => `SELECT ${fromOf(column)}, ${to} FROM \`${database}\`.${table.name}_${lookup.column}`,
    )
  const rows = await ask(selects.join(' UNION ALL '))
  const idOf = (id: string) => (isHashed(lookup) ? hashed(id) : id)
  return rows.map(([from, id]) => `${from} ${idOf(id!)}`)
}

const hash = createVindex('hash', 'hash', {}, { readFile: () => new Uint8Array() })

function hashed(number: string): string {
  const id = hash.kind === 'single' ? hash.hash?.(value('UINT64', number)) : undefined
  return Buffer.from(id!).toString('hex')
}

function placer(table: Table, columns: readonly Column[]): (cells: readonly (string | null)[]) => string {
  const vindex = primaryVindex(table.sharding!)
  return (cells) => {
    const values = cells.map((cell, i) => cellValue(columns[i]!, cell))
    const destination = vindex.kind === 'single' ? vindex.map(values[0]!) : vindex.map(values)
    return destination.kind === 'KeyspaceId' ? Buffer.from(destination.id).toString('hex') : ''
  }
}

const TYPES: Readonly<Partial<Record<Column['type']['family'], ValueType>>> = {
  integer: 'INT64',
  decimal: 'DECIMAL',
  date: 'DATE',
  text: 'VARCHAR',
  binary: 'VARBINARY',
}

function cellValue({ type }: Column, cell: string | null): Value {
  const made = value(TYPES[type.family] ?? 'VARCHAR', Buffer.from(cell ?? '', 'hex'))
  return !isNull(made) &&
    made.type === 'INT64' &&
    BigInt(Buffer.from(made.bytes).toString()) > 0x7fff_ffff_ffff_ffffn
    ? value('UINT64', made.bytes)
    : made
}

/** The value's bytes, text in utf8mb4, in hexadecimal. */
function bytesOf({ name, type }: Column): string {
  return type.family === 'binary' ? `HEX(${name})` : `HEX(CONVERT(${name} USING utf8mb4))`
}

/** What a collation calls equal is one entry. */
function fromOf({ name, type }: Column): string {
  return type.family === 'text' ? `HEX(WEIGHT_STRING(${name} AS CHAR(16)))` : `CONVERT(${name} USING utf8mb4)`
}
