import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseStatement } from '../../src/sql/parse.ts'
import { print } from '../../src/sql/print.ts'
import { decodeBinary, encodeBinary } from '../../src/sql/text.ts'
import { mysqlCommand, startMysql, type TestServer } from '../support/mysql.ts'
import { mysqlStatements } from '../unit/sql/statements.ts'

/** vtgate's own forms, and those with `?`, which only a prepared statement may have. */
const isForMySql = (sql: string) => !/\bNEXT 5 VALUES\b|\?/.test(sql)

const rejected: readonly string[] = [
  'SELECT',
  'SELECT a FROM',
  'SELECT a b c FROM t',
  'SELECT a FROM t WHERE',
  'SELECT a FROM t GROUP a',
  'SELECT count(*, a)',
  'SELECT a FROM t LIMIT -1',
  'SELECT 1 = ANY 2',
  "SELECT 'unclosed",
  'SELECT /* unclosed',
  'SELECT a FROM t JOIN u ON',
  'SELECT a FROM t LEFT JOIN u',
  'INSERT INTO t VALUES (1',
  'INSERT INTO t (a b) VALUES (1)',
  'INSERT t SELECT',
  'UPDATE t SET',
  'UPDATE t SET a = 1,',
  'DELETE t WHERE a',
  'DELETE FROM t, u',
  'SET a',
  'SHOW nonsense',
  'SELECT 1; SELECT 2',
  'SELECT 1\nFROM\n  t u v',
  'WITH c SELECT 1',
  'VALUES (1)',
  'CREATE nonsense',
  'selec 1',
  'SELECT (SELECT 1',
  'SELECT a FROM t FOR nothing',
  'SELECT 1 UNION',
  'SELECT ä ö ü FROM t',
]

describe.skipIf(mysqlCommand === undefined)('statements, with MySQL as the oracle', () => {
  let server: TestServer
  let connection: Connection

  beforeAll(async () => {
    server = await startMysql()
    connection = await server.connect()
    await connection.query('CREATE DATABASE d')
    await connection.changeUser({ database: 'd' })
  })

  afterAll(async () => {
    await connection.end()
    await server.close()
  })

  /** MySQL's digest of the normalised statement, equal for what it parses to the same; or why it has none. */
  async function digestOf(sql: string): Promise<string> {
    try {
      const [rows] = await connection.query('SELECT STATEMENT_DIGEST(?) AS digest', [sql])
      return (rows as { digest: string }[])[0].digest
    } catch (error) {
      // Behind the grammar MySQL looks up functions and variables, which are not there.
      const { message } = error as Error
      if (message.includes('error in your SQL syntax')) throw new Error(`${sql}: ${message}`)
      return message
    }
  }

  it('are printed so that MySQL reads the same statement', async () => {
    const different: string[] = []
    for (const sql of mysqlStatements.filter(isForMySql)) {
      const statement = parseStatement(encodeBinary(sql), { mode: 0, serverVersion: 90700 })
      const printed = decodeBinary(print(statement))
      if ((await digestOf(printed)) !== (await digestOf(sql))) different.push(`${sql} -> ${printed}`)
    }
    expect(different).toEqual([])
  })

  it.each(rejected)('are rejected with the same message: %s', async (sql) => {
    const error = await connection.query(sql).then(
      () => undefined,
      (reason: Error & { sqlMessage?: string }) => reason.sqlMessage,
    )
    const parse = () => parseStatement(encodeBinary(sql), { mode: 0, serverVersion: 90700 })
    expect(error).toMatch(/^You have an error in your SQL syntax/)
    expect(parse).toThrow(expect.objectContaining({ message: error }))
  })
})
