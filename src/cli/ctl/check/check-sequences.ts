import { type BackendAccess, connectControl } from '../../../tablet/connect-control.ts'
import { databaseOf, type Tablet } from '../../../topology/records.ts'
import { quoteName } from '../../../values/sql-literal.ts'
import type { Table, VSchema } from '../../../vschema/model.ts'
import { endAfter } from '../../check-connections.ts'
import type { ShardColumns } from './check-tablet.ts'
import { type Finding, mistake, ok } from './finding.ts'

/** A column without an index is read whole. */
const MAX_MS = 30_000

/** Each sequence must be ahead of the column that it numbers, or inserts meet rows that are there. */
export async function checkSequences(
  vschema: VSchema,
  shards: readonly ShardColumns[],
  access: BackendAccess,
): Promise<Finding[]> {
  const numbered = [...vschema.keyspaces.values()].flatMap(({ tables }) =>
    [...tables.values()].filter(({ autoIncrement }) => autoIncrement !== undefined),
  )
  const found = await Promise.all(numbered.map((table) => checkSequence(table, shards, access)))
  return found.flat()
}

async function checkSequence(
  table: Table,
  shards: readonly ShardColumns[],
  access: BackendAccess,
): Promise<Finding[]> {
  const { column, sequence } = table.autoIncrement!
  const what = `sequence ${sequence.keyspace}.${sequence.table}`
  const home = tabletsOf(shards, sequence.keyspace, sequence.table)[0]
  const places = tabletsOf(shards, table.keyspace, table.name)
  if (home === undefined || places.length === 0) return [] // a table that is not there is told already
  try {
    const next = await readNumber(
      home,
      access,
      `SELECT next_id FROM ${named(home, sequence.table)} WHERE id = 0`,
    )
    if (next === undefined) return [mistake(what, 'it must have exactly one row, with id 0')]
    const max = `SELECT MAX(${quoteName(column)}) FROM `
    const maxima = await Promise.all(
      places.map((tablet) => readNumber(tablet, access, max + named(tablet, table.name))),
    )
    const highest = maxima.reduce<bigint>((most, n) => (n !== undefined && n > most ? n : most), 0n)
    const of = `${table.keyspace}.${table.name}.${column}`
    if (next > highest) return [ok(what, `next_id ${next} is ahead of ${of} (${highest})`)]
    return [
      mistake(
        what,
        `next_id ${next} is behind ${of}, which has ${highest}: ` +
          `UPDATE ${named(home, sequence.table)} SET next_id = ${highest + 1n} WHERE id = 0`,
      ),
    ]
  } catch (error) {
    return [mistake(what, (error as Error).message)]
  }
}

function tabletsOf(shards: readonly ShardColumns[], keyspace: string, table: string): Tablet[] {
  return shards
    .filter(({ tablet, columns }) => tablet.keyspace === keyspace && columns.some((c) => c.table === table))
    .map(({ tablet }) => tablet)
}

function named(tablet: Tablet, table: string): string {
  return `${quoteName(databaseOf(tablet))}.${quoteName(table)}`
}

/** The one cell of an answer; undefined for no row and for NULL. */
async function readNumber(tablet: Tablet, access: BackendAccess, sql: string): Promise<bigint | undefined> {
  const connection = await connectControl(tablet, access)
  const options = { sql, rowsAsArray: true, supportBigNumbers: true, bigNumberStrings: true, timeout: MAX_MS }
  const [rows] = await endAfter(connection, connection.query(options))
  const cell = (rows as unknown[][])[0]?.[0]
  return cell === undefined || cell === null ? undefined : BigInt(String(cell))
}
