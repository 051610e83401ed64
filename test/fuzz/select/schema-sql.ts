import { hiddenTables, lookupVindexes, sequenceOf } from './hidden-tables.ts'
import type { Column, Keyspace, Schema, Table } from './schema.ts'

/** CREATE TABLE of every table of a keyspace. */
export function keyspaceSql(keyspace: Keyspace): string {
  return keyspace.tables.map((table) => `${createTable(table)};\n`).join('')
}

/** The same on its shards, which have more tables than a plain server. */
export function shardSql(keyspace: Keyspace, schema: Schema): string {
  const hidden = hiddenTables(schema, keyspace.name)
  return keyspaceSql(keyspace) + hidden.map(({ sql }) => `${sql};\n`).join('')
}

export function createTable(table: Table): string {
  const { name, columns, primaryKey, otherKeys, uniqueKeys = [], checks = [], isNumbered = false } = table
  const lines = [
    ...columns.map((column) => columnSql(column, isNumbered && column.name === 'id')),
    `PRIMARY KEY (${primaryKey.join(', ')})`,
    ...uniqueKeys.map((key) => `UNIQUE KEY ${key.join('_')} (${key.join(', ')})`),
    ...(isNumbered && primaryKey[0] !== 'id' ? ['KEY numbers (id)'] : []),
    ...otherKeys.map((column) => `KEY (${column})`),
    ...checks.map((condition, i) => `CONSTRAINT ${name}_${i + 1} CHECK (${condition})`),
  ]
  return `CREATE TABLE ${name} (\n  ${lines.join(',\n  ')}\n)`
}

/** The keyspace's VSchema as JSON. */
export function vschemaOf(keyspace: Keyspace, schema: Schema): Readonly<Record<string, unknown>> {
  const { name, isSharded, tables } = keyspace
  const hidden = Object.fromEntries(hiddenTables(schema, name).map((table) => [table.name, table.entry]))
  const byName = (entryOf: (table: Table) => object) =>
    Object.fromEntries(tables.map((table) => [table.name, entryOf(table)]))
  if (!isSharded) return { sharded: false, tables: { ...byName(() => ({})), ...hidden } }
  const sharded = tables.filter(({ sharding }) => sharding !== undefined)
  return {
    sharded: true,
    vindexes: {
      xxhash: { type: 'xxhash' },
      ...Object.fromEntries(sharded.map((table) => [`by_${table.name}`, table.sharding!.vindex])),
      ...Object.assign({}, ...sharded.map(lookupVindexes)),
    },
    tables: { ...byName(tableEntry), ...hidden },
  }
}

function tableEntry({ name, sharding, isNumbered, lookups = [] }: Table): object {
  if (sharding === undefined) return { type: 'reference' }
  const vindexes = [
    { columns: sharding.columns, name: `by_${name}` },
    ...lookups.map(({ column }) => ({ column, name: `${name}_${column}` })),
  ]
  const numbers = isNumbered ? { auto_increment: { column: 'id', sequence: sequenceOf(name) } } : {}
  return { column_vindexes: vindexes, ...numbers }
}

function columnSql(column: Column, isNumbered: boolean): string {
  const { name, type, isNullable, isInvisible, generated } = column
  const parts = [
    name,
    type.sql,
    ...(generated === undefined ? [] : [`AS ${generated}`]),
    ...(isNullable || generated !== undefined ? [] : ['NOT NULL']),
    ...(column.default === undefined ? [] : [`DEFAULT ${column.default}`]),
    ...(isNumbered ? ['AUTO_INCREMENT'] : []),
    ...(isInvisible ? ['INVISIBLE'] : []),
  ]
  return parts.join(' ')
}
