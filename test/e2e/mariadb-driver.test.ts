import { readFileSync } from 'node:fs'
import { createConnection, createPool } from 'mariadb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture?.close())

function options() {
  const { host, port, user, password } = fixture.proxy
  return { host, port, user, password, database: 'main', allowPublicKeyRetrieval: true }
}

test('connects, asks, and inserts', async () => {
  const connection = await createConnection(options())
  const inserted = await connection.query(
    `INSERT INTO users (id, name) VALUES (1, 'one'), (2, 'two'), (4, 'four')`,
  )
  expect(inserted).toMatchObject({ affectedRows: 3 })
  expect(await connection.query('SELECT name FROM users WHERE id = ?', [4])).toMatchObject([{ name: 'four' }])
  expect(await connection.execute('SELECT name FROM users WHERE id > ? ORDER BY id', [1])).toMatchObject([
    { name: 'two' },
    { name: 'four' },
  ])
  await connection.end()
})

test('sends statements without waiting for answers, and gets each its own', async () => {
  const connection = await createConnection({ ...options(), pipelining: true })
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      i % 10 === 9
        ? connection.query('SELECT nothing FROM users').catch((error) => error.errno)
        : connection.query(`SELECT ${i} AS i, COUNT(*) AS n FROM users`),
    ),
  )
  for (const [i, answer] of answers.entries()) {
    if (i % 10 === 9) expect(answer).toBe(1054)
    else expect(Number(answer[0].i)).toBe(i)
  }
  await connection.end()
})

test('a batch puts every row on its shard', async () => {
  const connection = await createConnection(options())
  const rows = Array.from({ length: 200 }, (_, i) => [1000 + i, `batch ${i}`])
  const answer = await connection.batch('INSERT INTO users (id, name) VALUES (?, ?)', rows)
  expect([answer].flat().reduce((sum, part) => sum + part.affectedRows, 0)).toBe(200)
  const [counted] = await connection.query(
    `SELECT COUNT(*) AS n, MIN(id) AS low, MAX(id) AS high FROM users WHERE name LIKE 'batch%'`,
  )
  expect([Number(counted.n), Number(counted.low), Number(counted.high)]).toEqual([200, 1000, 1199])
  await connection.end()
})

test('TLS, and a pool over it', async () => {
  const ssl = { ca: readFileSync(fixture.certificates.ca, 'utf8') }
  const pool = createPool({ ...options(), ssl, connectionLimit: 4 })
  const counts = await Promise.all(
    Array.from({ length: 20 }, () => pool.query(`SELECT COUNT(*) AS n FROM users WHERE name LIKE 'batch%'`)),
  )
  for (const [row] of counts) expect(Number(row.n)).toBe(200)
  await pool.end()
})

test('transactions and errors', async () => {
  const connection = await createConnection(options())
  await connection.beginTransaction()
  await connection.query(`DELETE FROM users`)
  await connection.rollback()
  await expect(connection.query(`INSERT INTO users (id, name) VALUES (1000, 'twice')`)).rejects.toMatchObject(
    {
      errno: 1062,
      sqlState: '23000',
    },
  )
  const [row] = await connection.query('SELECT COUNT(*) AS n FROM users WHERE id >= 1000')
  expect(Number(row.n)).toBe(200)
  await connection.end()
})
