import type { Connection, RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import type { TestProxy } from '../support/proxy.ts'

/** What shards get in place of the client's own statement is judged first: one of them prepares that very statement. */
let faults: FaultCluster
/** With one connection to each shard. */
let narrow: TestProxy
let roots: readonly Connection[]

/** On `-80`, which is asked first. */
const ID = 1

beforeAll(async () => {
  faults = await startFaultCluster()
  narrow = await faults.startProxy({ config: { pool: { size: 1, wait_timeout: '2s' } } })
  roots = await Promise.all([faults.rootOf('-80'), faults.rootOf('80-')])
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name, team) VALUES (${ID}, 'a', 1), (4, 'b', 2)`)
})
afterAll(async () => {
  for (const root of roots ?? []) await root.end()
  await faults?.close()
})

const client = clientsBy((of: TestProxy = faults.proxy) => connectTo(of))

/** Statements that the shards have prepared so far. */
async function prepared(): Promise<number> {
  const counts = await Promise.all(
    roots.map(async (root) => {
      const [rows] = await root.query<RowDataPacket[]>(`SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'`)
      return Number(rows[0]!['Value'])
    }),
  )
  return counts.reduce((a, b) => a + b)
}

async function preparedBy(...statements: readonly string[]): Promise<number> {
  const before = await prepared()
  const asking = await client()
  for (const sql of statements) expect([sql, (await asking.query(sql))[0]!.kind]).not.toContain('error')
  return (await prepared()) - before
}

test('a new plan costs one question to one shard, and none from then on', async () => {
  const sql = 'SELECT name FROM users WHERE id > 0 ORDER BY LOWER(name)'
  expect(await preparedBy(sql)).toBe(1)
  expect(await preparedBy(sql, sql.replace('0', '-5'))).toBe(0)
  expect(await preparedBy(`SET sql_mode = 'ONLY_FULL_GROUP_BY'`, sql, sql)).toBe(1)
})

test('what shards get as it came is judged by themselves', async () => {
  expect(
    await preparedBy(
      'SELECT name, team FROM users',
      'SELECT id FROM users ORDER BY id LIMIT 1, 2',
      `SELECT LOWER(name) FROM users WHERE id = ${ID} ORDER BY 1`,
    ),
  ).toBe(0)
})

test('the columns of a UNION ALL are asked for once a text, for literals have types', async () => {
  const sql = `SELECT 'a', id FROM users UNION ALL SELECT 'b', 1 FROM orders`
  expect(await preparedBy(sql)).toBe(3) // of the whole and of each part
  expect(await preparedBy(sql)).toBe(0)
  expect(await preparedBy(sql.replace(`'b'`, `'longer'`))).toBe(3)
})

test('where no literal is shown, once a plan', async () => {
  const sql = 'SELECT id, team FROM users WHERE id > 1 UNION ALL SELECT id, product FROM orders WHERE id > 2'
  expect(await preparedBy(sql)).toBe(3)
  expect(await preparedBy(sql, sql.replace('2', '22'))).toBe(0)
})

test('in a transaction it is asked on the connection that the session has there', async () => {
  const asking = await client(narrow)
  await asking.query('BEGIN')
  await asking.query('SELECT COUNT(*) FROM users')
  expect(await asking.query('SELECT name FROM users ORDER BY UPPER(name)')).toMatchObject([{ kind: 'rows' }])
  expect(await asking.query('SELECT name FROM users ORDER BY UPPER(nothing)')).toMatchObject([
    { kind: 'error', errno: 1054 },
  ])
  expect(await asking.query('SELECT name FROM users ORDER BY REVERSE(name)')).toMatchObject([
    { kind: 'rows' },
  ])
  await asking.query('COMMIT')
})

test('an error is that of its own statement among several, and of a changed table', async () => {
  const asking = await client()
  const sql = 'SELECT COUNT(*) FROM users GROUP BY team ORDER BY added'
  expect(await asking.query(`SELECT 1; ${sql}; SELECT 2`)).toMatchObject([
    { kind: 'rows' },
    { kind: 'error', errno: 1054, message: `Unknown column 'added' in 'ORDER BY'` },
  ])
  await asking.query('ALTER TABLE users ADD COLUMN added INT')
  expect(await asking.query(sql)).toMatchObject([{ kind: 'rows' }])
  await asking.query('ALTER TABLE users DROP COLUMN added')
  expect(await asking.query(sql)).toMatchObject([{ kind: 'error', errno: 1054 }])
})

/** As long as `work` runs, nobody can prepare a statement with the table on the first shard. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  const [root] = roots
  await root!.query('USE main')
  await root!.query('LOCK TABLES users WRITE')
  try {
    await work()
  } finally {
    await root!.query('UNLOCK TABLES')
  }
}

async function isWaiting(): Promise<boolean> {
  const [rows] = await roots[0]!.query<RowDataPacket[]>('SHOW PROCESSLIST')
  return rows.some((row) => row['State'] === 'Waiting for table metadata lock')
}

test('KILL ends the wait for it', async () => {
  const [asking, killing] = [await client(narrow), await client(narrow)]
  await whileLocked(async () => {
    const answer = asking.query('SELECT name FROM users ORDER BY CONCAT(name, 1)')
    await eventually('the shard is asked', isWaiting)
    await killing.query(`KILL QUERY ${asking.connectionId}`)
    expect(await answer).toMatchObject([{ kind: 'error', errno: 1317 }])
  })
  expect(await asking.query('SELECT name FROM users ORDER BY CONCAT(name, 1)')).toMatchObject([
    { kind: 'rows' },
  ])
})

test('a client that leaves meanwhile leaves nothing behind', async () => {
  const leaving = await client(narrow)
  await whileLocked(async () => {
    void leaving.query('SELECT name FROM users ORDER BY CONCAT(name, 2)').catch(() => {})
    await eventually('the shard is asked', isWaiting)
    leaving.destroy()
    await eventually('nobody waits', async () => !(await isWaiting()))
  })
  const asking = await client(narrow)
  expect(await asking.query('SELECT name FROM users ORDER BY CONCAT(name, 2)')).toMatchObject([
    { kind: 'rows' },
  ])
})

test('two sessions at once are both told', async () => {
  const both = [await client(), await client()]
  const sql = 'SELECT COUNT(*) FROM users GROUP BY team ORDER BY nowhere'
  const answers = await Promise.all(both.map((each) => each.query(sql)))
  for (const answer of answers) expect(answer).toMatchObject([{ kind: 'error', errno: 1054 }])
})
