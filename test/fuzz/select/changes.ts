import type { Random } from '../random.ts'
import { insertedColumns, randomValue, tableName } from './rows.ts'
import { allTables, type Column, type Schema, type Table } from './schema.ts'

/** Statements that change a few rows, for a transaction to read its own writes. */
export function randomChanges(random: Random, schema: Schema): readonly string[] {
  return Array.from({ length: 1 + random.int(4) }, () => change(random, random.pick(allTables(schema))))
}

function change(random: Random, table: Table): string {
  const name = tableName(table)
  const where = random.pick(['id % 3 = 0', 'id > 9', "tag = 'bee'", 'id = 4', 'ref IS NULL'])
  const settable = insertedColumns(table).filter((column) => isSettable(table, column))
  if (random.oneIn(3) || settable.length === 0) return `DELETE FROM ${name} WHERE ${where}`
  const column = random.pick(settable)
  return `UPDATE ${name} SET ${column.name} = ${randomValue(random, column)} WHERE ${where}`
}

/** Neither what places a row nor what names it. */
function isSettable({ primaryKey, sharding }: Table, { name }: Column): boolean {
  return !primaryKey.includes(name) && !sharding?.columns.includes(name)
}
