import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { allKeywords } from '../../src/sql/keywords.ts'
import { mariadbVerdictOf } from '../fuzz/mariadb-oracle.ts'
import { ACCEPTED, ourVerdict } from '../fuzz/sql-oracle.ts'
import { mariadbCommand, startMariadb, type TestServer } from '../support/mysql.ts'
import { connectToParser } from '../support/parser-connection.ts'

/** Places where a word is taken or refused exactly as MariaDB does; `$` is the word. */
const exact = [
  'SELECT $ FROM t',
  'SELECT t.$ FROM t',
  'SELECT $.a FROM t',
  'SELECT 1 AS $',
  'SELECT 1 $',
  'SELECT 1 FROM $',
  'SELECT 1 FROM t $',
  'SELECT 1 FROM (SELECT 1) $',
  'SELECT 1 FROM t $ JOIN u',
  'SELECT 1 FROM $.t',
  'SELECT 1 FROM d.$',
  'SELECT @$',
  'SELECT d.$(1)',
  'SELECT 1 FROM t WHERE $ = 1',
  'SELECT 1 FROM t ORDER BY $',
  'SELECT 1 FROM t WINDOW $ AS ()',
  'SELECT 1 FROM t PARTITION ($)',
  'SELECT 1 FROM t JOIN u USING ($)',
  'INSERT INTO t ($) VALUES (1)',
  'UPDATE t SET $ = 1',
  'UPDATE t $ SET a = 1',
  'DELETE $ FROM t',
  'CREATE TABLE $ (a INT)',
  'CREATE INDEX $ ON t (a)',
  'SAVEPOINT $',
  'USE $',
  'DEALLOCATE PREPARE $',
] as const

/** Places where it is only never refused what MariaDB takes: words have a syntax of their own there, or may be new. */
const generous = [
  'SELECT 1 FROM t AS $',
  'SELECT $(a, b) FROM t',
  'WITH $ AS (SELECT 1) SELECT 1',
  'INSERT INTO $ VALUES (1)',
  'CREATE TABLE t ($ INT)',
  'LOCK TABLES t $ READ',
] as const

describe.skipIf(mariadbCommand === undefined)('words as identifiers, with MariaDB as the judge', () => {
  let server: TestServer
  let connection: Connection
  let words: readonly string[]

  beforeAll(async () => {
    server = await startMariadb()
    connection = await connectToParser(server)
    const [rows] = await connection.query('SELECT WORD AS word FROM INFORMATION_SCHEMA.KEYWORDS')
    const theirs = (rows as { word: string }[]).map(({ word }) => word)
    words = [...new Set([...theirs, ...allKeywords()])].filter((word) => /^\w+$/.test(word))
  })

  afterAll(async () => {
    await connection.end()
    await server.close()
  })

  /** Words that MariaDB takes and we refuse, and the other way round. */
  async function differences(pattern: string): Promise<{ refused: string[]; taken: string[] }> {
    const { number: serverVersion } = parseServerVersion(server.version)
    const refused: string[] = []
    const taken: string[] = []
    for (const word of words) {
      const sql = pattern.replace('$', word)
      const isTheirs = !(await mariadbVerdictOf(sql, connection)).startsWith('1064')
      const isOurs = ourVerdict(sql, { mode: 0, serverVersion }) === ACCEPTED
      if (isTheirs && !isOurs) refused.push(word)
      if (isOurs && !isTheirs) taken.push(word)
    }
    return { refused, taken }
  }

  it.each(exact)('%s', async (pattern) => {
    expect(await differences(pattern)).toEqual({ refused: [], taken: [] })
  })

  it.each(generous)('%s: none is refused', async (pattern) => {
    expect((await differences(pattern)).refused).toEqual([])
  })
})
