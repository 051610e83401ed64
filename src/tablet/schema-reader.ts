import type mysql from 'mysql2/promise'
import { groupBy } from '../base/group-by.ts'
import type { ForeignKeyRule, StoredForeignKey } from '../values/foreign-key.ts'

/** A column as information_schema describes it. */
export interface DatabaseColumn {
  readonly table: string
  readonly name: string
  /** DATA_TYPE, lower case: `bigint`, `varchar`, `enum` … */
  readonly dataType: string
  /** COLUMN_TYPE: `bigint unsigned`, `enum('a','b')` … */
  readonly columnType: string
  readonly characterSet: string | null
  readonly collation: string | null
  /** SRS_ID of a geometry; MySQL only. */
  readonly srsId: number | null
  readonly nullable: boolean
  /** EXTRA, lower case: `auto_increment`, `invisible`, `virtual generated` … */
  readonly extra: string
  /** COLUMN_DEFAULT: MySQL's tells a value, MariaDB's an expression. */
  readonly default: string | null
  /** GENERATION_EXPRESSION; empty for a column that is stored. */
  readonly expression: string
  /** COLUMN_KEY: PRI, UNI, MUL or empty. */
  readonly key: string
  readonly isMariadb: boolean
}

/** The keys of a table. */
export interface TableKeys {
  readonly parts: readonly KeyPart[]
  /** Name of the primary key, or of the one that stands for it: the first unique key none of whose columns can be NULL. */
  readonly primary: string | undefined
}

export interface KeyPart {
  readonly key: string
  /** Undefined for an expression. */
  readonly column: string | undefined
  /** From 1. */
  readonly position: number
  readonly isUnique: boolean
  /** Characters or bytes of the column that count; null for all. */
  readonly prefix: number | null
  readonly isDescending: boolean
  /** BTREE, FULLTEXT, SPATIAL … */
  readonly type: string
}

export const NO_KEYS: TableKeys = { parts: [], primary: undefined }

/**
 * Columns of all base tables and views of a database, in their order.
 * Source: MySQL manual, "The INFORMATION_SCHEMA COLUMNS Table".
 */
export async function readColumns(
  connection: mysql.Connection,
  database: string,
  tables: readonly string[] = [],
): Promise<readonly DatabaseColumn[]> {
  // All of its columns, for servers have not the same.
  const [rows] = await connection.query(
    `SELECT * FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? ${tables.length > 0 ? 'AND TABLE_NAME IN (?)' : ''}
      ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [database, tables],
  )
  return (rows as Record<string, string | null>[]).map((row) => ({
    table: row['TABLE_NAME']!,
    name: row['COLUMN_NAME']!,
    dataType: row['DATA_TYPE']!.toLowerCase(),
    columnType: String(row['COLUMN_TYPE']),
    characterSet: row['CHARACTER_SET_NAME'] ?? null,
    collation: row['COLLATION_NAME'] ?? null,
    srsId: row['SRS_ID'] === null || row['SRS_ID'] === undefined ? null : Number(row['SRS_ID']),
    nullable: row['IS_NULLABLE'] === 'YES',
    extra: row['EXTRA']?.toLowerCase() ?? '',
    default: row['COLUMN_DEFAULT'] ?? null,
    expression: row['GENERATION_EXPRESSION'] ?? '',
    key: row['COLUMN_KEY'] ?? '',
    isMariadb: !('SRS_ID' in row),
  }))
}

/**
 * Keys of all tables of a database, by table.
 * Source: MySQL manual, "The INFORMATION_SCHEMA STATISTICS Table".
 */
export async function readKeys(
  connection: mysql.Connection,
  database: string,
): Promise<ReadonlyMap<string, TableKeys>> {
  const [rows] = await connection.query(
    `SELECT TABLE_NAME AS t, INDEX_NAME AS k, COLUMN_NAME AS c, SEQ_IN_INDEX AS p, NON_UNIQUE AS n, SUB_PART AS s,
            INDEX_TYPE AS y, NULLABLE AS u, COLLATION AS o
       FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ?
      ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
    [database],
  )
  const byTable = groupBy(rows as Record<string, string | number | null>[], (row) => String(row['t']))
  return new Map([...byTable].map(([table, parts]) => [table, keysOf(parts)]))
}

/**
 * About how many rows each table has. MySQL keeps these figures and counts them anew when they are older than is asked for.
 * Source: MySQL manual, "The INFORMATION_SCHEMA TABLES Table"; information_schema_stats_expiry.
 */
export async function readRowCounts(
  connection: mysql.Connection,
  database: string,
  isMariadb: boolean,
): Promise<ReadonlyMap<string, number>> {
  if (!isMariadb) await connection.query('SET SESSION information_schema_stats_expiry = 600')
  const [rows] = await connection.query(
    'SELECT TABLE_NAME AS t, TABLE_ROWS AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
    [database],
  )
  return new Map((rows as Record<string, unknown>[]).map((row) => [String(row['t']), Number(row['n'] ?? 0)]))
}

/**
 * Queries of all views of a database: SQL texts (binary strings), as the server spells them, with the names of databases and
 * the views' own columns left out where they have others. Empty for one that the account may not look into (SHOW VIEW).
 * Source: MySQL manual, "The INFORMATION_SCHEMA VIEWS Table".
 */
export async function readViews(
  connection: mysql.Connection,
  database: string,
): Promise<ReadonlyMap<string, string>> {
  const [rows] = await connection.query(
    'SELECT TABLE_NAME AS t, VIEW_DEFINITION AS q FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
    [database],
  )
  return new Map(
    (rows as Record<string, string | null>[]).map(({ t, q }) => [t!, Buffer.from(q ?? '').latin1Slice()]),
  )
}

/**
 * Foreign keys of all tables of a database, by table and in the order of their names.
 * Source: MySQL manual, "The INFORMATION_SCHEMA REFERENTIAL_CONSTRAINTS Table", "The INFORMATION_SCHEMA KEY_COLUMN_USAGE Table".
 */
export async function readForeignKeys(
  connection: mysql.Connection,
  database: string,
): Promise<ReadonlyMap<string, readonly StoredForeignKey[]>> {
  const [rows] = await connection.query(
    `SELECT k.TABLE_NAME AS t, k.CONSTRAINT_NAME AS n, k.COLUMN_NAME AS c, k.REFERENCED_TABLE_SCHEMA AS s,
            k.REFERENCED_TABLE_NAME AS p, k.REFERENCED_COLUMN_NAME AS r, f.DELETE_RULE AS d, f.UPDATE_RULE AS u
       FROM information_schema.KEY_COLUMN_USAGE AS k
       JOIN information_schema.REFERENTIAL_CONSTRAINTS AS f
         ON f.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND f.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND f.TABLE_NAME = k.TABLE_NAME
      WHERE k.TABLE_SCHEMA = ? AND f.CONSTRAINT_SCHEMA = ? AND k.REFERENCED_TABLE_NAME IS NOT NULL
      ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    [database, database],
  )
  const byTable = groupBy(rows as Record<string, string>[], (row) => row['t']!)
  return new Map(
    [...byTable].map(([table, parts]) => {
      const keys = groupBy(parts, (row) => row['n']!)
      return [table, [...keys.values()].map((key) => foreignKeyOf(key, database))]
    }),
  )
}

function foreignKeyOf(parts: readonly Record<string, string>[], database: string): StoredForeignKey {
  const [first] = parts as readonly [Record<string, string>]
  return {
    name: first['n']!,
    columns: parts.map((row) => row['c']!),
    parent: first['p']!,
    parentColumns: parts.map((row) => row['r']!),
    ...(first['s'] !== database && { isForeign: true }),
    onDelete: first['d'] as ForeignKeyRule,
    onUpdate: first['u'] as ForeignKeyRule,
  }
}

/** Keys of one table, by rows of columns `k`, `c`, `p`, `n`, `s`, `y`, `u`, `o`: as selected above. */
export function keysOf(rows: readonly Record<string, string | number | null>[]): TableKeys {
  const names = [...new Set(rows.map((row) => String(row['k'])))]
  const standsForPrimary = (name: string) =>
    rows.every((row) => row['k'] !== name || (isUnique(row) && row['s'] === null && row['u'] !== 'YES'))
  return {
    primary: names.find((name) => name === 'PRIMARY') ?? names.find(standsForPrimary),
    parts: rows.map((row) => ({
      key: String(row['k']),
      column: row['c'] === null ? undefined : String(row['c']),
      position: Number(row['p']),
      isUnique: isUnique(row),
      prefix: row['s'] === null ? null : Number(row['s']),
      isDescending: row['o'] === 'D',
      type: String(row['y']),
    })),
  }
}

function isUnique(row: Record<string, string | number | null>): boolean {
  return Number(row['n']) === 0
}
