import { readFileSync } from 'node:fs'
import { createConnection as createStreaming } from 'mysql2'
import { createConnection, createPool, type ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture?.close())

function options() {
  const { host, port, user, password } = fixture.proxy
  return { host, port, user, password, database: 'main' }
}

beforeEach(async () => {
  const connection = await createConnection(options())
  await connection.query('DELETE FROM users')
  await connection.query('DELETE FROM things')
  const rows = Array.from({ length: 50 }, (_, i) => [i + 1, `name ${i + 1}`, i % 3, (i / 4).toFixed(4)])
  await connection.query('INSERT INTO users (id, name, team, balance) VALUES ?', [rows])
  await connection.end()
})

test('text: one shard, all shards, and what an insert answers', async () => {
  const connection = await createConnection(options())
  const [one] = await connection.query('SELECT name, balance FROM users WHERE id = ?', [7])
  expect(one).toEqual([{ name: 'name 7', balance: '1.5000' }])
  const [all] = await connection.query('SELECT id FROM users ORDER BY id DESC LIMIT 3')
  expect(all).toEqual([{ id: 50 }, { id: 49 }, { id: 48 }])
  const [grouped] = await connection.query(
    'SELECT team, COUNT(*) AS n FROM users GROUP BY team ORDER BY team',
  )
  expect(grouped).toEqual([
    { team: 0, n: 17 },
    { team: 1, n: 17 },
    { team: 2, n: 16 },
  ])
  const [inserted] = await connection.query(`INSERT INTO users (name) VALUES ('a'), ('b'), ('c')`)
  const { affectedRows, info, insertId } = inserted as ResultSetHeader
  expect(affectedRows).toBe(3)
  expect(info).toContain('Records: 3  Duplicates: 0  Warnings: 0')
  const [names] = await connection.query('SELECT name FROM users WHERE id >= ? ORDER BY id', [insertId])
  expect(names).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  await expect(connection.query('SELECT nothing FROM users')).rejects.toMatchObject({
    code: 'ER_BAD_FIELD_ERROR',
    errno: 1054,
    sqlState: '42S22',
  })
  await connection.end()
})

test('prepared: values of every kind go in and come back', async () => {
  const connection = await createConnection({ ...options(), supportBigNumbers: true, timezone: 'Z' })
  const values = {
    id: 77,
    bi: '-9223372036854775808',
    de: '12345678901234567890.0123456789',
    db: 0.1,
    dt: new Date('2024-02-29T12:34:56.789Z'),
    vc: 'Straße 😀',
    vb: Buffer.from([0, 255, 16]),
    js: JSON.stringify({ a: [1, null] }),
    en: 'large',
    ti: null,
  }
  const names = Object.keys(values)
  const marks = names.map(() => '?').join(', ')
  await connection.execute(
    `INSERT INTO things (${names.join(', ')}) VALUES (${marks})`,
    Object.values(values),
  )
  for (let i = 0; i < 3; i++) {
    const [rows] = await connection.execute(`SELECT ${names.join(', ')} FROM things WHERE id = ?`, [77])
    const [row] = rows as Record<string, unknown>[]
    expect({
      ...row,
      js: JSON.stringify(typeof row!['js'] === 'string' ? JSON.parse(row!['js']) : row!['js']),
    }).toEqual(values)
  }
  const [scattered] = await connection.execute('SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?', [
    '47',
    '2',
  ])
  expect(scattered).toEqual([{ id: 48 }, { id: 49 }])
  await connection.end()
})

test('TLS: the proxy shows its certificate, text and prepared statements work', async () => {
  const ssl = { ca: readFileSync(fixture.certificates.ca, 'utf8') }
  const connection = await createConnection({ ...options(), ssl })
  const [rows] = await connection.query('SELECT COUNT(*) AS n FROM users')
  expect(rows).toEqual([{ n: 50 }])
  const [prepared] = await connection.execute('SELECT name FROM users WHERE id = ?', [3])
  expect(prepared).toEqual([{ name: 'name 3' }])
  await connection.end()
})

test('a pool: many statements at once, transactions each on a connection of their own', async () => {
  const pool = createPool({ ...options(), connectionLimit: 8 })
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => pool.query('SELECT name FROM users WHERE id = ?', [1 + (i % 50)])),
  )
  expect(answers.map(([rows]) => (rows as { name: string }[])[0]!.name)).toEqual(
    Array.from({ length: 200 }, (_, i) => `name ${1 + (i % 50)}`),
  )
  await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const connection = await pool.getConnection()
      await connection.beginTransaction()
      await connection.query('UPDATE users SET team = team + 10 WHERE id IN (?)', [[i * 2 + 1, i * 2 + 2]])
      if (i % 2 === 0) await connection.commit()
      else await connection.rollback()
      connection.release()
    }),
  )
  const [changed] = await pool.query('SELECT COUNT(*) AS n FROM users WHERE team >= 10')
  expect(changed).toEqual([{ n: 8 }])
  await pool.end()
})

test('statements and rows of more than 16 MB, by both protocols', async () => {
  const connection = await createConnection(options())
  await connection.query('CREATE TABLE IF NOT EXISTS lookup.blobs (id INT PRIMARY KEY, b LONGBLOB)')
  const big = Buffer.alloc(17 * 1024 * 1024, 'shardgate ')
  await connection.query('REPLACE INTO lookup.blobs VALUES (1, ?)', [big])
  await connection.execute('REPLACE INTO lookup.blobs VALUES (2, ?)', [big])
  const [text] = await connection.query('SELECT id, b FROM lookup.blobs ORDER BY id')
  for (const row of text as { b: Buffer }[]) expect(row.b.equals(big)).toBe(true)
  const [prepared] = await connection.execute('SELECT b FROM lookup.blobs WHERE id = ?', [2])
  expect((prepared as { b: Buffer }[])[0]!.b.equals(big)).toBe(true)
  await connection.query('UPDATE things SET tx = NULL')
  await connection.query('INSERT INTO things (id) VALUES (1), (2), (3)')
  const [merged] = await connection.query(`SELECT id, REPEAT('x', 17000000) AS x FROM things ORDER BY id`)
  expect((merged as { id: number; x: string }[]).map(({ id, x }) => [id, x.length])).toEqual([
    [1, 17_000_000],
    [2, 17_000_000],
    [3, 17_000_000],
  ])
  await connection.end()
})

test('a stream of rows is read as slowly as its reader likes', async () => {
  const connection = createStreaming(options())
  const stream = connection
    .query('SELECT a.id FROM users a JOIN users b ON a.id = b.id ORDER BY a.id')
    .stream({ highWaterMark: 2 })
  const ids: number[] = []
  for await (const row of stream) ids.push((row as { id: number }).id)
  expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  connection.destroy()
})

test('multiple statements, and a reset of the connection', async () => {
  const connection = await createConnection({ ...options(), multipleStatements: true })
  const [results] = await connection.query('SET @x = 5; SELECT @x AS x; SELECT COUNT(*) AS n FROM users')
  expect((results as unknown[])[1]).toEqual([{ x: 5 }])
  expect((results as unknown[])[2]).toEqual([{ n: 50 }])
  await connection.reset()
  const [rows] = await connection.query('SELECT @x AS x, DATABASE() AS d')
  expect(rows).toEqual([{ x: null, d: 'main' }])
  await connection.changeUser({
    user: fixture.proxy.user,
    password: fixture.proxy.password,
    database: 'lookup',
  })
  const [after] = await connection.query('SELECT DATABASE() AS d')
  expect(after).toEqual([{ d: 'lookup' }])
  await connection.end()
})
