import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { allKeywords } from '../../src/sql/keywords.ts'
import { parseStatement } from '../../src/sql/parse.ts'
import { print } from '../../src/sql/print.ts'
import { decodeBinary, encodeBinary } from '../../src/sql/text.ts'
import { mysqlCommand, startMysql, type TestServer } from '../support/mysql.ts'
import { connectToParser } from '../support/parser-connection.ts'
import { mysqlStatements, rejectedStatements } from '../unit/sql/statements.ts'

function isParsed(sql: string, serverVersion: number): boolean {
  try {
    parseStatement(sql, { mode: 0, serverVersion })
    return true
  } catch {
    return false
  }
}

/** vtgate's own forms, and those with `?`, which only a prepared statement may have. */
const isForMySql = (sql: string) => !/\bNEXT 5 VALUES\b|\bSHARDGATE\b|\?/.test(sql)

describe.skipIf(mysqlCommand === undefined)('statements, with MySQL as the oracle', () => {
  let server: TestServer
  let connection: Connection

  beforeAll(async () => {
    server = await startMysql()
    connection = await connectToParser(server)
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
      return message.includes('error in your SQL syntax') ? `no statement: ${sql}: ${message}` : message
    }
  }

  it('are printed so that MySQL reads the same statement', async () => {
    const different: string[] = []
    for (const sql of mysqlStatements.filter(isForMySql)) {
      const statement = parseStatement(encodeBinary(sql), { mode: 0, serverVersion: 90700 })
      const printed = decodeBinary(print(statement))
      const digest = await digestOf(sql)
      if (digest.startsWith('no statement')) different.push(digest)
      else if ((await digestOf(printed)) !== digest) different.push(`${sql} -> ${printed}`)
    }
    expect(different).toEqual([])
  })

  it('may have the same words as identifiers', async () => {
    const { number: serverVersion } = parseServerVersion(server.version)
    const [rows] = await connection.query('SELECT WORD AS word FROM INFORMATION_SCHEMA.KEYWORDS')
    const words = (rows as { word: string }[]).map(({ word }) => word)
    const different: string[] = []
    for (const word of new Set([...words, ...allKeywords()])) {
      for (const sql of [`SELECT 1 AS ${word}`, `SELECT ${word} FROM t`, `SELECT 1 FROM ${word}`]) {
        const isAccepted = !(await digestOf(sql)).startsWith('no statement')
        if (isAccepted !== isParsed(sql, serverVersion)) different.push(`${sql}: ${isAccepted}`)
      }
    }
    expect(different).toEqual([])
  })

  it.each(rejectedStatements)('are rejected with the same message: %s', async (sql) => {
    const error = await connection.query(sql).then(
      () => undefined,
      (reason: Error & { sqlMessage?: string }) => reason.sqlMessage,
    )
    const options = { mode: 0, serverVersion: 90700, passedOn: 'check' } as const
    const parse = () => parseStatement(encodeBinary(sql), options)
    expect(error).toMatch(/^You have an error in your SQL syntax/)
    expect(parse).toThrow(expect.objectContaining({ message: error }))
  })
})
