import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

let faults: FaultCluster
const clients: ProtocolClient[] = []

beforeAll(async () => {
  faults = await startFaultCluster()
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')`)
})
afterAll(async () => {
  for (const client of clients) client.destroy()
  await faults?.close()
})

async function client(): Promise<ProtocolClient> {
  const connected = await faults.connect()
  clients.push(connected)
  return connected
}

/** Statements with these ids run on `-80` and on `80-` (vindex hash). */
const IDS = { '-80': 1, '80-': 4 } as const

describe('a client that goes away', () => {
  test('in a query of one shard has it killed there', async () => {
    const leaving = await client()
    const asked = leaving.query(`SELECT SLEEP(60), 'one shard left' FROM users WHERE id = 1`).catch(() => {})
    await runningOn('-80', 'one shard left')
    leaving.destroy()
    await asked
    await expectNoThreads('one shard left')
  })

  test('in a query of all shards has it killed on each', async () => {
    const locks = await lockUsers()
    const leaving = await client()
    const asked = leaving.query(`SELECT id, 'all shards left' FROM users FOR UPDATE`).catch(() => {})
    for (const shard of ['-80', '80-'] as const) await runningOn(shard, 'all shards left')
    leaving.destroy()
    await asked
    await expectNoThreads('all shards left')
    for (const lock of locks) lock.destroy()
  })
})

/** Statements that lock rows of `users` wait on every shard, until these connections end. */
async function lockUsers(): Promise<readonly Connection[]> {
  return await Promise.all(
    (['-80', '80-'] as const).map(async (shard) => {
      const root = await faults.rootOf(shard)
      await root.query('BEGIN')
      await root.query('SELECT id FROM main.users FOR UPDATE')
      return root
    }),
  )
}

async function runningOn(shard: '-80' | '80-', marker: string): Promise<void> {
  const root = await faults.rootOf(shard)
  await eventually(`the query runs on ${shard}`, async () => (await threadsRunning(root, marker)).length > 0)
  root.destroy()
}

async function expectNoThreads(marker: string): Promise<void> {
  for (const shard of ['-80', '80-'] as const) {
    const root = await faults.rootOf(shard)
    await eventually(
      `nothing runs on ${shard}`,
      async () => (await threadsRunning(root, marker)).length === 0,
    )
    root.destroy()
  }
}

describe('KILL', () => {
  test('QUERY ends the statement with 1317, and the session goes on', async () => {
    const [victim, killer] = [await client(), await client()]
    const asked = victim.query(`SELECT SLEEP(60), 'killed query' FROM users WHERE id = 1`)
    await runningOn('-80', 'killed query')
    expect((await killer.query(`KILL QUERY ${victim.connectionId}`))[0]).toMatchObject({ kind: 'ok' })
    const [answer] = await asked
    expect(answer).toMatchObject(
      answer!.kind === 'rows'
        ? { error: { errno: 1317 } }
        : { kind: 'error', errno: 1317, sqlState: '70100' },
    )
    expect((await victim.query('SELECT 1'))[0]!.kind).toBe('rows')
  })

  test('CONNECTION closes the client, in a query and when idle', async () => {
    const killer = await client()
    const busy = await client()
    const locks = await lockUsers()
    const asked = busy.query(`SELECT id, 'killed connection' FROM users FOR UPDATE`)
    await runningOn('80-', 'killed connection')
    await killer.query(`KILL ${busy.connectionId}`)
    await expect(endOf(asked, busy)).resolves.toBeUndefined()
    await expectNoThreads('killed connection')
    for (const lock of locks) lock.destroy()
    const idle = await client()
    await killer.query(`KILL CONNECTION ${idle.connectionId}`)
    expect(await idle.raw.read()).toBeUndefined()
  })

  test('of nobody is error 1094', async () => {
    expect((await (await client()).query('KILL 4000000'))[0]).toMatchObject({ kind: 'error', errno: 1094 })
  })
})

/** Resolves when the server has closed, after an error or without a word. */
async function endOf(asked: Promise<readonly Result[]>, from: ProtocolClient): Promise<undefined> {
  await asked.catch(() => {})
  return (await from.raw.read()) as undefined
}

describe('a transaction whose connection to a shard is lost', () => {
  test('fails until it is rolled back, and has changed nothing', async () => {
    const session = await client()
    await session.query('BEGIN')
    await session.query(
      `INSERT INTO users (id, name) VALUES (11, 'x'), (12, 'x'), (13, 'x'), (14, 'x'), (15, 'x'), (16, 'x')`,
    )
    await killPoolThreads('80-')
    const [first] = await session.query('SELECT COUNT(*) FROM users')
    expect(first!.kind).toBe('error')
    expect((await session.query(`INSERT INTO users (id, name) VALUES (19, 'y')`))[0]!.kind).toBe('error')
    expect((await session.query('COMMIT'))[0]!.kind).toBe('error')
    expect((await session.query('ROLLBACK'))[0]!.kind).toBe('ok')
    expect(await countUsers(session)).toBe('5')
  })

  test('is not committed on the others either', async () => {
    const session = await client()
    await changeOnBothShards(session, 'lost')
    await killPoolThreads('80-')
    expect((await session.query('COMMIT'))[0]).toMatchObject({ kind: 'error' })
    expect(await usersNamed(session, 'lost')).toEqual([])
  })

  test('while it commits says what was committed, in the error and in SHOW WARNINGS', async () => {
    const session = await client()
    await changeOnBothShards(session, 'half')
    const root = await faults.rootOf('80-')
    await root.query('FLUSH TABLES WITH READ LOCK') // COMMIT waits for it
    const committing = session.query('COMMIT')
    const [thread] = await eventually('the second shard is asked to commit', async () => {
      const threads = await threadsRunning(root, 'COMMIT')
      return threads.length > 0 && threads
    })
    await root.query(`KILL ${thread}`)
    const [commit] = await committing
    // KILL closes the socket before the thread wakes; were the lock free by then, its COMMIT would still be granted.
    await eventually(
      'the killed thread has ended',
      async () => (await threadsRunning(root, 'COMMIT')).length === 0,
    )
    root.destroy()
    expect(commit).toMatchObject({ kind: 'error' })
    const message = commit!.kind === 'error' ? commit!.message : ''
    expect(message).toContain('main/-80')
    expect(message).toContain('main/80-')
    const [warnings] = await session.query('SHOW WARNINGS')
    const texts = warnings!.kind === 'rows' ? warnings!.rows.map((row) => textRow(row)) : []
    expect(texts.some(([level, , text]) => level === 'Warning' && text!.includes('main/80-'))).toBe(true)
    expect(await usersNamed(session, 'half')).toEqual([String(IDS['-80'])])
  })
})

/** In an open transaction, first on `-80`, then on `80-`. */
async function changeOnBothShards(session: ProtocolClient, name: string): Promise<void> {
  await session.query('BEGIN')
  for (const id of [IDS['-80'], IDS['80-']]) {
    const [updated] = await session.query(`UPDATE users SET name = '${name}' WHERE id = ${id}`)
    expect(updated).toMatchObject({ kind: 'ok', affectedRows: 1 })
  }
}

async function usersNamed(session: ProtocolClient, name: string): Promise<readonly (string | null)[]> {
  const [answer] = await session.query(`SELECT id FROM users WHERE name = '${name}'`)
  if (answer!.kind !== 'rows') throw new Error(answer!.kind)
  return answer!.rows.map((row) => textRow(row)[0]!)
}

async function countUsers(session: ProtocolClient): Promise<string | null | undefined> {
  const [answer] = await session.query('SELECT COUNT(*) FROM users')
  return answer!.kind === 'rows' ? textRow(answer!.rows[0]!)[0] : undefined
}

/** Ends all connections of proxies to a shard, as a firewall or an administrator would. */
async function killPoolThreads(shard: '-80' | '80-'): Promise<void> {
  const root = await faults.rootOf(shard)
  const { user } = faults.cluster.account
  const [rows] = await root.query('SELECT id FROM information_schema.processlist WHERE user = ?', [user])
  for (const { id } of rows as { id: number }[]) await root.query(`KILL ${id}`).catch(() => {})
  root.destroy()
}

describe('passwords', () => {
  test('a wrong one of the client is 1045, as MySQL words it', async () => {
    const { port, user } = faults.proxy
    await expect(ProtocolClient.connect({ port, user, password: 'wrong' })).rejects.toThrow(
      `1045 (28000) Access denied for user '${user}'@'127.0.0.1' (using password: YES)`,
    )
    await expect(ProtocolClient.connect({ port, user: 'nobody', password: '' })).rejects.toThrow(
      '1045 (28000)',
    )
  })

  test('a wrong one of the proxy is told to who asks, at once', async () => {
    const broken = await faults.startProxy({
      config: { backend: { ...faults.cluster.account, password: 'wrong' } },
    })
    const asking = await connectTo(broken)
    const [answer] = await asking.query('SELECT * FROM users')
    expect(answer).toMatchObject({ kind: 'error', errno: 1045 })
    asking.close()
  })
})

describe('a full pool', () => {
  test('lets some wait for a bounded time and refuses the rest, each with what to do about it', async () => {
    const small = await faults.startProxy({
      config: { pool: { size: 1, waiters: 1, wait_timeout: '300ms' } },
    })
    const [holder, waiter, third] = [await connectTo(small), await connectTo(small), await connectTo(small)]
    await holder.query('BEGIN')
    await holder.query(`UPDATE users SET name = 'held' WHERE id = ${IDS['-80']}`)
    const startedMs = performance.now()
    const ask = (from: ProtocolClient) => from.query(`SELECT * FROM users WHERE id = ${IDS['-80']}`)
    const [waited, refused] = [ask(waiter), ask(third)]
    const [second] = await refused
    expect(second).toMatchObject({ kind: 'error' })
    expect(performance.now() - startedMs).toBeLessThan(250)
    const [first] = await waited
    expect(first).toMatchObject({ kind: 'error' })
    const elapsedMs = performance.now() - startedMs
    expect(elapsedMs).toBeGreaterThan(250)
    expect(elapsedMs).toBeLessThan(3_000)
    for (const answer of [first!, second!]) expect(answer.kind === 'error' && answer.message).toMatch(/pool/)
    await holder.query('ROLLBACK')
    expect((await ask(waiter))[0]!.kind).toBe('rows')
    for (const connected of [holder, waiter, third]) connected.close()
  })
})

describe('packets', () => {
  test('cut off or malformed ones close their own connection only', async () => {
    const bystander = await client()
    const cut = await client()
    cut.raw.write(Buffer.from([100, 0, 0, 0, 3, 0x53]))
    cut.raw.socket.end()
    expect(await cut.raw.read()).toBeUndefined()
    const short = await client()
    short.raw.send('1701')
    expect(await short.raw.readErrno()).toBe(1835)
    expect((await bystander.query('SELECT 1'))[0]!.kind).toBe('rows')
  })

  test('larger than max_allowed_packet are 1153', async () => {
    const strict = await faults.startProxy({ config: { max_allowed_packet: '1M' } })
    const sending = await connectTo(strict)
    const [answer] = await sending.query(`SELECT '${'x'.repeat(2 * 1024 * 1024)}'`)
    expect(answer).toMatchObject({ kind: 'error', errno: 1153, sqlState: '08S01' })
    sending.destroy()
  })

  test('an execute with truncated values is an error of its own statement', async () => {
    const session = await client()
    const prepared = await session.prepare('SELECT id FROM users WHERE id = ?')
    expect(prepared.kind).toBe('prepared')
    const id = prepared.kind === 'prepared' ? prepared.id : 0
    const head = Buffer.alloc(14)
    head[0] = 0x17
    head.writeUInt32LE(id, 1)
    head.writeUInt32LE(1, 6)
    head.set([0, 1, 0x08, 0], 10) // one BIGINT param, and no value
    session.raw.send(head)
    expect(await session.raw.readErrno()).toBe(1835)
  })
})
