import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { parseStatement } from '../../src/sql/parse.ts'
import { print } from '../../src/sql/print.ts'
import { decodeBinary, encodeBinary } from '../../src/sql/text.ts'
import { mariadbVerdictOf } from '../fuzz/mariadb-oracle.ts'
import { mariadbCommand, startMariadb, type TestServer } from '../support/mysql.ts'
import { connectToParser } from '../support/parser-connection.ts'
import { mariadbStatements, mysqlStatements } from '../unit/sql/statements.ts'

/** Queries over a table t of integers; MariaDB shows how it read them in the view that it makes of them. */
const queries = [
  'SELECT a LIKE b LIKE c, a LIKE b NOT LIKE c, a NOT LIKE b NOT LIKE c LIKE d FROM t',
  'SELECT a IN (1, 2) LIKE b NOT REGEXP c, a NOT IN (1) NOT BETWEEN b AND c FROM t',
  'SELECT a BETWEEN b AND c LIKE d, a BETWEEN 1 AND 2 BETWEEN 3 AND 4 FROM t',
  "SELECT a LIKE b + 1, a LIKE b * 2 ESCAPE '|', a REGEXP b + c, a SOUNDS LIKE b SOUNDS LIKE c FROM t",
  'SELECT NOT a LIKE b, NOT a = b AND c, NOT a IS NULL, ! a LIKE b, NOT a BETWEEN b AND c FROM t',
  'SELECT a = b LIKE c, a = b = c, a <=> b IS NULL, a = b BETWEEN c AND d, a IS TRUE IS FALSE FROM t',
  'SELECT a IS TRUE = b IS TRUE, a IS NULL IS TRUE IS NOT UNKNOWN, a = b IS FALSE < c IS NULL FROM t',
  'SELECT a OR b XOR c AND d, a || b && c, a | b & c << d + a * b ^ c, -a ^ b, a DIV b MOD c FROM t',
  'SELECT a + INTERVAL b DAY > c, INTERVAL a DAY + b, a IS NOT NULL = b, a NOT IN (SELECT b FROM t) FROM t',
  'SELECT CASE a WHEN b THEN c ELSE d END, CAST(a AS CHAR(3)), CONVERT(a, UNSIGNED) FROM t x',
  'SELECT a FROM t GROUP BY a DESC, b HAVING COUNT(*) > 1 ORDER BY a, 1 LIMIT 3 OFFSET 2',
  'SELECT a FROM t = x UNION ALL (SELECT 2 EXCEPT SELECT 3) INTERSECT SELECT 4 ORDER BY a LIMIT 1',
  'WITH c (x) AS (SELECT a FROM t) SELECT x FROM c, .t WHERE .t.a = x',
  'SELECT x.a FROM t x LEFT JOIN (t y JOIN t z ON y.a = z.a) ON x.a = y.a NATURAL JOIN (SELECT 1 AS e) AS d',
  'SELECT SUM(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t',
  'SELECT MEDIAN(a) OVER (PARTITION BY b), NTH_VALUE(a, 2) OVER w FROM t WINDOW w AS (ORDER BY a)',
  'SELECT a FROM t ORDER BY a FETCH FIRST 2 ROWS WITH TIES',
] as const

describe.skipIf(mariadbCommand === undefined)('printed statements, with MariaDB as the judge', () => {
  let server: TestServer
  let connection: Connection

  beforeAll(async () => {
    server = await startMariadb()
    connection = await connectToParser(server)
    await connection.query('CREATE TABLE t (a INT, b INT, c INT, d INT)')
  })

  afterAll(async () => {
    await connection.end()
    await server.close()
  })

  function printed(sql: string): string {
    const { number: serverVersion } = parseServerVersion(server.version)
    return decodeBinary(print(parseStatement(encodeBinary(sql), { mode: 0, serverVersion })))
  }

  /** How the server shows the view, but for the names of its columns, which come from the text. */
  async function viewOf(query: string): Promise<string> {
    await connection.query(`CREATE OR REPLACE VIEW v AS ${query}`)
    const [rows] = await connection.query('SHOW CREATE VIEW v')
    return (rows as { 'Create View': string }[])[0]['Create View'].replace(/ AS `[^`]*`/g, '')
  }

  it.each(queries)('mean what they did: %s', async (query) => {
    expect(await viewOf(printed(query))).toBe(await viewOf(query))
  })

  it('are statements where the originals are', async () => {
    const different: string[] = []
    for (const sql of [...mariadbStatements, ...mysqlStatements]) {
      const theirs = await mariadbVerdictOf(sql, connection)
      if (theirs.startsWith('1064')) continue
      const again = await mariadbVerdictOf(printed(sql), connection)
      if (again.startsWith('1064')) different.push(`${sql} -> ${again}`)
    }
    expect(different).toEqual([])
  })
})
