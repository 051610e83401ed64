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

const client = clientsBy(() => connectTo(proxy))

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
  expect(await cell(other, `SELECT IS_USED_LOCK('d') = CONNECTION_ID()`)).toBe('0')
  expect(await cell(other, `SELECT IS_USED_LOCK('e')`)).toBe(null)
  expect(await cell(holder, `SELECT RELEASE_LOCK('d')`)).toBe('1')
})

test('beside tables it would be another server’s: refused', async () => {
  const [answer] = await (await client()).query(`SELECT GET_LOCK('c', 0) FROM users WHERE id = 1`)
  expect(answer).toMatchObject({ kind: 'error', errno: 1235 })
})
