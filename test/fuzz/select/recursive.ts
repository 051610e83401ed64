import { type Fragment, sql } from './fragment.ts'
import type { Grammar, Relation } from './grammar.ts'
import { smallNumber } from './literals.ts'
import { tableName } from './rows.ts'
import { allTables } from './schema.ts'

/** A named query that refers to itself: numbers, or rows and those that refer to them. */
export function recursive(g: Grammar, name: string): { readonly sql: Fragment; readonly relation: Relation } {
  return g.random.oneIn(2) ? numbers(g, name) : tree(g, name)
}

function numbers(g: Grammar, name: string) {
  const text = sql`${name} (c1) AS (SELECT 1 UNION ALL SELECT c1 + 1 FROM ${name} WHERE c1 < ${smallNumber(g)})`
  const relation: Relation = {
    alias: name,
    columns: [{ name: 'c1', family: 'integer', isTame: true }],
    key: ['c1'],
  }
  return { sql: text, relation }
}

function tree(g: Grammar, name: string) {
  const table = g.random.pick(allTables(g.schema))
  const from = tableName(table)
  const child = g.name('t')
  const base = sql`SELECT id, 0 FROM ${from} WHERE id < ${smallNumber(g)}`
  const step = `SELECT ${child}.id, ${name}.c2 + 1 FROM ${name} JOIN ${from} AS ${child} ON ${child}.ref = ${name}.c1 WHERE ${name}.c2 < 2`
  const relation: Relation = {
    alias: name,
    columns: [
      { name: 'c1', family: 'integer', isTame: true },
      { name: 'c2', family: 'integer', isTame: true },
    ],
    key: undefined,
  }
  return { sql: sql`${name} (c1, c2) AS (${base} UNION ALL ${step})`, relation }
}
