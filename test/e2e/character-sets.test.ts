import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'

/**
 * In these a byte of a character may be `\` or `'`, or ASCII text is not ASCII bytes: text in them could hide the end
 * of a string from the proxy.
 */
const UNREADABLE = ['gbk', 'big5', 'sjis', 'cp932', 'ucs2', 'utf16', 'utf16le', 'utf32'] as const
/** Collations of them, by id. */
const COLLATION_IDS = [28, 1, 13, 95, 35, 54, 56, 60] as const

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture?.close())

function connect() {
  const { host, port, user, password } = fixture.proxy
  return createConnection({ host, port, user, password, database: 'main' })
}

test('no statement makes a character set the client’s that the proxy cannot read', async () => {
  const connection = await connect()
  await connection.query("SET @charset = 'gbk'")
  const statements = [
    ...UNREADABLE.flatMap((name) => [
      `SET NAMES ${name}`,
      `SET NAMES '${name}'`,
      `SET CHARACTER SET ${name}`,
      `SET character_set_client = ${name}`,
      `SET @@session.character_set_client = '${name.toUpperCase()}'`,
    ]),
    ...COLLATION_IDS.map((id) => `SET character_set_client = ${id}`),
    "SET character_set_client = CONCAT('g', 'bk')",
    'SET character_set_client = @charset',
    'SET @a = 1, character_set_client = 27 + 1',
    'SET character_set_client = NULL',
  ]
  const accepted: string[] = []
  for (const sql of statements) {
    const errno = await connection.query(sql).then(
      () => accepted.push(sql),
      (error: { errno: number }) => error.errno,
    )
    expect(errno === 1231 || errno === 1235, `${sql}: ${errno}`).toBe(true)
  }
  expect(accepted).toEqual([])
  await connection.end()
})

test('others may be, by name, id and expression', async () => {
  const connection = await connect()
  for (const value of ['latin1', "'utf8mb3'", '8', "CONCAT('lat', 'in2')", 'DEFAULT']) {
    await connection.query(`SET character_set_client = ${value}`)
  }
  await expect(connection.query('SET character_set_client = klingon')).rejects.toMatchObject({ errno: 1115 })
  await connection.query('SET character_set_client = latin1')
  const [rows] = await connection.query('SELECT @@character_set_client AS name')
  expect(rows).toEqual([{ name: 'latin1' }])
  await connection.end()
})

test('COM_CHANGE_USER asks for them in vain', async () => {
  const { user, password } = fixture.proxy
  for (const charset of ['GBK_CHINESE_CI', 'SJIS_JAPANESE_CI', 'BIG5_CHINESE_CI', 'CP932_JAPANESE_CI']) {
    const connection = await connect()
    await expect(connection.changeUser({ user, password, charset })).rejects.toMatchObject({ errno: 1231 })
    connection.destroy()
  }
})

test('a literal in such a character set ends where MySQL says, whatever its bytes', async () => {
  const connection = await connect()
  // X'955C' is one character of sjis and of cp932, and its second byte is a backslash.
  const [rows] = await connection.query(
    "SELECT HEX(CONVERT(_sjis X'955C' USING utf8mb4)) AS a, _gbk 'it''s' = 'it''s' AS b, LENGTH(_big5'a\\\\b') AS c",
  )
  expect(rows).toEqual([{ a: 'E8A1A8', b: 1, c: 3 }])
  await connection.end()
})

test('a no-break space of latin1 stands between tokens', async () => {
  const { host, port, user, password } = fixture.proxy
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    database: 'main',
    charset: 'latin1',
  })
  await connection.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
  const [rows] = await connection.query(
    "SELECT\u00a0COUNT(*) AS n, MAX('\u00a0') AS blank\u00a0FROM\u00a0users",
  )
  expect(rows).toEqual([{ n: 4, blank: '\u00a0' }])
  await connection.query('DELETE FROM users\u00a0WHERE\u00a0id IN (1, 2, 3, 4)')
  await connection.end()
})
