import type { Random } from '../random.ts'
import { type Fragment, list, sql } from '../select/fragment.ts'
import type { Grammar } from '../select/grammar.ts'
import { tableName } from '../select/rows.ts'
import { allTables } from '../select/schema.ts'
import { valueLiteral } from './inserts.ts'

/** A session's variables become others. */
export function setVariable(g: Grammar): Fragment {
  const { random } = g
  const table = random.pick(allTables(g.schema))
  const [key] = table.primaryKey
  const column = table.columns.find(({ name }) => name === key)!
  const one = random.pick(column.type.values)
  switch (random.int(5)) {
    case 0:
      return `SET @a = ${random.pick(['1', '7', '31', '@a + 1', "'12'", '2.5', 'LAST_INSERT_ID()', 'ROW_COUNT()'])}`
    case 1:
      return `SET @b := ${random.pick(["'ant'", "'q7'", "CONCAT(@b, 'x')", 'NULL', 'UPPER(@b)', "x'61'"])}, @c = @a * 2`
    case 2:
      return sql`SELECT ref, tag FROM ${tableName(table)} WHERE ${key!} = ${valueLiteral(one)} ORDER BY id LIMIT 1 INTO @a, @b`
    case 3:
      return sql`SELECT @a := COUNT(*) FROM ${tableName(table)}`
    default:
      return `SELECT MAX(id), COUNT(*) INTO @a, @c FROM ${tableName(table)}`
  }
}

/** What a session may ask about itself and the statement before. */
export function ask(random: Random, isOfRows: boolean): Fragment {
  if (random.oneIn(4)) return random.pick(DIAGNOSTICS)
  const items = ['LAST_INSERT_ID()', 'ROW_COUNT()', '@a, @b, @c, @d', '@@autocommit', '@@sql_mode']
  const rows = isOfRows ? ['FOUND_ROWS()'] : []
  return sql`SELECT ${list([random.pick(items), random.pick([...items, ...rows])])}`
}

const DIAGNOSTICS = [
  'SHOW WARNINGS',
  'SHOW ERRORS',
  'SHOW COUNT(*) WARNINGS',
  'SELECT @@warning_count, @@error_count',
]

const MODES = [
  ...[
    "''",
    'DEFAULT',
    'DEFAULT',
    "'TRADITIONAL'",
    "'ANSI'",
    "'STRICT_TRANS_TABLES'",
    "'NO_AUTO_VALUE_ON_ZERO'",
  ],
  ...[
    "CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')",
    "'STRICT_ALL_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
  ],
]

export function setMode(random: Random): Fragment {
  return `SET sql_mode = ${random.pick(MODES)}`
}
