import { domainOf, fidelityOf } from '../../../src/vindex/domain.ts'
import { createVindex } from '../../../src/vindex/registry.ts'
import type { MultiColumnVindex, SingleColumnVindex } from '../../../src/vindex/vindex.ts'
import type { Random } from '../random.ts'
import { type ColumnType, type Flavor, randomTextType } from '../select/column-types.ts'
import { insertedColumns, randomRows, type TableRows } from '../select/rows.ts'
import {
  type Column,
  columnOf,
  integerType,
  isIndexable,
  type Lookup,
  MAIN,
  randomTable,
  type Schema,
  type Table,
} from '../select/schema.ts'
import type { Sharding } from '../select/shardings.ts'

/**
 * Tables for statements that write: what is unique on one server is so over shards, by the key that places a row or by a lookup
 * vindex; with lookup vindexes besides, numbered ids, defaults and checks.
 */
export function randomWriteSchema(random: Random, flavor: Flavor): Schema {
  const tables = (keyspace: string, names: readonly string[], isSharded: boolean) =>
    names.map((name) => writable(random, flavor, anyTable(random, flavor, { keyspace, name, isSharded })))
  return {
    keyspaces: [
      {
        name: MAIN,
        isSharded: true,
        tables: [...tables(MAIN, ['a1', 'a2', 'a3'], true), ...tables(MAIN, ['r1'], false)],
      },
      { name: 'extra', isSharded: true, shards: ['-40', '40-'], tables: tables('extra', ['e1'], true) },
      { name: 'plain', isSharded: false, tables: tables('plain', ['u1'], false) },
    ],
  }
}

/** Not by `cfc`, which has no place for short values: what one server stores is an error. */
function anyTable(random: Random, flavor: Flavor, named: Parameters<typeof randomTable>[2]): Table {
  for (;;) {
    const table = randomTable(random, flavor, named)
    if (table.sharding?.vindex.type !== 'cfc') return table
  }
}

/** Rows of which each may be beside the others. */
export function randomWriteRows(random: Random, table: Table): TableRows {
  const { rows } = randomRows(random, table)
  const names = insertedColumns(table).map(({ name }) => name)
  const seen = new Set<string>()
  const isNew = (row: readonly string[]) => {
    const keys = uniqueKeysOf(table).map((key) => key.map((name) => folded(row[names.indexOf(name)]!)))
    const told = keys.filter((key) => !key.includes('null')).map((key, i) => `${i} ${key.join(' ')}`)
    if (told.some((key) => seen.has(key))) return false
    for (const key of told) seen.add(key)
    return true
  }
  return { table, rows: rows.filter(isNew) }
}

export function uniqueKeysOf({ primaryKey, uniqueKeys = [] }: Table): readonly (readonly string[])[] {
  return [primaryKey, ...uniqueKeys]
}

/** What some collation calls equal is equal. */
function folded(literal: string): string {
  const plain = literal.normalize('NFD').replaceAll(/\p{M}/gu, '')
  return plain.toLowerCase().replaceAll('ß', 'ss').replaceAll(/ +'$/g, "'")
}

/** The vindex that places the table's rows. */
export function primaryVindex({ vindex }: Sharding): SingleColumnVindex | MultiColumnVindex {
  const made = createVindex(vindex.type, 'primary', vindex.params ?? {}, { readFile: () => new Uint8Array() })
  if (made.kind === 'lookup') throw new Error(`rows are not placed by ${vindex.type}`)
  return made
}

function writable(random: Random, flavor: Flavor, table: Table): Table {
  const { sharding } = table
  const unique: Column = {
    ...columnOf(`${table.name}q`, uniqueType(random, flavor)),
    isNullable: random.oneIn(2),
  }
  const columns = [...table.columns, unique].map((column) => withDefault(random, column))
  const base = { ...table, columns }
  const lookups: Lookup[] = []
  const own = (column: string, isUnique: boolean) => {
    if (sharding !== undefined) lookups.push(randomLookup(random, base, { column, isUnique }))
  }
  const primaryKey = randomPrimaryKey(random, base)
  if (!isPlacedBy(sharding, primaryKey)) own(primaryKey[0]!, true)
  const uniqueKeys = random.pick([
    [[unique.name]],
    sharding === undefined || !isFaithful(table)
      ? []
      : [[...sharding.columns, random.pick(['tag', unique.name])]],
  ])
  if (uniqueKeys[0]?.length === 1) own(unique.name, true)
  for (const column of ['tag', 'ref'])
    if (!sharding?.columns.includes(column) && random.oneIn(4)) own(column, false)
  const checked = random.oneIn(2)
    ? checkOf(random, base, ['id', ...primaryKey, ...(sharding?.columns ?? [])])
    : undefined
  return {
    ...base,
    primaryKey,
    uniqueKeys,
    lookups,
    isNumbered: isNumberable(base) && random.oneIn(2),
    ...(checked && { columns: checked.columns, checks: [checked.condition] }),
  }
}

/** By the key of a row it is known where it is. */
function isPlacedBy(sharding: Sharding | undefined, key: readonly string[]): boolean {
  return sharding?.columns.every((column) => key.includes(column)) ?? true
}

function randomPrimaryKey(random: Random, table: Table): readonly string[] {
  const { sharding, columns } = table
  if (sharding === undefined || sharding.columns.join() === 'id') return ['id']
  if (!isFaithful(table) || random.oneIn(3)) return ['id']
  const [first] = sharding.columns
  const { family } = columns.find(({ name }) => name === first)!.type
  if (first === 'code' && (family === 'text' || family === 'binary') && random.oneIn(2)) return ['code']
  return [...new Set([...sharding.columns, 'id'])]
}

/** Values that are equal in their columns are on one shard. */
function isFaithful({ sharding, columns }: Table): boolean {
  const vindex = primaryVindex(sharding!)
  return sharding!.columns.every((name, i) => {
    const { sql, family, collation = 'binary' } = columns.find((column) => column.name === name)!.type
    if (family !== 'text') return true
    const fidelity = fidelityOf(domainOf(vindex, i), sql.startsWith('CHAR'), collation)
    return fidelity === 'all' || fidelity === 'basic plane'
  })
}

const CONSISTENT = ['consistent_', 'consistent_', '']

function randomLookup(
  random: Random,
  { sharding, columns }: Table,
  { column, isUnique }: { readonly column: string; readonly isUnique: boolean },
): Lookup {
  const { family } = columns.find(({ name }) => name === column)!.type
  const isHash = sharding!.vindex.type === 'hash' && random.oneIn(4)
  const kind = isHash ? 'lookup_hash' : `${random.pick(CONSISTENT)}lookup`
  // Texts that are equal have several hashes.
  const keyspace = family === 'integer' && random.oneIn(2) ? MAIN : 'plain'
  return { column, type: isUnique ? `${kind}_unique` : kind, keyspace }
}

const MANY = Array.from({ length: 60 }, (_, i) => i + 1)

function uniqueType(random: Random, flavor: Flavor): ColumnType {
  if (random.oneIn(2)) return { ...integerType('INT'), values: MANY.map(String) }
  const type = randomTextType(random, flavor)
  return {
    ...type,
    sql: type.sql.replace(/^(?:TEXT|(?:VAR)?CHAR\(\d+\))/, 'VARCHAR(16)'),
    values: MANY.map((n) => `'q${n}'`),
    isTame: true,
  }
}

function withDefault(random: Random, column: Column): Column {
  const { name, type, generated } = column
  if (['id', 'code'].includes(name) || generated !== undefined || !isIndexable(type) || !type.isTame)
    return column
  return random.oneIn(4) ? { ...column, default: random.pick(type.values) } : column
}

/** A value that a small number may not have; rows begin with others. */
function checkOf(random: Random, { columns }: Table, except: readonly string[]) {
  const fit = columns.filter(
    ({ name, type, generated }) =>
      type.family === 'integer' && type.isTame && generated === undefined && !except.includes(name),
  )
  if (fit.length === 0) return undefined
  const checked = random.pick(fit)
  const values = checked.type.values.filter((value) => value !== FORBIDDEN)
  const { default: preset, ...rest } = checked
  const allowed = preset === undefined || preset === FORBIDDEN ? rest : checked
  return {
    columns: columns.map((column) =>
      column === checked ? { ...allowed, type: { ...checked.type, values } } : column,
    ),
    condition: `${checked.name} <> ${FORBIDDEN}`,
  }
}

/** What CHECK does not let in. */
export const FORBIDDEN = '4'

/** Not where ids keep their order in the shards: all numbers would be on one; nor where each shard has a copy, and its own numbers. */
function isNumberable({ keyspace, columns, sharding }: Table): boolean {
  if (sharding === undefined && keyspace === MAIN) return false
  if (columns.some(({ generated }) => generated !== undefined && /\bid\b/.test(generated))) return false
  return (
    !['numeric', 'reverse_bits'].includes(sharding?.vindex.type ?? '') &&
    columns[0]!.type.family === 'integer'
  )
}
