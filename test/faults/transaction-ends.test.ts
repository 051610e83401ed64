import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** Ids of users on -80 and on 80-. */
const [LEFT, RIGHT] = [1, 4]

let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
})
beforeEach(async () => {
  client?.close()
  client = await faults.connect()
  await client.query('DELETE FROM users')
  await client.query(`INSERT INTO users (id, name, score) VALUES (${LEFT}, 'l', 0), (${RIGHT}, 'r', 0)`)
})
afterAll(() => faults?.close())

const bump = (id: number) => `UPDATE users SET score = score + 1 WHERE id = ${id}`

async function scores(session = client): Promise<string> {
  const [result] = await session.query('SELECT score FROM users ORDER BY id')
  return result?.kind === 'rows' ? result.rows.map((row) => textRow(row)[0]).join(' ') : 'none'
}

/** Ids of connections to a shard that run a transaction. INNODB_TRX would be up to 100 ms old, or older where it is read often. */
async function openTransactions(shard: '-80' | '80-'): Promise<readonly string[]> {
  const root = await faults.rootOf(shard)
  const [rows] = await root.query('SHOW ENGINE INNODB STATUS')
  root.destroy()
  const [{ Status }] = rows as [{ Status: string }]
  const active = Status.split('---TRANSACTION').filter((each) => /^ \w+, ACTIVE /.test(each))
  return active.flatMap((each) => /(?:MySQL|MariaDB) thread id (\d+)/.exec(each)?.[1] ?? [])
}

/** Ends every connection of the proxy to a shard that runs a transaction. */
async function loseTransaction(shard: '-80' | '80-'): Promise<void> {
  const root = await faults.rootOf(shard)
  const ids = await openTransactions(shard)
  await Promise.all(ids.map((id) => root.query(`KILL ${id}`)))
  root.destroy()
  // A killed thread may still carry out a COMMIT that comes before it wakes.
  await eventually('the killed connections are gone', async () => {
    const left = await openTransactions(shard)
    return !ids.some((id) => left.includes(id))
  })
}

const LOST = { kind: 'error', errno: 2013 }

describe('a connection that is lost in a transaction', () => {
  test('ends it: every statement is refused until ROLLBACK, and none is committed by itself', async () => {
    for (const sql of ['BEGIN', bump(LEFT), bump(RIGHT)]) await client.query(sql)
    await loseTransaction('80-')
    expect(await client.query(bump(RIGHT))).toMatchObject([LOST])
    const prepared = await client.prepare(bump(LEFT))
    for (const sql of [
      bump(LEFT),
      bump(RIGHT),
      'SELECT * FROM users',
      'SAVEPOINT s',
      'ROLLBACK TO s',
      'DELETE FROM users',
    ])
      expect(await client.query(sql), sql).toMatchObject([LOST])
    if ('id' in prepared) expect(await client.execute(prepared.id)).toMatchObject([LOST])
    expect(await client.query(`${bump(LEFT)}; ${bump(RIGHT)}`)).toMatchObject([LOST])
    expect(await client.query('ROLLBACK')).toMatchObject([{ kind: 'ok' }])
    expect(await scores()).toBe('0 0')
    await client.query(bump(LEFT))
    expect(await scores()).toBe('1 0')
  })

  test('between two statements, too, and under autocommit = 0', async () => {
    await client.query('SET autocommit = 0')
    for (const sql of [bump(LEFT), bump(RIGHT)]) await client.query(sql)
    await loseTransaction('-80')
    await client.query(bump(RIGHT))
    expect(await client.query('COMMIT')).toMatchObject([LOST])
    await client.query('SET autocommit = 1')
    expect(await scores()).toBe('0 0')
  })

  test('BEGIN does not slip over it', async () => {
    for (const sql of ['BEGIN', bump(LEFT)]) await client.query(sql)
    await loseTransaction('-80')
    expect(await client.query('BEGIN')).toMatchObject([LOST])
    expect(await scores()).toBe('0 0')
  })
})

test.each(['-80', '80-'] as const)(
  'a COMMIT that %s refuses, for it has become read-only, is committed nowhere',
  async (shard) => {
    for (const sql of ['BEGIN', bump(LEFT), bump(RIGHT)]) await client.query(sql)
    const root = await faults.rootOf(shard)
    await root.query('SET GLOBAL read_only = ON')
    const committed = await client.query('COMMIT')
    await root.query('SET GLOBAL read_only = OFF')
    root.destroy()
    expect(committed).toMatchObject([{ kind: 'error', errno: 1213 }])
    expect(await scores()).toBe('0 0')
  },
)

describe('time-outs', () => {
  let proxy: TestProxy
  let session: ProtocolClient
  beforeAll(async () => {
    proxy = await faults.startProxy({ config: { timeouts: { idle_transaction: '200ms' } } })
  })
  beforeEach(async () => {
    session?.close()
    session = await faults.connect({ port: proxy.port })
  })
  afterAll(() => session?.close())

  const OVER = { kind: 'error', errno: 1317 }

  test('a client that is idle in a transaction has it rolled back, and is told until ROLLBACK', async () => {
    for (const sql of ['BEGIN', bump(LEFT), bump(RIGHT)]) await session.query(sql)
    await eventually('it is rolled back', async () => (await openTransactions('-80')).length === 0)
    expect(await session.query(bump(LEFT))).toMatchObject([OVER])
    expect(await session.query('SELECT * FROM users')).toMatchObject([OVER])
    expect(await session.query('ROLLBACK')).toMatchObject([{ kind: 'ok' }])
    expect(await scores(session)).toBe('0 0')
  })

  test('a statement that takes longer is no idleness', async () => {
    for (const sql of ['BEGIN', bump(LEFT), 'SELECT SLEEP(0.6)', bump(RIGHT), 'COMMIT'])
      expect((await session.query(sql))[0]?.kind, sql).not.toBe('error')
    expect(await scores()).toBe('1 1')
  })

  test('a whole transaction: what runs is stopped, and all is rolled back', async () => {
    await session.query('SET transaction_timeout = 300')
    for (const sql of ['BEGIN', bump(LEFT)]) await session.query(sql)
    for (const sql of ['BEGIN', bump(RIGHT)]) await client.query(sql)
    expect(await session.query(bump(RIGHT))).toMatchObject([OVER])
    await client.query('ROLLBACK')
    await eventually('it is rolled back', async () => (await openTransactions('-80')).length === 0)
    expect(await session.query('COMMIT')).toMatchObject([OVER])
    expect(await scores(session)).toBe('0 0')
  })

  test('a whole transaction: what is stopped commits nothing, though the client is quick to say COMMIT', async () => {
    await session.query('SET transaction_timeout = 300')
    for (const sql of ['BEGIN', bump(LEFT)]) await session.query(sql)
    // MySQL answers 1 for a SLEEP() that is interrupted, MariaDB an error.
    await session.query('SELECT SLEEP(20)')
    expect(await session.query('COMMIT')).toMatchObject([OVER])
    expect(await scores(session)).toBe('0 0')
  })
})
