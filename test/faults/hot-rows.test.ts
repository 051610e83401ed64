import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import type { ProtocolClient, Result } from '../support/protocol-client.ts'

/** Writers of one row that wait for each other in the proxy. */
onEachServer((server) => {
  let faults: FaultCluster
  beforeAll(async () => {
    const config = { hot_rows: { mode: 'on' as const, concurrency: 1, queue: 2 } }
    faults = await startFaultCluster({ server, config })
  })
  afterAll(() => faults?.close())

  const client = clientsBy(() => connectTo(faults.proxy))

  // 1 and 2 are on `-80`.
  beforeEach(async () => {
    const setup = await client()
    await setup.query('DELETE FROM users')
    await setup.query(`INSERT INTO users (id, name, score) VALUES (1, 'a', 0), (2, 'b', 0)`)
  })

  const add = (id: number, n: number) => `UPDATE users SET score = score + ${n} WHERE id = ${id}`

  async function ok(of: ProtocolClient, ...statements: readonly string[]): Promise<void> {
    for (const sql of statements) expect([sql, (await of.query(sql))[0]]).toMatchObject([sql, { kind: 'ok' }])
  }

  /** The answer, and whether it has come. */
  function asked(of: ProtocolClient, sql: string) {
    const state = { has: false, answer: of.query(sql).then(([result]: readonly Result[]) => result) }
    void state.answer.then(() => {
      state.has = true
    })
    return state
  }

  const running = async () => {
    const root = await faults.rootOf('-80')
    const threads = await threadsRunning(root, 'score + ')
    await root.end()
    return threads
  }

  /** Whoever was asked before a round trip of another client is in the queue. */
  const inQueue = async () => ok(await client(), 'DO 1', 'DO 1')

  test('they wait in the proxy until the one before has committed, in the order in which they came', async () => {
    const [one, two, three] = [await client(), await client(), await client()]
    await ok(one, 'BEGIN', add(1, 1))
    const second = asked(two, add(1, 10))
    await inQueue()
    const third = asked(
      three,
      `INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE score = score * 2`,
    )
    await inQueue()
    expect(await running()).toEqual([])
    await ok(await client(), add(2, 1))
    expect([second.has, third.has]).toEqual([false, false])
    await ok(one, add(1, 100), 'COMMIT')
    expect(await second.answer).toMatchObject({ kind: 'ok', affectedRows: 1 })
    expect(await third.answer).toMatchObject({ kind: 'ok', affectedRows: 2 })
    const [rows] = await one.query('SELECT score FROM users WHERE id = 1')
    expect(rows).toMatchObject({ kind: 'rows', rows: [Buffer.from('\x03222')] })
  })

  test('a transaction that has written goes on to its server, which finds the deadlock', async () => {
    const [one, two] = [await client(), await client()]
    await ok(one, 'BEGIN', add(1, 1))
    await ok(two, 'BEGIN', add(2, 10))
    const first = asked(one, add(2, 1))
    await eventually('it waits at its server', async () => (await running()).length > 0)
    const second = asked(two, add(1, 10))
    const answers = [await first.answer, await second.answer]
    expect(answers.map((answer) => answer!.kind).sort()).toEqual(['error', 'ok'])
    expect(answers.find((answer) => answer!.kind === 'error')).toMatchObject({ errno: 1213 })
    await ok(one, 'COMMIT')
    await ok(two, 'COMMIT')
    await ok(one, add(1, 1), add(2, 1))
  })

  test('too many, too long, killed, gone: each leaves the queue, and none of them the row', async () => {
    const [holder, quick, killed, gone, last] = [
      await client(),
      await client(),
      await client(),
      await client(),
      await client(),
    ]
    await ok(holder, 'BEGIN', 'SELECT 1 INTO @x', add(1, 1))
    await ok(quick, 'SET innodb_lock_wait_timeout = 1')
    const timedOut = asked(quick, add(1, 10))
    const interrupted = asked(killed, add(1, 10))
    await inQueue()
    expect((await gone.query(add(1, 10)))[0]).toMatchObject({ errno: 1203, message: /hot_rows\.queue/ })
    await ok(await client(), `KILL QUERY ${killed.connectionId}`)
    expect(await interrupted.answer).toMatchObject({ errno: 1317 })
    expect(await timedOut.answer).toMatchObject({ errno: 1205 })
    gone.query(add(1, 10)).catch(() => {})
    await inQueue()
    gone.raw.socket.resetAndDestroy()
    const id = await last.prepare('UPDATE users SET score = score + 1000 WHERE id = ?')
    if (id.kind !== 'prepared') throw new Error('not prepared')
    const prepared = last.execute(id.id, [{ type: 'bigint', bytes: Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]) }])
    await inQueue()
    holder.destroy()
    expect((await prepared)[0]).toMatchObject({ kind: 'ok', affectedRows: 1 })
    const [rows] = await quick.query('SELECT score FROM users WHERE id = 1')
    expect(rows).toMatchObject({ kind: 'rows', rows: [Buffer.from('\x041000')] })
  })

  test('under autocommit = 0 the row is held until COMMIT, and free after a statement of its own', async () => {
    const [one, two] = [await client(), await client()]
    await ok(one, add(1, 1), 'SET autocommit = 0', add(1, 1))
    const second = asked(two, add(1, 1))
    await inQueue()
    expect([second.has, await running()]).toEqual([false, []])
    await ok(one, 'COMMIT')
    expect(await second.answer).toMatchObject({ kind: 'ok' })
    await ok(one, 'ROLLBACK', 'SET autocommit = 1', add(1, 1))
    await ok(two, add(1, 1))
  })
})
