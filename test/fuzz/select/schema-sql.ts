import type { Column, Keyspace, Table } from './schema.ts'

/** CREATE TABLE of every table of a keyspace. */
export function keyspaceSql(keyspace: Keyspace): string {
  return keyspace.tables.map((table) => `${createTable(table)};\n`).join('')
}

export function createTable({ name, columns, primaryKey, otherKeys }: Table): string {
  const keys = otherKeys.map((column) => `KEY (${column})`)
  const lines = [...columns.map(columnSql), `PRIMARY KEY (${primaryKey.join(', ')})`, ...keys]
  return `CREATE TABLE ${name} (\n  ${lines.join(',\n  ')}\n)`
}

/** The keyspace's VSchema as JSON. */
export function vschemaOf({ isSharded, tables }: Keyspace): Readonly<Record<string, unknown>> {
  const byName = (entryOf: (table: Table) => unknown) =>
    Object.fromEntries(tables.map((table) => [table.name, entryOf(table)]))
  if (!isSharded) return { sharded: false, tables: byName(() => ({})) }
  const sharded = tables.filter(({ sharding }) => sharding !== undefined)
  return {
    sharded: true,
    vindexes: Object.fromEntries(sharded.map(({ name, sharding }) => [`by_${name}`, sharding!.vindex])),
    tables: byName(({ name, sharding }) =>
      sharding === undefined
        ? { type: 'reference' }
        : { column_vindexes: [{ columns: sharding.columns, name: `by_${name}` }] },
    ),
  }
}

function columnSql({ name, type, isNullable, isInvisible, generated }: Column): string {
  const parts = [
    name,
    type.sql,
    ...(generated === undefined ? [] : [`AS ${generated}`]),
    ...(isNullable || generated !== undefined ? [] : ['NOT NULL']),
    // Without a value of its own, INSERT could not leave the column out.
    ...(isInvisible ? ['INVISIBLE'] : []),
  ]
  return parts.join(' ')
}
