import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import type { ProtocolClient } from '../support/protocol-client.ts'

/** Requests for more connections than there are. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster({ config: { pool: { size: 2, waiters: 1, wait_timeout: '20s' } } })
  const setup = await connectTo(faults.proxy)
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
  setup.destroy()
})
afterAll(() => faults?.close())

const client = clientsBy(() => connectTo(faults.proxy))

// 1 is on `-80`, 4 on `80-`.
const SLOW = 'SELECT SLEEP(30) FROM users WHERE id = 1'

async function kindOf(of: ProtocolClient, sql: string) {
  const [result] = await of.query(sql)
  return result!.kind === 'error' ? result!.errno : result!.kind
}

/** Both connections to `-80` are in use. Resolves with those who have them. */
async function fill(): Promise<readonly ProtocolClient[]> {
  const busy = [await client(), await client()]
  for (const each of busy) each.query(SLOW).catch(() => {})
  const root = await faults.rootOf('-80')
  await eventually('both sleep', async () => (await threadsRunning(root, 'SLEEP(30)')).length === 2)
  await root.end()
  return busy
}

async function free(busy: readonly ProtocolClient[]): Promise<void> {
  const killer = await client()
  for (const { connectionId } of busy) await killer.query(`KILL QUERY ${connectionId}`)
}

test('a shard that is slow takes what is its own, and nothing of what others need', async () => {
  const busy = await fill()
  const [waiting, refused, other] = [await client(), await client(), await client()]
  const waits = kindOf(waiting, 'SELECT name FROM users WHERE id = 1')
  await kindOf(other, 'SELECT name FROM users WHERE id = 4')
  const [error] = await refused.query('SELECT name FROM users WHERE id = 1')
  expect(error).toMatchObject({ kind: 'error', errno: 1203, message: /pool\.waiters/ })
  expect(await kindOf(refused, 'SELECT COUNT(*) FROM users')).toBe(1203)
  expect(await kindOf(refused, 'SELECT name FROM users WHERE id = 4')).toBe('rows')
  expect(await kindOf(other, `UPDATE users SET name = 'x' WHERE id = 4`)).toBe('ok')
  await free(busy)
  expect(await waits).toBe('rows')
})

test('the more urgent statement takes the place of another in a full queue, also in a transaction that holds other shards', async () => {
  const busy = await fill()
  const [usual, urgent, inTransaction] = [await client(), await client(), await client()]
  await kindOf(inTransaction, 'BEGIN')
  await kindOf(inTransaction, 'SELECT name FROM users WHERE id = 4')
  const gaveWay = kindOf(usual, 'SELECT name FROM users WHERE id = 1')
  await kindOf(await client(), 'SELECT name FROM users WHERE id = 4')
  const served = kindOf(urgent, 'SELECT /*vt+ PRIORITY=10 */ name FROM users WHERE id = 1')
  expect(await gaveWay).toBe(1203)
  const first = kindOf(inTransaction, 'SELECT name FROM users WHERE id = 1')
  expect(await served).toBe(1203)
  await free(busy)
  expect(await first).toBe('rows')
})

test('a statement says how long it may take, however it is sent', async () => {
  const [own, holder] = [await client(), await client()]
  await kindOf(holder, 'BEGIN')
  await kindOf(holder, 'SELECT id FROM users WHERE id = 4 FOR UPDATE')
  const slow = 'SELECT /*vt+ QUERY_TIMEOUT_MS=150 */ name FROM users WHERE id = 4 FOR UPDATE'
  expect(await kindOf(own, slow)).toBe(3024)
  const prepared = await own.prepare(slow)
  if (prepared.kind !== 'prepared') throw new Error('not prepared')
  expect((await own.execute(prepared.id))[0]).toMatchObject({ errno: 3024 })
  await own.query(`PREPARE s FROM '${slow}'`)
  expect(await kindOf(own, 'EXECUTE s')).toBe(3024)
  expect((await own.query(`SELECT 1; ${slow}`))[1]).toMatchObject({ errno: 3024 })
  await own.query('SET query_timeout = 100')
  expect(await kindOf(own, 'SELECT /*vt+ QUERY_TIMEOUT_MS=0 */ SLEEP(0.2) FROM users WHERE id = 4')).toBe(
    'rows',
  )
  expect(await kindOf(own, 'SELECT /*vt+ PRIORITY=101 */ 1 FROM users')).toBe(1210)
  expect(await kindOf(own, 'SELECT /*vt+ PRIORITY=high */ 1 FROM users')).toBe(1210)
})
