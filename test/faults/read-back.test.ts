import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import type { ProtocolClient, Result } from '../support/protocol-client.ts'

/**
 * Statements whose user variables are read back behind them, and what can happen in the middle of them. A promise without
 * an owner that rejects here fails the run.
 */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster()
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
  const root = await faults.rootOf('-80')
  await root.query('CREATE PROCEDURE main.slow(OUT what INT) BEGIN SET what = SLEEP(60); END')
  await root.end()
})
afterAll(() => faults?.close())

const client = clientsBy(() => faults.connect())

const SLEEPING = [
  `SELECT SLEEP(60) FROM users WHERE id = 1 INTO @x`,
  `SELECT @n := SLEEP(60) FROM users WHERE id = 1`,
  `SELECT 1; SELECT SLEEP(60) FROM users WHERE id = 1 INTO @x; SELECT @x`,
  `BEGIN; SELECT SLEEP(60) FROM users WHERE id = 1 INTO @x`,
]

async function threadsSleeping(root: Connection): Promise<readonly number[]> {
  const [rows] = await root.query(`SELECT id FROM information_schema.processlist WHERE state = 'User sleep'`)
  return (rows as { id: number }[]).map(({ id }) => id)
}

/** A client in the middle of each statement, and what it is answered. */
async function allSleeping(): Promise<
  { asked: Promise<readonly Result[] | Error>; client: ProtocolClient }[]
> {
  const running = []
  for (const sql of [...SLEEPING, 'CALL slow(@out)']) {
    const asking = await client()
    if (sql.startsWith('CALL')) await asking.query('USE `main/-80`')
    running.push({ asked: asking.query(sql).catch((error: Error) => error), client: asking })
  }
  const root = await faults.rootOf('-80')
  await eventually('all run', async () => (await threadsSleeping(root)).length === running.length)
  root.destroy()
  return running
}

async function expectAllWell(): Promise<void> {
  const asking = await client()
  await eventually('both shards answer', async () => {
    const [answer] = await asking.query('SELECT id, @x FROM users ORDER BY id')
    return answer!.kind === 'rows' && answer!.rows.length === 2 && answer!.error === undefined
  })
}

test('KILL of the connection on the server is an error, and the session goes on', async () => {
  const running = await allSleeping()
  const root = await faults.rootOf('-80')
  for (const id of await threadsSleeping(root)) await root.query(`KILL ${id}`)
  await root.end()
  for (const { asked, client } of running) {
    const answer = await asked
    expect(Array.isArray(answer) && answer.at(-1)).toMatchObject({ kind: 'error' })
    await client.query('ROLLBACK')
    expect((await client.query('SELECT id FROM users WHERE id = 1'))[0]).toMatchObject({ kind: 'rows' })
  }
  await expectAllWell()
})

test.each(['FIN', 'RST'])('a client that leaves by %s', async (by) => {
  for (const { asked, client } of await allSleeping()) {
    if (by === 'RST') client.raw.socket.resetAndDestroy()
    else client.raw.socket.destroy()
    await asked
  }
  const root = await faults.rootOf('-80')
  await eventually('nothing runs', async () => (await threadsSleeping(root)).length === 0)
  await root.end()
  await expectAllWell()
})

test('kill -9 of the server is an error, and the sessions go on', async () => {
  const running = await allSleeping()
  await faults.kill('-80')
  for (const { asked, client } of running) {
    const answer = await asked
    expect(Array.isArray(answer) && answer.at(-1)).toMatchObject({ kind: 'error' })
    await client.query('ROLLBACK')
    await client.query('USE main')
    expect((await client.query('SELECT id FROM users WHERE id = 4'))[0]).toMatchObject({ kind: 'rows' })
  }
  await faults.restart('-80')
  await expectAllWell()
})
