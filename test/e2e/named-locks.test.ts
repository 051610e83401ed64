import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** Locks by name exclude each other wherever sessions are, though every shard is a server with locks of its own. */
let faults: FaultCluster
let proxy: TestProxy

beforeAll(async () => {
  faults = await startFaultCluster()
  proxy = await faults.startProxy({})
})
afterAll(() => faults?.close())

const client = clientsBy((of: TestProxy = proxy) => connectTo(of))

async function cell(of: ProtocolClient, sql: string): Promise<string | null> {
  const last = (await of.query(sql)).at(-1)!
  if (last.kind !== 'rows') throw new Error(JSON.stringify(last))
  return textRow(last.rows[0]!)[0]!
}

test('a lock is taken once', async () => {
  const holder = await client()
  expect(await cell(holder, `SELECT GET_LOCK('a', 0)`)).toBe('1')
  for (let i = 0; i < 6; i++) {
    const other = await client()
    if (i % 2 === 1) await other.query('USE lookup')
    expect(await cell(other, `SELECT GET_LOCK('a', 0)`)).toBe('0')
    expect(await cell(other, `SET @g = GET_LOCK('a', 0); SELECT @g`)).toBe('0')
    expect(await cell(other, `SELECT IS_FREE_LOCK('a')`)).toBe('0')
  }
})

test('is held over USE and transactions, and released from anywhere', async () => {
  const [holder, other] = [await client(), await client()]
  await holder.query(`DO GET_LOCK('b', 0)`)
  await holder.query('BEGIN')
  await holder.query('UPDATE users SET score = 1 WHERE id = 1')
  await holder.query('USE lookup')
  expect(await cell(other, `SELECT GET_LOCK('b', 0)`)).toBe('0')
  expect(await cell(holder, `SELECT RELEASE_LOCK('b')`)).toBe('1')
  expect(await cell(other, `SELECT GET_LOCK('b', 0)`)).toBe('1')
  await holder.query('ROLLBACK')
})

test('is told by whom it is held', async () => {
  const [holder, other] = [await client(), await client()]
  await holder.query(`DO GET_LOCK('d', 0)`)
  expect(await cell(holder, `SELECT IS_USED_LOCK('d') = CONNECTION_ID()`)).toBe('1')
  expect(await cell(holder, `SET @d = IS_USED_LOCK('d'); SELECT @d = CONNECTION_ID()`)).toBe('1')
  // The server's number of another's connection, which may be anything.
  expect(await cell(other, `SELECT IS_USED_LOCK('d') IS NULL`)).toBe('0')
  expect(await cell(other, `SELECT IS_USED_LOCK('e')`)).toBe(null)
  expect(await cell(holder, `SELECT RELEASE_LOCK('d')`)).toBe('1')
})

test('beside tables it would be another server’s: refused', async () => {
  const [answer] = await (await client()).query(`SELECT GET_LOCK('c', 0) FROM users WHERE id = 1`)
  expect(answer).toMatchObject({ kind: 'error', errno: 1235 })
})

async function pinsOf(of: ProtocolClient): Promise<string | null> {
  const [list] = await (await client()).query('SHOW SHARDGATE SESSIONS')
  if (list!.kind !== 'rows') throw new Error(JSON.stringify(list))
  return list!.rows.map(textRow).find(([id]) => Number(id) === of.connectionId)![6]!
}

test.each([
  [
    'RELEASE_LOCK() of each',
    ["SELECT GET_LOCK('p', 0), GET_LOCK('q', 0)", "DO RELEASE_LOCK('p')"],
    "DO RELEASE_LOCK('q')",
  ],
  [
    'RELEASE_ALL_LOCKS()',
    ["DO GET_LOCK('p', 0), GET_LOCK(CONCAT(UUID(), 1), 0)", "DO RELEASE_LOCK('p')"],
    'SELECT RELEASE_ALL_LOCKS()',
  ],
  [
    'as often as it was taken',
    ["DO GET_LOCK('p', 0), GET_LOCK('p', 0)", "DO RELEASE_LOCK('p')"],
    "SET @r = RELEASE_LOCK('p')",
  ],
  [
    'under the name that a variable had',
    ["SET @n = 'p'", 'SET @g = GET_LOCK(@n, 0)', "SET @n = 'q'"],
    "DO RELEASE_LOCK('p')",
  ],
])('the connection is kept until the last is released: %s', async (_how, before, last) => {
  const holder = await client()
  for (const sql of before) expect((await holder.query(sql))[0]!.kind).not.toBe('error')
  expect(await pinsOf(holder)).toContain('GET_LOCK()')
  await holder.query(last)
  expect(await pinsOf(holder)).toBe('')
  expect(await cell(await client(), `SELECT IS_FREE_LOCK('p')`)).toBe('1')
})

test('who did not get it keeps no connection', async () => {
  const [holder, other] = [await client(), await client()]
  await holder.query(`DO GET_LOCK('k', 0)`)
  expect(await cell(other, `SELECT GET_LOCK('k', 0)`)).toBe('0')
  expect(await pinsOf(other)).toBe('')
})

test('of two who wait for each other’s one is told', async () => {
  const [one, two] = [await client(), await client()]
  await one.query(`DO GET_LOCK('x', 0)`)
  await two.query(`DO GET_LOCK('y', 0)`)
  const waiting = one.query(`SELECT GET_LOCK('y', 10)`)
  const crossing = two.query(`SELECT GET_LOCK('x', 10)`)
  const [answer] = await Promise.race([waiting, crossing])
  // MariaDB says so behind the columns.
  const error = answer!.kind === 'rows' ? answer!.error : answer
  expect(error).toMatchObject({ kind: 'error', errno: 1213 })
  one.destroy()
  two.destroy()
  await Promise.allSettled([waiting, crossing])
})

test('one that is held for longer than its server waits for statements is not lost', async () => {
  const [name] = [...faults.cluster.servers.keys()].filter((each) => each.startsWith('lookup'))
  const root = await faults.cluster.servers.get(name!)!.connectAsRoot()
  await root.query('SET GLOBAL wait_timeout = 2')
  await root.end()
  const keeping = await faults.startProxy({ config: { pool: { idle_timeout: '1s' } } })
  const holder = await client(keeping)
  await holder.query(`DO GET_LOCK('long', 0)`)
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  expect(await cell(await client(keeping), `SELECT GET_LOCK('long', 0)`)).toBe('0')
  expect(await cell(holder, `SELECT RELEASE_LOCK('long')`)).toBe('1')
})
