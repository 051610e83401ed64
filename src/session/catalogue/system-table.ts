import { quoteString } from '../../values/sql-literal.ts'

/** A cell as text. */
export type SystemCell = string | null
export type SystemRow = readonly SystemCell[]

/** A column of a system table, as the servers define it. */
export interface SystemColumn {
  readonly name: string
  /** `varchar(64)`, `bigint unsigned`. */
  readonly type: string
  readonly charset: string | null
  readonly collation: string | null
}

export interface SystemTable {
  readonly columns: readonly SystemColumn[]
  readonly rows: readonly SystemRow[]
}

/** How a server is asked for the columns of a table of its own, which it names in upper case in information_schema alone. */
export function columnsQuestion(schema: string, named: string): string {
  const table = schema === 'information_schema' ? named.toUpperCase() : named.toLowerCase()
  return `SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${quoteString(schema)} AND TABLE_NAME = ${quoteString(table)} ORDER BY ORDINAL_POSITION`
}

export function columnOf([name, type, charset, collation]: SystemRow): SystemColumn {
  return { name: name!, type: type!, charset: charset ?? null, collation: collation ?? null }
}

export interface ConstantOptions {
  readonly isMariadb: boolean
  /** Texts are utf8mb4 instead of utf8mb3, of whose every use MySQL warns: for statements that ask for no collation of it. */
  readonly isWide: boolean
}

/**
 * A query of exactly these rows (a binary string), which reads the same under every sql_mode. With a LIMIT, so that servers
 * put the rows into a table once, instead of reading the JSON again for each row of a join.
 */
export function constantQuery({ columns, rows }: SystemTable, options: ConstantOptions): string {
  const definitions = columns.map(
    (column, i) => `${quoteColumn(column.name)} ${typeOf(column, options)} PATH '$[${i}]'`,
  )
  const isJson = columns.map(({ type }) => type === 'json')
  const lines = rows.map((row) => `[${row.map((cell, i) => jsonOf(cell, isJson[i]!)).join(',')}]`)
  const json = quoteString(`[${lines.join(',')}]`)
  // By name, so that the planner knows what a NATURAL JOIN joins by.
  const list = columns.map(({ name }) => quoteColumn(name)).join(', ')
  return `(SELECT ${list} FROM JSON_TABLE(${json}, '$[*]' COLUMNS (${definitions.join(', ')})) AS j LIMIT 18446744073709551615)`
}

function jsonOf(cell: SystemCell, isJson: boolean): string {
  if (cell === null) return 'null'
  return isJson ? cell : JSON.stringify(cell)
}

/** MariaDB's JSON_TABLE has no ENUM and SET. */
function typeOf({ type, charset, collation }: SystemColumn, { isMariadb, isWide }: ConstantOptions): string {
  const known = isMariadb && /^(enum|set)\b/.test(type) ? 'varchar(512)' : type
  if (charset === null || charset === 'binary') return known
  if (!isWide) return `${known} CHARACTER SET ${charset} COLLATE ${collation}`
  const wide = (name: string) => name.replace(/^utf8(mb3)?(?=_|$)/, 'utf8mb4')
  // Of names on servers that fold them; utf8mb4 has no such collation.
  const known4 = collation === 'utf8mb3_tolower_ci' ? 'utf8mb3_general_ci' : collation!
  return `${known} CHARACTER SET ${wide(charset)} COLLATE ${wide(known4)}`
}

function quoteColumn(name: string): string {
  return `\`${name}\``
}
