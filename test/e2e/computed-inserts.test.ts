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
