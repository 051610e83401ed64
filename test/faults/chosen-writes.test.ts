import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { type ProtocolClient, printError, type Result, textRow } from '../support/protocol-client.ts'

/** UPDATE and DELETE that choose rows of several shards first: others at the same rows, and what breaks in between. */
let faults: FaultCluster
let clients: readonly ProtocolClient[]
const ROWS = 60

beforeAll(async () => {
  faults = await startFaultCluster()
  clients = await Promise.all(Array.from({ length: 4 }, () => faults.connect()))
  // A circle of waits ends with error 1205, and with it the test.
  for (const client of clients) await client.query('SET innodb_lock_wait_timeout = 5')
})
afterAll(async () => {
  for (const client of clients ?? []) client.close()
  await faults?.close()
})
beforeEach(async () => {
  await run('DELETE FROM users')
  await run(
    `INSERT INTO users (id, name, score) VALUES ${Array.from({ length: ROWS }, (_, i) => `(${i + 1}, 'a', 0)`).join(', ')}`,
  )
})

async function run(sql: string, client = clients[0]!): Promise<Result> {
  const [answer] = await client.query(sql)
  if (answer!.kind === 'error') throw new Error(printError(answer!))
  return answer!
}

async function cellOf(sql: string, client = clients[0]!): Promise<string | null> {
  const answer = await run(sql, client)
  return answer.kind === 'rows' ? textRow(answer.rows[0]!)[0]! : null
}

describe('several sessions at the same rows', () => {
  test('take each row once', async () => {
    const taken = await Promise.all(
      clients.map(async (client) => {
        let rows = 0
        for (let i = 0; i < 5; i++) {
          const answer = await run('DELETE FROM users ORDER BY id LIMIT 2', client)
          if (answer.kind === 'ok') rows += Number(answer.affectedRows)
        }
        return rows
      }),
    )
    expect(taken).toEqual([10, 10, 10, 10])
    expect(await cellOf('SELECT MIN(id) FROM users')).toBe('41')
  }, 30_000)

  test('change each as often as they were asked to', async () => {
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 8; i++)
          await run('UPDATE users SET score = score + 1 ORDER BY id DESC LIMIT 20', client)
      }),
    )
    expect(await cellOf(`SELECT COUNT(*) FROM users WHERE id > ${ROWS - 20} AND score = 32`)).toBe('20')
    expect(await cellOf('SELECT SUM(score) FROM users')).toBe(String(20 * 32))
  }, 30_000)

  test('as far as subqueries look at rows of other shards', async () => {
    const sql =
      'UPDATE users SET score = score + 1 WHERE id <= (SELECT MIN(id) + 5 FROM (SELECT id FROM users) AS d)'
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 4; i++) await run(sql, client)
      }),
    )
    expect(await cellOf('SELECT SUM(score) FROM users')).toBe(String(6 * 16))
  }, 30_000)
})

test('in a transaction nobody else sees them, and ROLLBACK undoes all of it', async () => {
  const [session, other] = [clients[0]!, clients[1]!]
  await run('BEGIN', session)
  await run('DELETE FROM users ORDER BY id LIMIT 30', session)
  expect(await cellOf('SELECT COUNT(*) FROM users', session)).toBe('30')
  expect(await cellOf('SELECT COUNT(*) FROM users', other)).toBe('60')
  await run('ROLLBACK', session)
  expect(await cellOf('SELECT COUNT(*) FROM users', session)).toBe('60')
})

test('rows of one key on two shards are two rows', async () => {
  await run(
    'INSERT INTO orders (id, user_id, product, amount) VALUES (1, 1, 1, 1), (1, 4, 2, 1), (2, 1, 3, 1)',
  )
  await run('UPDATE orders SET amount = amount + 1 ORDER BY product LIMIT 2')
  expect(await cellOf('SELECT GROUP_CONCAT(amount ORDER BY product) FROM orders')).toBe('2.00,2.00,1.00')
  await run('UPDATE orders o JOIN users u ON u.id = o.product SET o.note = CONCAT(u.name, u.id)')
  expect(await cellOf('SELECT GROUP_CONCAT(note ORDER BY product) FROM orders')).toBe('a1,a2,a3')
  const deleted = await run('DELETE FROM orders ORDER BY product DESC LIMIT 2')
  expect(deleted).toMatchObject({ kind: 'ok', affectedRows: 2 })
})

test('a shard that refuses its rows has the others undo theirs', async () => {
  const session = clients[0]!
  const refused = 'UPDATE users SET name = IF(id = 40, NULL, UPPER(name)) ORDER BY id LIMIT 50'
  for (const around of [[], ['BEGIN']]) {
    for (const sql of around) await run(sql, session)
    expect((await session.query(refused))[0]).toMatchObject({ kind: 'error', errno: 1048 })
    expect(await cellOf("SELECT COUNT(*) FROM users WHERE BINARY name = 'A'", session)).toBe('0')
    for (const _ of around) await run('COMMIT', session)
  }
  expect(await cellOf("SELECT COUNT(*) FROM users WHERE BINARY name = 'A'")).toBe('0')
})

test('of several writes none is left when a later one is refused', async () => {
  const session = clients[0]!
  // Each row gets a value of its own: a statement for each.
  const refused =
    'UPDATE users u JOIN (SELECT id, IF(id = 33, NULL, CONCAT(name, id)) AS n FROM users) AS d ON d.id = u.id SET u.name = d.n'
  for (const around of [[], ['BEGIN']]) {
    for (const sql of around) await run(sql, session)
    await run('UPDATE users SET score = score + 1 WHERE id = 1', session)
    expect((await session.query(refused))[0]).toMatchObject({ kind: 'error', errno: 1048 })
    expect(await cellOf("SELECT COUNT(*) FROM users WHERE name <> 'a'", session)).toBe('0')
    for (const _ of around) await run('COMMIT', session)
  }
  expect(await cellOf('SELECT score FROM users WHERE id = 1')).toBe('2') // what the transaction did before is there
})

test('a connection that is lost between the steps leaves nothing', async () => {
  const session = await faults.connect()
  const root = await faults.rootOf('80-')
  await root.query('BEGIN')
  await root.query('SELECT id FROM main.users FOR UPDATE')
  const asked = session.query("UPDATE users SET name = 'lost choice' ORDER BY id LIMIT 50")
  const watching = await faults.rootOf('80-')
  const [thread] = await eventually('it waits on 80-', async () => {
    const threads = await threadsRunning(watching, 'FOR UPDATE')
    return threads.length > 0 && threads
  })
  await watching.query(`KILL ${thread}`)
  expect((await asked)[0]).toMatchObject({ kind: 'error' })
  for (const connection of [root, watching]) connection.destroy()
  expect(await cellOf("SELECT COUNT(*) FROM users WHERE name = 'lost choice'", session)).toBe('0')
  session.close()
})

test("transaction_mode = 'single' refuses a second shard, and nothing is changed", async () => {
  const session = await faults.connect()
  await run("SET transaction_mode = 'single'", session)
  expect((await session.query('DELETE FROM users ORDER BY id LIMIT 20'))[0]).toMatchObject({ kind: 'error' })
  expect(await cellOf('SELECT COUNT(*) FROM users', session)).toBe('60')
  session.close()
})

test('KILL ends one that waits for locks, and nothing is changed', async () => {
  const root = await faults.rootOf('80-')
  await root.query('BEGIN')
  await root.query('SELECT id FROM main.users FOR UPDATE')
  const victim = await faults.connect()
  const asked = victim.query("UPDATE users SET name = 'killed choice' ORDER BY id LIMIT 50")
  const watching = await faults.rootOf('80-')
  await eventually('it waits on 80-', async () => (await threadsRunning(watching, 'FOR UPDATE')).length > 0)
  await run(`KILL QUERY ${victim.connectionId}`)
  expect((await asked)[0]).toMatchObject({ kind: 'error', errno: 1317 })
  for (const connection of [root, watching]) connection.destroy()
  expect(await cellOf("SELECT COUNT(*) FROM users WHERE name = 'killed choice'")).toBe('0')
  expect(await cellOf('SELECT 1', victim)).toBe('1')
  await run("UPDATE users SET name = 'free' ORDER BY id LIMIT 50") // no lock is left
  victim.close()
})
