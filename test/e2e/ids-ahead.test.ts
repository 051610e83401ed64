import { Readable } from 'node:stream'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { type Pair, startPair } from '../support/pair.ts'
import { PROXY_ACCOUNT } from '../support/proxy.ts'

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

/** Ids that rows bring, ahead of the numbers that others are given: AUTO_INCREMENT goes on behind them, and so do sequences. */
onEachServer((server) => {
  let pair: Pair
  let reference: Connection
  let proxy: Connection

  beforeAll(async () => {
    pair = await startPair({
      server,
      shardCounts: [2],
      schemaDir: SCHEMA_DIR,
      keyspaces: ['lookup', 'main'],
    })
    reference = await connect({ port: pair.server.port, ...pair.server.account })
    proxy = await connect({ port: pair.proxies[0]!.proxy.port, ...PROXY_ACCOUNT })
    await reference.query('ALTER TABLE users AUTO_INCREMENT = 1001')
  })
  afterAll(async () => {
    reference?.destroy()
    proxy?.destroy()
    await pair?.close()
  })

  async function ran(connection: Connection, sql: string, params?: readonly number[]) {
    const [answer] =
      params === undefined ? await connection.query(sql) : await connection.execute(sql, [...params])
    const { insertId, affectedRows, info } = answer as ResultSetHeader
    const [left] = await connection.query('SELECT LAST_INSERT_ID() AS id')
    const [rows] = await connection.query('SELECT id, name FROM users ORDER BY id, name')
    return { insertId, affectedRows, info, left, rows }
  }

  async function same(sql: string, params?: readonly number[]): Promise<void> {
    const expected = await ran(reference, sql, params)
    expect({ sql, ...(await ran(proxy, sql, params)) }).toEqual({ sql, ...expected })
  }

  test.each([
    ['one row', [`INSERT INTO users (id, name) VALUES (2000, 'ahead')`]],
    ['several rows', [`INSERT INTO users (id, name) VALUES (2110, 'a'), (2105, 'b'), (2120, 'c')`]],
    ['REPLACE', [`REPLACE INTO users (id, name) VALUES (2200, 'a')`]],
    [
      'a row that another one meets',
      [
        `INSERT INTO users (id, name) VALUES (2300, 'a') ON DUPLICATE KEY UPDATE name = 'b'`,
        `INSERT INTO users (id, name) VALUES (2300, 'a') ON DUPLICATE KEY UPDATE name = 'b'`,
      ],
    ],
    ['SET', [`INSERT INTO users SET id = 2400, name = 'a'`]],
    ['text and fractions', [`INSERT INTO users (id, name) VALUES ('2500', 'a'), (2501.4, 'b')`]],
    ['rows of a query', [`INSERT INTO users (id, name) SELECT id + 600, name FROM users WHERE id = 2000`]],
    ['a row of a query without tables', [`INSERT INTO users (id, name) SELECT 2650, 'a'`]],
    [
      'a row that is there unless it was before',
      [
        `INSERT INTO users (id, name) SELECT 2660, 'a' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 2660)`,
        `INSERT INTO users (id, name) SELECT 2660, 'a' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 2660)`,
      ],
    ],
    [
      'a transaction that is rolled back',
      ['BEGIN', `INSERT INTO users (id, name) VALUES (2700, 'a')`, 'ROLLBACK'],
    ],
    ['below zero', [`INSERT INTO users (id, name) VALUES (-5, 'a')`]],
    ['what is behind', [`INSERT INTO users (id, name) VALUES (900, 'a'), (901, 'b')`]],
    ['IGNORE', [`INSERT IGNORE INTO users (id, name) VALUES (2800, 'a'), (900, 'b')`]],
  ])('%s', async (_, statements) => {
    for (const sql of statements) await same(sql)
    await same(`INSERT INTO users (name) VALUES ('next')`)
    await same(`INSERT INTO users (name) VALUES ('next'), ('after that')`)
  })

  test('by a param', async () => {
    await same('INSERT INTO users (id, name) VALUES (?, ?)', [3000, 1])
    await same('INSERT INTO users (name) VALUES (?)', [2])
  })

  test('within the statement, of which a server gives away more than it has rows', async () => {
    await same(`INSERT INTO users (id, name) VALUES (3100, 'ahead'), (NULL, 'next'), (0, 'next')`)
    await same(`INSERT INTO users (id, name) VALUES (3200, 'ahead')`)
    await same(`INSERT INTO users (id, name) VALUES (NULL, 'a'), (3202, 'ahead'), (NULL, 'b'), (3300, 'c')`)
  })

  test('of IGNOREd rows the last one is told', async () => {
    await same(`INSERT IGNORE INTO users (id, name) VALUES (902, 'n'), (2000, 'x')`)
    await same(`INSERT IGNORE INTO users (id, name) VALUES (2000, 'n'), (903, 'x')`)
    await same(`INSERT IGNORE INTO users (id, name) VALUES (904, 'n'), (905, 'x')`)
    await same(`INSERT IGNORE INTO users (id, name) VALUES (2000, 'n'), (904, 'x')`)
  })

  test('a sequence that is not there gives no numbers, and hinders no row that brings its own', async () => {
    await proxy.query('DELETE FROM lookup.orders_seq')
    const [made] = await proxy.query(
      'INSERT INTO orders (id, user_id, product, amount) VALUES (77000, 1, 1, 1), (77001, 2, 1, 1)',
    )
    expect(made).toMatchObject({ affectedRows: 2 })
    await expect(
      proxy.query('INSERT INTO orders (user_id, product, amount) VALUES (1, 1, 1)'),
    ).rejects.toMatchObject({ message: expect.stringContaining('must have exactly one row') })
    await proxy.query('INSERT INTO lookup.orders_seq (id, next_id, cache) VALUES (0, 5001, 100)')
  })

  test('LOAD DATA', async () => {
    const sql = `LOAD DATA LOCAL INFILE 'f' INTO TABLE users (id, name)`
    const infileStreamFactory = () => Readable.from([Buffer.from('4000\ta\n4010\tb\n')])
    for (const connection of [reference, proxy]) await connection.query({ sql, infileStreamFactory })
    await same(`INSERT INTO users (name) VALUES ('next')`)
  })

  test('UPDATEs begin where both count alike', async () => {
    const [made] = await proxy.query(
      `INSERT INTO users (id, name) VALUES (12000, 'a'), (12001, 'b'), (12002, 'c')`,
    )
    expect((made as ResultSetHeader).affectedRows).toBe(3)
    await reference.query(`INSERT INTO users (id, name) VALUES (12000, 'a'), (12001, 'b'), (12002, 'c')`)
    await same(`INSERT INTO users (name) VALUES ('next')`)
  })

  test.each([
    ['UPDATE of the id', [`UPDATE users SET id = 12900 WHERE id = 12000`]],
    ['of several, computed', [`UPDATE users SET id = id + 1000 WHERE id IN (12001, 12002) ORDER BY id DESC`]],
    [
      'to what it is, and to less',
      [`UPDATE users SET id = 12900 WHERE id = 12900`, `UPDATE users SET id = 7 WHERE id = 12900`],
    ],
    ['rolled back', ['BEGIN', `UPDATE users SET id = 14000 WHERE id = 7`, 'ROLLBACK']],
    ['of no row', [`UPDATE users SET id = 14200 WHERE id = 123456`]],
    [
      'of two tables',
      [`UPDATE users u LEFT JOIN orders o ON o.user_id = u.id SET u.id = 14300 WHERE u.id = 7`],
    ],
  ])('%s', async (_, statements) => {
    for (const sql of statements) await same(sql)
    await same(`INSERT INTO users (name) VALUES ('next')`)
  })

  test('an id that does not place its row', async () => {
    for (const connection of [reference, proxy]) await connection.query('DELETE FROM orders')
    const [{ insertId }] = (await proxy.query(
      'INSERT INTO orders (user_id, product, amount) VALUES (1, 1, 1)',
    )) as [ResultSetHeader, unknown]
    await proxy.query('DELETE FROM orders')
    await reference.query(`ALTER TABLE orders AUTO_INCREMENT = ${insertId + 1}`)
    for (const sql of [
      'INSERT INTO orders (user_id, product, amount) VALUES (1, 1, 1), (2, 1, 1), (3, 1, 1)',
      'UPDATE orders SET id = 12000 WHERE user_id = 2',
      'INSERT INTO orders (user_id, product, amount) VALUES (4, 1, 1)',
      'UPDATE orders SET id = id + 2000, product = 2 WHERE user_id < 3 ORDER BY id DESC',
      'INSERT INTO orders (user_id, product, amount) VALUES (5, 1, 1)',
      'INSERT INTO orders (id, user_id, product, amount) VALUES (14000, 2, 1, 1) ON DUPLICATE KEY UPDATE id = 18500',
      'INSERT INTO orders (user_id, product, amount) VALUES (6, 1, 1)',
      'INSERT INTO orders (id, user_id, product, amount) VALUES (18500, 2, 1, 1) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), product = 3',
      'INSERT INTO orders (user_id, product, amount) VALUES (7, 1, 1)',
    ]) {
      const told = [reference, proxy].map(async (connection) => {
        const [answer] = await connection.query(sql)
        const { affectedRows, info, insertId } = answer as ResultSetHeader
        const [rows] = await connection.query('SELECT id, user_id, product FROM orders ORDER BY id')
        return { affectedRows, info, insertId, rows }
      })
      const [expected, actual] = await Promise.all(told)
      expect({ sql, ...actual }).toEqual({ sql, ...expected })
    }
  })
})

function connect(options: { readonly port: number; readonly user: string; readonly password: string }) {
  return createConnection({ host: '127.0.0.1', ...options, database: 'main', flags: ['+LOCAL_FILES'] })
}
