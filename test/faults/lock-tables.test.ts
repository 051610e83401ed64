import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** LOCK TABLES over two shards: who waits for whom, and when the locks end. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster()
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
})
afterAll(() => faults?.close())

const client = clientsBy((of: TestProxy = faults.proxy) => connectTo(of))

function cells([result]: readonly Result[]): unknown {
  return result!.kind === 'rows' ? result!.rows.map(textRow) : result
}

async function ok(of: ProtocolClient, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) expect([sql, (await of.query(sql))[0]]).toMatchObject([sql, { kind: 'ok' }])
}

async function waits(shard: '-80' | '80-', marker: string): Promise<void> {
  const root = await faults.rootOf(shard)
  await eventually(`${marker} waits`, async () => (await threadsRunning(root, marker)).length > 0)
  await root.end()
}

test('two sessions that want the same tables meet on the first shard, in whatever order they name them', async () => {
  const [one, two] = [await client(), await client()]
  await ok(one, 'LOCK TABLES users WRITE, orders WRITE')
  const second = two.query('LOCK TABLES orders WRITE, users WRITE')
  await waits('-80', 'LOCK TABLES orders')
  const root = await faults.rootOf('80-')
  expect(await threadsRunning(root, 'LOCK TABLES orders')).toEqual([])
  await root.end()
  await ok(one, `UPDATE users SET name = 'one'`, 'UNLOCK TABLES')
  expect((await second)[0]).toMatchObject({ kind: 'ok' })
  expect(cells(await two.query('SELECT DISTINCT name FROM users'))).toEqual([['one']])
  await ok(two, 'UNLOCK TABLES')
})

test('a write of another session waits on every shard', async () => {
  const [one, two] = [await client(), await client()]
  await ok(one, 'LOCK TABLES users READ')
  const writing = two.query(`UPDATE users SET name = 'two' WHERE id = 4`)
  await waits('80-', 'UPDATE users')
  expect(cells(await one.query('SELECT name FROM users WHERE id = 4'))).toEqual([['one']])
  await ok(one, 'UNLOCK TABLES')
  expect((await writing)[0]).toMatchObject({ kind: 'ok' })
})

test.each(['a client that leaves', 'COM_RESET_CONNECTION', 'COM_QUIT', 'KILL'])(
  '%s ends the locks',
  async (how) => {
    const [one, two] = [await client(), await client()]
    await ok(one, 'LOCK TABLES users WRITE')
    const writing = two.query(`UPDATE users SET name = 'free'`)
    await waits('-80', 'UPDATE users')
    if (how === 'a client that leaves') one.destroy()
    else if (how === 'KILL') await (await client()).query(`KILL ${one.connectionId}`)
    else one.raw.send(how === 'COM_QUIT' ? '01' : '1f')
    expect((await writing)[0]).toMatchObject({ kind: 'ok' })
  },
)

test('KILL QUERY of one that waits leaves it without locks', async () => {
  const [one, two, other] = [await client(), await client(), await client()]
  await ok(one, 'LOCK TABLES orders WRITE')
  const second = two.query('LOCK TABLES users WRITE, orders WRITE')
  await waits('-80', 'LOCK TABLES users')
  await other.query(`KILL QUERY ${two.connectionId}`)
  expect((await second)[0]).toMatchObject({ kind: 'error', errno: 1317 })
  await ok(other, `UPDATE users SET name = 'other'`)
  await ok(one, 'UNLOCK TABLES')
})

test('a shard whose connection is lost releases those of the others, and the session hears of it', async () => {
  const [one, two] = [await client(), await client()]
  await ok(one, 'LOCK TABLES users WRITE')
  await faults.kill('80-')
  await faults.restart('80-')
  await eventually('told', async () => {
    const [answer] = await one.query('SELECT COUNT(*) FROM users')
    return answer!.kind === 'error' && answer!.errno === 2013
  })
  await eventually('both can write', async () => {
    const answers = [
      await two.query(`UPDATE users SET name = 'two'`),
      await one.query(`UPDATE users SET name = 'x'`),
    ]
    return answers.every(([answer]) => answer!.kind === 'ok')
  })
})
