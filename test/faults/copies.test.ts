import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { bigintParam, type ProtocolClient, type Result } from '../support/protocol-client.ts'

/** Statements that are answered over temporary copies of their tables, and what can happen in the middle of them. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster({ config: { federation: { connections: 1, rows: 500 } } })
  const setup = await client()
  const rows = Array.from({ length: 40 }, (_, i) => `(${i + 1}, 'user ${i + 1}', ${i % 7})`)
  await setup.query(`INSERT INTO users (id, name, team) VALUES ${rows}`)
})
afterAll(() => faults?.close())

const client = clientsBy(() => faults.connect())

const PAIRS = 'SELECT COUNT(*) FROM users a JOIN users b ON b.team = a.team AND b.id > a.id'
const SLEEPING = 'SELECT SLEEP(60) FROM users a JOIN users b ON b.id = a.team LIMIT 1'

async function roots(): Promise<readonly [Connection, Connection]> {
  return [await faults.rootOf('-80'), await faults.rootOf('80-')]
}

/** Threads of both servers that run a statement with `marker` in it. */
async function running(marker: string): Promise<number> {
  const both = await roots()
  const threads = await Promise.all(both.map((root) => threadsRunning(root, marker)))
  await Promise.all(both.map((root) => root.end()))
  return threads.flat().length
}

function countOf(results: readonly Result[]): string | undefined {
  const [answer] = results
  return answer?.kind === 'rows' && answer.error === undefined
    ? answer.rows[0]?.subarray(1).toString()
    : undefined
}

function columnsOf(result: Result | undefined): number {
  return result?.kind === 'rows' ? result.columns.length : 0
}

async function expectAllWell(): Promise<void> {
  const asking = await client()
  await eventually('pairs are counted', async () => countOf(await asking.query(PAIRS)) === '95')
}

test('one connection for copies serves many clients one after the other', async () => {
  const asking = await Promise.all(Array.from({ length: 12 }, () => client()))
  const answers = await Promise.all(asking.map((each) => each.query(PAIRS)))
  expect(answers.map(countOf)).toEqual(new Array(12).fill('95'))
})

test('KILL QUERY ends it, and leaves nothing behind', async () => {
  const asking = await client()
  const [id] = await asking.query('SELECT CONNECTION_ID()')
  const asked = asking.query(SLEEPING)
  await eventually('it sleeps', async () => (await running('SLEEP(60)')) === 1)
  const other = await client()
  await other.query(`KILL QUERY ${countOf([id!])}`)
  const [answer] = await asked
  expect(answer).toMatchObject({ kind: 'error', errno: 1317 })
  expect(countOf(await asking.query(PAIRS))).toBe('95')
})

test('a deadline ends it', async () => {
  const asking = await client()
  await asking.query('SET query_timeout = 200')
  expect((await asking.query(SLEEPING))[0]).toMatchObject({ kind: 'error', errno: 3024 })
  await asking.query('SET query_timeout = 0')
  expect(countOf(await asking.query(PAIRS))).toBe('95')
})

test.each(['FIN', 'RST'])('a client that leaves by %s stops it', async (by) => {
  const asking = await client()
  const asked = asking.query(SLEEPING).catch(() => undefined)
  await eventually('it sleeps', async () => (await running('SLEEP(60)')) === 1)
  if (by === 'RST') asking.raw.socket.resetAndDestroy()
  else asking.raw.socket.destroy()
  await asked
  await eventually('nothing sleeps', async () => (await running('SLEEP(60)')) === 0)
  await expectAllWell()
})

test('a transaction sees what it has written, and what it reads FOR UPDATE is locked', async () => {
  const writer = await client()
  await writer.query('BEGIN')
  await writer.query('UPDATE users SET team = 1000 WHERE id IN (1, 2, 3, 4)')
  expect(countOf(await writer.query(`${PAIRS} WHERE a.team = 1000`))).toBe('6')
  const other = await client()
  expect(countOf(await other.query(`${PAIRS} WHERE a.team = 1000`))).toBe('0')
  await writer.query('ROLLBACK')
  await writer.query('BEGIN')
  const locking = 'SELECT a.id, b.id FROM users a JOIN users b ON b.id = a.team WHERE a.id = 9 FOR UPDATE'
  expect((await writer.query(locking))[0]).toMatchObject({ kind: 'rows' })
  const [refused] = await other.query(`SELECT id FROM users WHERE id = 9 FOR UPDATE NOWAIT`)
  expect(refused).toMatchObject({ kind: 'error', errno: 1205 })
  await writer.query('ROLLBACK')
  expect(countOf(await other.query('SELECT id FROM users WHERE id = 9 FOR UPDATE NOWAIT'))).toBe('9')
})

test('it waits for rows that another transaction has locked, and ends with that wait', async () => {
  const holder = await client()
  await holder.query('BEGIN')
  await holder.query('UPDATE users SET score = 1 WHERE id = 5')
  const asking = await client()
  await asking.query('SET innodb_lock_wait_timeout = 1')
  const locking = 'SELECT a.id FROM users a JOIN users b ON b.id = a.team FOR UPDATE'
  expect((await asking.query(locking))[0]).toMatchObject({ kind: 'error', errno: 1205 })
  await holder.query('ROLLBACK')
  expect((await asking.query(locking))[0]).toMatchObject({ kind: 'rows' })
})

test('more rows than it may copy are an error that says what to do', async () => {
  const setup = await client()
  const rows = Array.from({ length: 1000 }, (_, i) => `(${1000 + i}, 'more', 77)`)
  await setup.query(`INSERT INTO users (id, name, team) VALUES ${rows}`)
  const [answer] = await setup.query(PAIRS)
  expect(answer).toMatchObject({
    kind: 'error',
    errno: 3170,
    message: expect.stringContaining('federation.rows'),
  })
  await setup.query('DELETE FROM users WHERE id >= 1000')
  await expectAllWell()
})

test('prepared, after USE, several times, with values of its own', async () => {
  const asking = await client()
  const statement = await asking.prepare(`${PAIRS} WHERE a.team = ?`)
  if (statement.kind === 'error') throw new Error(statement.message)
  await asking.query('USE lookup')
  const counts: unknown[] = []
  for (const team of [0, 6, 99]) {
    const [answer] = await asking.execute(statement.id, [bigintParam(team)])
    counts.push(answer?.kind === 'rows' ? answer.rows[0]?.readBigInt64LE(2) : answer)
  }
  expect(counts).toEqual([15n, 10n, 0n])
})

test('a server that dies in the middle is an error, and the session goes on', async () => {
  const asking = await client()
  const asked = asking.query(SLEEPING)
  await eventually('it sleeps', async () => (await running('SLEEP(60)')) === 1)
  const [first] = await roots()
  const at = (await threadsRunning(first, 'SLEEP(60)')).length === 1 ? '-80' : '80-'
  await faults.kill(at)
  expect((await asked)[0]).toMatchObject({ kind: 'error', errno: 2013 })
  await faults.restart(at)
  await expectAllWell()
})

test('a server that is silent is an error by the deadline, and well when it is back', async () => {
  const asking = await client()
  await asking.query('SET query_timeout = 500')
  await faults.pause('80-')
  const [answer] = await asking.query(PAIRS)
  expect(answer).toMatchObject({ kind: 'error' })
  faults.resume('80-')
  await expectAllWell()
})

test('a column that servers no longer have is an error only where it is named, in a transaction and prepared, too', async () => {
  const setup = await client()
  await setup.query('ALTER TABLE users ADD COLUMN gone INT DEFAULT 7')
  const asking = await client()
  const all = 'SELECT u.* FROM users u JOIN users b ON b.id = u.team WHERE u.id = 2'
  const statement = await asking.prepare(all)
  if (statement.kind === 'error') throw new Error(statement.message)
  const before = await asking.query(all)
  const both = await roots()
  await Promise.all(both.map((root) => root.query('ALTER TABLE `main`.users DROP COLUMN gone')))
  await Promise.all(both.map((root) => root.end()))
  await asking.query('BEGIN')
  const [after] = await asking.query(all)
  await asking.query('COMMIT')
  expect(after).toMatchObject({ kind: 'rows' })
  expect(columnsOf(after)).toBe(columnsOf(before[0]) - 1)
  expect(columnsOf((await asking.execute(statement.id, []))[0])).toBe(columnsOf(after))
  const [named] = await asking.query('SELECT u.gone FROM users u JOIN users b ON b.id = u.team')
  expect(named).toMatchObject({ kind: 'error', errno: 1054 })
})

test('a table that has just been made past the proxy is looked at when it is asked for', async () => {
  const name = [...faults.cluster.servers.keys()].find((each) => each.startsWith('lookup'))!
  const root = await faults.cluster.servers.get(name)!.connectAsRoot()
  await root.query('CREATE TABLE lookup.made (team INT PRIMARY KEY)')
  await root.query('INSERT INTO lookup.made VALUES (0), (6)')
  const asking = await client()
  const sql = 'SELECT COUNT(*) FROM users u JOIN lookup.made m ON m.team = u.team + 0'
  expect(countOf(await asking.query(sql))).toBe('11')
  await root.query('DROP TABLE lookup.made')
  await root.end()
})

test('a second proxy is not held up by the first one', async () => {
  const other = await faults.startProxy({})
  const asking: ProtocolClient = await connectTo(other)
  expect(countOf(await asking.query(PAIRS))).toBe('95')
  asking.destroy()
})
