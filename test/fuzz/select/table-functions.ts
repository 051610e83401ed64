import { columnOf } from './columns.ts'
import { sql } from './fragment.ts'
import type { From } from './from.ts'
import type { Attribute, Grammar, Scope } from './grammar.ts'

/** `JSON_TABLE(…)` over a constant or over a document of a table to its left. */
export function jsonTable(g: Grammar, before: Scope): From {
  const alias = g.name('j')
  const column = columnOf(g, { relations: before.relations }, ({ family }) => family === 'json')
  const document =
    column !== undefined && g.random.oneIn(2)
      ? column.sql
      : `'[{"a": 1, "b": "ant"}, {"a": 2}, {"a": 7, "b": "dog"}]'`
  const columns: readonly Attribute[] = [
    { name: 'ord', family: 'integer', isTame: true },
    { name: 'a', family: 'integer', isTame: true },
    { name: 'b', family: 'text', isTame: true },
  ]
  const described = `'$[*]' COLUMNS (ord FOR ORDINALITY, a INT PATH '$.a' NULL ON ERROR, b VARCHAR(10) PATH '$.b' DEFAULT '"none"' ON EMPTY)`
  return {
    sql: sql`JSON_TABLE(${document}, ${described}) AS ${alias}`,
    relations: [{ alias, columns, key: ['ord'] }],
  }
}

/** `(VALUES ROW(1, 'a'), …)`: MariaDB has no ROW there and names no columns. */
export function valuesTable(g: Grammar): From {
  const alias = g.name('v')
  const columns: readonly Attribute[] = [
    { name: 'n', family: 'integer', isTame: true },
    { name: 'w', family: 'text', isTame: true },
  ]
  const rows = ["1, 'ant'", "2, 'bee'", "5, 'dog'"]
  const table =
    g.flavor === 'mysql'
      ? `(VALUES ${rows.map((row) => `ROW(${row})`).join(', ')}) AS ${alias} (n, w)`
      : `(SELECT 1 AS n, 'ant' AS w UNION ALL SELECT 2, 'bee') AS ${alias}`
  return { sql: table, relations: [{ alias, columns, key: ['n'] }] }
}
