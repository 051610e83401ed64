import type { Random } from '../random.ts'
import { type Column, MAIN, type Table } from './schema.ts'

/** A table's rows, as SQL literals of its columns that are not generated. */
export interface TableRows {
  readonly table: Table
  readonly rows: readonly (readonly string[])[]
}

const ROWS_MAX = 14

export function randomRows(random: Random, table: Table): TableRows {
  const columns = insertedColumns(table)
  const count = random.oneIn(12) ? 0 : 3 + random.int(ROWS_MAX - 3)
  const ids = shuffled(random, columns[0]!.type.values).slice(0, count)
  return {
    table,
    rows: ids.map((id) => [id, ...columns.slice(1).map((column) => randomValue(random, column))]),
  }
}

export function randomValue(random: Random, { type, isNullable }: Column): string {
  return isNullable && random.oneIn(5) ? 'NULL' : random.pick(type.values)
}

/** What a server is told to hold these rows, and no others. */
export function refill({ table, rows }: TableRows): readonly string[] {
  const name = tableName(table)
  if (rows.length === 0) return [`DELETE FROM ${name}`]
  const columns = insertedColumns(table).map((column) => column.name)
  const tuples = rows.map((row) => `(${row.join(', ')})`)
  return [
    `DELETE FROM ${name}`,
    `INSERT INTO ${name} (${columns.join(', ')}) VALUES\n  ${tuples.join(',\n  ')}`,
  ]
}

export function insertedColumns({ columns }: Table): readonly Column[] {
  return columns.filter(({ generated }) => generated === undefined)
}

/** As a session in `main` names it. */
export function tableName({ keyspace, name }: Table): string {
  return keyspace === MAIN ? name : `${keyspace}.${name}`
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.int(left.length), 1)[0]!)
}
