import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import type { ProtocolClient, Result } from '../support/protocol-client.ts'

/** Answers and statements that go on for longer than anybody wants. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster({ config: { limits: { rows: 20 } } })
  const setup = await connectTo(faults.proxy)
  const rows = Array.from({ length: 60 }, (_, i) => `(${i + 1}, 'name ${i}', ${i % 2})`)
  await setup.query(`INSERT INTO users (id, name, team) VALUES ${rows.join(', ')}`)
  setup.destroy()
})
afterAll(() => faults?.close())

const client = clientsBy(() => connectTo(faults.proxy))

/** Number of its error, or of its rows. */
function told(result: Result): string {
  if (result.kind === 'rows' && result.error !== undefined) return `error ${result.error.errno}`
  return result.kind === 'rows'
    ? `${result.rows.length} rows`
    : result.kind === 'error'
      ? `error ${result.errno}`
      : 'ok'
}

async function answer(of: ProtocolClient, sql: string): Promise<string> {
  return told((await of.query(sql)).at(-1)!)
}

const MANY = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n'

test.each([
  ['SELECT id FROM users WHERE id < 100', 'error 1317'],
  ['SELECT id FROM users ORDER BY name', 'error 1317'],
  ['SELECT a.id FROM users a JOIN users b ON a.team = b.team', 'error 1317'],
  ['SELECT id FROM users WHERE id = 7', '1 rows'],
  ['SELECT id FROM users ORDER BY id LIMIT 20', '20 rows'],
  ['SELECT id FROM users ORDER BY id LIMIT 21', 'error 1317'],
  ['SELECT team, COUNT(*) FROM users GROUP BY team', '2 rows'],
  [MANY, 'error 1317'],
  ['SELECT /*vt+ IGNORE_MAX_ROWS */ id FROM users', '60 rows'],
  ['SELECT /*vt+ IGNORE_MAX_ROWS=1 */ id FROM users', 'error 1317'],
  ['SELECT 1; SELECT id FROM users', 'error 1317'],
  ['INSERT INTO users (id, name) SELECT id + 100, name FROM users WHERE id = 1', 'ok'],
] as const)('%s: %s', async (sql, expected) => {
  const own = await client()
  expect(await answer(own, sql)).toBe(expected)
  expect(await answer(own, 'SELECT 1')).toBe('1 rows')
})

test('the error is the statement’s own, and what is open stays open', async () => {
  const own = await client()
  await own.query('BEGIN')
  await own.query(`UPDATE users SET name = 'x' WHERE id = 2`)
  const [result] = await own.query(
    MANY.replace('SELECT i FROM n', 'SELECT i FROM n, users WHERE users.id = 2'),
  )
  expect(result).toMatchObject({
    kind: 'rows',
    error: { errno: 1317, message: expect.stringMatching(/limits\.rows/) },
  })
  expect(await own.query('SHOW WARNINGS')).toMatchObject([{ rows: [expect.anything()] }])
  expect(await answer(own, `SELECT id FROM users WHERE id = 2 AND name = 'x'`)).toBe('1 rows')
  expect(await answer(own, 'COMMIT')).toBe('ok')
  const prepared = await own.prepare(MANY)
  if (prepared.kind !== 'prepared') throw new Error('not prepared')
  expect(told((await own.execute(prepared.id)).at(-1)!)).toBe('error 1317')
  await own.query(`SET workload = 'OLAP'`)
  expect(told((await own.execute(prepared.id)).at(-1)!)).toBe('900 rows')
})

test('a statement whose client has gone without a word is stopped within a second', async () => {
  const gone = await client()
  gone.query('SELECT SLEEP(60) FROM users WHERE id = 1').catch(() => {})
  const root = await faults.rootOf('-80')
  const sleeping = async () => (await threadsRunning(root, 'SLEEP(60)')).length
  await eventually('it runs', async () => (await sleeping()) === 1)
  gone.destroy()
  const goneMs = Date.now()
  await eventually('it is stopped', async () => (await sleeping()) === 0)
  expect(Date.now() - goneMs).toBeLessThan(2_000)
  await root.end()
})
