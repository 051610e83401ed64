import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import type { Result } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** A server that is stopped, not dead: its kernel takes connections and acknowledges bytes, and nobody answers. */
let faults: FaultCluster
let proxy: TestProxy

const CONFIG = {
  timeouts: { silence: '1s', connect: '1s' },
  health: { interval: '200ms', timeout: '500ms' },
  pool: { size: 3, wait_timeout: '2s' },
}
/** Ids on `-80` and on `80-` (vindex hash). */
const [STOPPED, OTHER] = [1, 4]
/** Silence, the health check's time and the pool's next look, with room for a slow machine. */
const GIVEN_UP_MS = 6_000

beforeAll(async () => {
  faults = await startFaultCluster()
  proxy = await faults.startProxy({ config: CONFIG })
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (${STOPPED}, 'a'), (${OTHER}, 'b')`)
})
afterEach(async () => {
  faults.resume('-80')
})
afterAll(() => faults?.close())

const client = clientsBy((of: TestProxy = proxy) => connectTo(of))

async function timed(work: Promise<readonly Result[]>): Promise<{ result: Result; elapsedMs: number }> {
  const startedMs = performance.now()
  const [result] = await work
  return { result: result!, elapsedMs: performance.now() - startedMs }
}

async function expectAllWell(): Promise<void> {
  faults.resume('-80')
  const asking = await client()
  await eventually('the shard serves again', async () => {
    const [row] = await asking.query(`SELECT name FROM users WHERE id = ${STOPPED}`)
    return row!.kind === 'rows' && row!.error === undefined
  })
  // Every place of the pool has come back.
  const all = await Promise.all(Array.from({ length: 3 }, () => client()))
  const answers = await Promise.all(
    all.map((each) => each.query(`SELECT SLEEP(0.2) FROM users WHERE id = ${STOPPED}`)),
  )
  for (const [answer] of answers) expect(answer!.kind).toBe('rows')
}

test.each([
  { what: 'a read of one shard', sql: `SELECT name FROM users WHERE id = ${STOPPED}` },
  { what: 'a read of all shards', sql: 'SELECT COUNT(*) FROM users' },
  { what: 'a statement that MySQL judges first', sql: 'SELECT COUNT(DISTINCT LOWER(name)) FROM users' },
  { what: 'a write of one shard', sql: `UPDATE users SET name = 'x' WHERE id = ${STOPPED}` },
  { what: 'a write of all shards', sql: `UPDATE users SET name = 'x'` },
])('$what is ended with an error after a stated time, and the pool is whole again', async ({ sql }) => {
  const asking = await client()
  await asking.query(`SELECT name FROM users WHERE id = ${STOPPED}`)
  await faults.pause('-80')
  const { result, elapsedMs } = await timed(asking.query(sql))
  expect(result).toMatchObject({ kind: 'error' })
  expect(elapsedMs).toBeLessThan(GIVEN_UP_MS)
  expect((await asking.query(`SELECT name FROM users WHERE id = ${OTHER}`))[0]!.kind).toBe('rows')
  await expectAllWell()
})

test('a transaction is lost with it, says so, and is rolled back on the other shard', async () => {
  const asking = await client()
  await asking.query('BEGIN')
  await asking.query(`UPDATE users SET name = 'in transaction' WHERE id = ${STOPPED}`)
  await asking.query(`UPDATE users SET name = 'in transaction' WHERE id = ${OTHER}`)
  await faults.pause('-80')
  const { result, elapsedMs } = await timed(asking.query('COMMIT'))
  expect(elapsedMs).toBeLessThan(GIVEN_UP_MS)
  expect(result).toMatchObject({ kind: 'error' })
  const [other] = await asking.query(`SELECT 1 FROM users WHERE id = ${OTHER} AND name = 'in transaction'`)
  expect(other).toMatchObject({ kind: 'rows', rows: [] })
  await expectAllWell()
})

test('a statement with a deadline is told 3024 then, not when the server is given up', async () => {
  const strict = await faults.startProxy({
    config: { ...CONFIG, timeouts: { ...CONFIG.timeouts, silence: '1h', query: '500ms' } },
  })
  const asking = await client(strict)
  await asking.query(`SELECT name FROM users WHERE id = ${STOPPED}`)
  await faults.pause('-80')
  for (const sql of [`SELECT name FROM users WHERE id = ${STOPPED}`, 'SELECT COUNT(*) FROM users']) {
    const { result, elapsedMs } = await timed(asking.query(sql))
    expect(result).toMatchObject({ kind: 'error', errno: 3024 })
    expect(elapsedMs).toBeLessThan(3_000)
  }
})

test('a long statement on a server that is well is not given up', async () => {
  const asking = await client()
  const { result, elapsedMs } = await timed(asking.query(`SELECT SLEEP(3) FROM users WHERE id = ${STOPPED}`))
  expect([result.kind, elapsedMs > 2_900]).toEqual(['rows', true])
})
