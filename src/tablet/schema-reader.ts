import type mysql from 'mysql2/promise'

/** A column as information_schema describes it. */
export interface DatabaseColumn {
  readonly table: string
  readonly name: string
  /** DATA_TYPE, lower case: `bigint`, `varchar`, `enum` … */
  readonly dataType: string
  /** COLUMN_TYPE: `bigint unsigned`, `enum('a','b')` … */
  readonly columnType: string
  readonly collation: string | null
  readonly nullable: boolean
  /** EXTRA, lower case: `auto_increment`, `invisible`, `virtual generated` … */
  readonly extra: string
  readonly default: string | null
  /** COLUMN_KEY: PRI, UNI, MUL or empty. */
  readonly key: string
}

/**
 * Columns of all base tables and views of a database, in their order.
 * Source: MySQL manual, "The INFORMATION_SCHEMA COLUMNS Table".
 */
export async function readColumns(
  connection: mysql.Connection,
  database: string,
  tables: readonly string[] = [],
): Promise<readonly DatabaseColumn[]> {
  const [rows] = await connection.query(
    `SELECT TABLE_NAME AS t, COLUMN_NAME AS n, DATA_TYPE AS d, COLUMN_TYPE AS c, COLLATION_NAME AS l,
            IS_NULLABLE AS u, EXTRA AS e, COLUMN_DEFAULT AS v, COLUMN_KEY AS k
       FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? ${tables.length > 0 ? 'AND TABLE_NAME IN (?)' : ''}
      ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [database, tables],
  )
  return (rows as Record<string, string | null>[]).map((row) => ({
    table: row['t']!,
    name: row['n']!,
    dataType: row['d']!.toLowerCase(),
    columnType: String(row['c']),
    collation: row['l'] ?? null,
    nullable: row['u'] === 'YES',
    extra: row['e']?.toLowerCase() ?? '',
    default: row['v'] ?? null,
    key: row['k'] ?? '',
  }))
}
