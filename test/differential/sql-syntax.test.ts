import { readdirSync } from 'node:fs'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCEPTED, ourVerdict, verdictOf } from '../fuzz/sql-oracle.ts'
import { mysqlCommand, startMysql, type TestServer } from '../support/mysql.ts'
import { connectToParser } from '../support/parser-connection.ts'

interface Table {
  readonly accepted: readonly string[]
  readonly refused: readonly (readonly [sql: string, near: string])[]
}

const folder = '../unit/sql/syntax/statements'
const files = readdirSync(new URL(folder, import.meta.url)).sort()

describe.skipIf(mysqlCommand === undefined)('the grammar of statements that are passed on', () => {
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

  it.each(files)("is MySQL's: %s", async (file) => {
    const { accepted, refused }: Table = await import(`${folder}/${file}`)
    const different: unknown[] = []
    for (const sql of [...accepted, ...refused.map(([text]) => text)]) {
      const theirs = await verdictOf(sql, connection)
      const ours = ourVerdict(sql, { mode: 0, serverVersion: 90704, passedOn: 'check' })
      // Undefined: the server found something else than the grammar to refuse, perhaps before the error of syntax.
      const isSame = theirs === undefined ? ours === ACCEPTED || !accepted.includes(sql) : ours === theirs
      if (!isSame) different.push({ sql, theirs, ours })
    }
    expect(different).toEqual([])
  })
})
