import { ServerError } from '../errors/server-error.ts'
import { type CollectingReader, columnNames, textCells } from '../mysql/client/simple-command.ts'
import type { Column, StoredKey } from '../values/column.ts'
import { type DatabaseColumn, keysOf, type TableKeys } from './schema-reader.ts'
import { modelOf } from './schema-tracker.ts'
import { storedKeys } from './stored-keys.ts'

/** Runs a statement (a binary string) on the connection that has the table; names and texts come as UTF-8. */
type AskConnection = (sql: string) => Promise<CollectingReader>

export interface ReadTable {
  readonly columns: readonly Column[]
  readonly keys: readonly StoredKey[]
  readonly shardRows: number
}

type Row = ReadonlyMap<string, string | null>

/**
 * A temporary table as its connection tells of it, for information_schema has none of them; undefined where a table of this
 * name is not there, or not temporary. `quoted`: its name as it stands in SQL. Generated columns are columns like others.
 * Source: MySQL manual, "SHOW CREATE TABLE", "SHOW COLUMNS", "SHOW INDEX Statement".
 */
export async function readTemporaryTable(
  ask: AskConnection,
  quoted: string,
  isMariadb: boolean,
): Promise<ReadTable | undefined> {
  const created = await unlessMissing(ask(`SHOW CREATE TABLE ${quoted}`))
  const text = created === undefined ? undefined : rowsOf(created)[0]?.get('Create Table')
  if (text?.startsWith('CREATE TEMPORARY TABLE') !== true) return undefined
  const columns = rowsOf(await ask(`SHOW FULL COLUMNS FROM ${quoted}`))
  const keys = keysOfIndex(rowsOf(await ask(`SHOW INDEX FROM ${quoted}`)))
  return {
    columns: columns.map((row) => modelOf(columnOf(row, isMariadb), keys)),
    keys: storedKeys(keys),
    shardRows: 0,
  }
}

/** Undefined for ER_NO_SUCH_TABLE, and under LOCK TABLES for ER_TABLE_NOT_LOCKED: temporary tables need no lock. */
async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ServerError && (error.errno === 1146 || error.errno === 1100)) return undefined
    throw error
  }
}

/** By the names of columns as the statement has them. */
function rowsOf(answer: CollectingReader): readonly Row[] {
  const names = columnNames(answer)
  return answer.rows.map((row) => {
    const cells = textCells(row, names.length)
    return new Map(names.map((name, i) => [name, cells[i] === null ? null : unicode(cells[i]!)]))
  })
}

function unicode(binary: string): string {
  return Buffer.from(binary, 'latin1').toString()
}

function columnOf(row: Row, isMariadb: boolean): DatabaseColumn {
  const columnType = row.get('Type')!
  const collation = row.get('Collation') ?? null
  const extra = row.get('Extra')!.toLowerCase()
  const dataType = /^\w+/.exec(columnType.toLowerCase())![0]
  const value = row.get('Default') ?? null
  return {
    table: '',
    name: row.get('Field')!,
    dataType,
    columnType,
    characterSet: collation === null ? null : collation.split('_')[0]!,
    collation,
    srsId: null,
    nullable: row.get('Null') === 'YES',
    extra,
    default: isMariadb ? expressionOf(value, dataType) : value,
    expression: '',
    key: row.get('Key')!,
    isMariadb,
  }
}

/** MariaDB's information_schema tells an expression, SHOW what it stands for. */
function expressionOf(value: string | null, dataType: string): string | null {
  if (value === null || /^current_timestamp/i.test(value)) return value
  return NUMBERS.test(dataType) ? value : `'${value.replaceAll("'", "''")}'`
}

const NUMBERS = /int$|^(decimal|float|double|year)$/

function keysOfIndex(rows: readonly Row[]): TableKeys {
  return keysOf(
    rows.map((row) => ({
      k: row.get('Key_name')!,
      c: row.get('Column_name') ?? null,
      p: row.get('Seq_in_index')!,
      n: row.get('Non_unique')!,
      s: row.get('Sub_part') ?? null,
      y: row.get('Index_type')!,
      u: row.get('Null') ?? null,
      o: row.get('Collation') ?? null,
    })),
  )
}
