import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture?.close())

test('a random value that decides the shard is what is stored, by text and prepared', async () => {
  const { host, port, user, password } = fixture.proxy
  const connection = await createConnection({ host, port, user, password, database: 'main' })
  for (let i = 0; i < 8; i++) {
    await connection.query(`INSERT INTO tokens (token, fixed, id) VALUES (LEFT(UUID(), 20), 'a', ${2 * i})`)
    await connection.execute(`INSERT INTO tokens (token, fixed, id) VALUES (LEFT(UUID(), ?), 'a', ?)`, [
      18,
      2 * i + 1,
    ])
  }
  const [rows] = await connection.query<RowDataPacket[]>('SELECT token, id FROM tokens')
  expect(rows).toHaveLength(16)
  expect(new Set(rows.map(({ token }) => token)).size).toBe(16)
  for (const { token, id } of rows) {
    // By the vindex, of one shard alone.
    const [found] = await connection.query('SELECT id FROM tokens WHERE token = ?', [token])
    expect(found).toEqual([{ id }])
  }
  await connection.end()
})

test('RETURNING: a row that is refused on one shard leaves none on the others', async () => {
  const { host, port, user, password } = fixture.proxy
  const connection = await createConnection({ host, port, user, password, database: 'main' })
  await connection.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')`)
  const twice = `INSERT INTO users (id, name) VALUES (11, 'a'), (12, 'b'), (13, 'c'), (14, 'd'), (4, 'twice') RETURNING id`
  const ids = async () => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM users ORDER BY id')
    return rows.map(({ id }) => id)
  }
  await expect(connection.query(twice)).rejects.toMatchObject({ errno: 1062 })
  expect(await ids()).toEqual([1, 2, 3, 4])
  await connection.query('BEGIN')
  const [deleted] = await connection.query('DELETE FROM users WHERE id < 3 RETURNING name')
  expect(deleted).toEqual(expect.arrayContaining([{ name: 'a' }, { name: 'b' }]))
  await expect(connection.query(twice)).rejects.toMatchObject({ errno: 1062 })
  expect(await ids()).toEqual([3, 4])
  await connection.query('ROLLBACK')
  expect(await ids()).toEqual([1, 2, 3, 4])
  await connection.end()
})
