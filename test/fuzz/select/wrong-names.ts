import { list, sql } from './fragment.ts'
import type { Grammar, Query } from './grammar.ts'
import { tableName } from './rows.ts'
import { allTables } from './schema.ts'

/** A statement that every server refuses, mostly for a name: the errors must be the same. */
export function misnamed(g: Grammar, query: Query): Query {
  const [a, b] = [0, 1].map(() => g.random.pick(allTables(g.schema)))
  const [first, second] = [tableName(a!), tableName(b!)]
  const { sql: inner } = query
  const text = g.random.pick([
    sql`SELECT nowhere FROM ${first}`,
    sql`SELECT x.id FROM ${first} AS y`,
    sql`SELECT id FROM ${first} WHERE missing = 1`,
    sql`SELECT id FROM ${first} ORDER BY missing`,
    sql`SELECT id FROM ${first} ORDER BY 5`,
    sql`SELECT ref, COUNT(*) FROM ${first} GROUP BY missing`,
    sql`SELECT ref, COUNT(*) FROM ${first} GROUP BY 7`,
    sql`SELECT ref, COUNT(*) AS n FROM ${first} GROUP BY n`,
    sql`SELECT ref FROM ${first} GROUP BY ref HAVING tag = 'bee'`,
    sql`SELECT id FROM ${first} AS x JOIN ${second} AS y ON x.id = y.ref`,
    sql`SELECT x.id FROM ${first} AS x JOIN ${second} AS y ON id = 1`,
    sql`SELECT x.id FROM ${first} AS x JOIN ${second} AS x ON 1`,
    sql`SELECT x.id FROM ${first} AS x JOIN ${second} AS y USING (missing)`,
    sql`SELECT id, COUNT(*) FROM ${first}`,
    sql`SELECT tag, MAX(id) FROM ${first} GROUP BY ref ORDER BY 1`,
    sql`SELECT ref FROM ${first} WHERE COUNT(*) > 1`,
    sql`SELECT id FROM ${first} WHERE id = (SELECT id, ref FROM ${second} LIMIT 1)`,
    sql`SELECT id FROM ${first} WHERE id IN (SELECT id, ref FROM ${second})`,
    sql`SELECT (SELECT id, ref FROM ${second} LIMIT 1) FROM ${first}`,
    sql`SELECT id FROM ${first} UNION SELECT id, ref FROM ${second}`,
    sql`SELECT id FROM ${first} WHERE (id, ref) = (1, 2, 3)`,
    sql`SELECT * FROM (SELECT id, ref AS id FROM ${first}) AS d`,
    sql`SELECT id FROM (SELECT id FROM ${first})`,
    sql`SELECT id FROM nothing_here`,
    sql`SELECT id FROM nowhere.${a!.name}`,
    sql`SELECT id, NO_SUCH_FUNCTION(id) FROM ${first}`,
    sql`SELECT SUM(COUNT(*)) FROM ${first} GROUP BY ref`,
    sql`SELECT id FROM ${first} ORDER BY (SELECT ref FROM ${second} WHERE missing)`,
    sql`SELECT ROW_NUMBER() OVER w FROM ${first}`,
    sql`SELECT id FROM ${first} WHERE RANK() OVER (ORDER BY id) = 1`,
    sql`SELECT ${list(['id', 'tag'])}, x.* FROM ${first}`,
    sql`SELECT missing FROM (${inner}) AS d`,
    sql`WITH q AS (${inner}) SELECT q.missing FROM q`,
    sql`WITH q (a, b, c, d, e, f, g, h) AS (SELECT id FROM ${first}) SELECT * FROM q`,
  ])
  return { sql: text, columns: [], isOrdered: false, approximate: [] }
}
