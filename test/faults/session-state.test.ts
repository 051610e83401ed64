import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import {
  bigintParam,
  blobParam,
  type ProtocolClient,
  type ProtocolClientOptions,
  type Result,
  textRow,
} from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'
import { nativeResponse } from '../support/wire.ts'

/** What a statement leaves with its session, on its connection and in its pool, where it fails or its client goes. */
let faults: FaultCluster
/** One connection to each server. */
let narrow: TestProxy

beforeAll(async () => {
  faults = await startFaultCluster()
  narrow = await faults.startProxy({ config: { pool: { size: 1, waiters: 1, wait_timeout: '8s' } } })
  const setup = await client()
  // 1 and 2 are on `-80`, 4 is on `80-` (vindex hash).
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'd')`)
  await setup.query('ALTER TABLE orders MODIFY user_id BIGINT NULL')
})
afterAll(() => faults?.close())

const client = clientsBy((of: TestProxy = faults.proxy, more: Partial<ProtocolClientOptions> = {}) =>
  connectTo(of, more),
)

async function prepare(of: ProtocolClient, sql: string): Promise<number> {
  const prepared = await of.prepare(sql)
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared))
  return prepared.id
}

function cells([result]: readonly Result[]): unknown {
  return result!.kind === 'rows' ? result!.rows.map(textRow) : result
}

async function running(marker: string): Promise<void> {
  const root = await faults.rootOf('-80')
  await eventually(`${marker} runs`, async () => (await threadsRunning(root, marker)).length > 0)
  root.destroy()
}

test('long data belongs to one execute, also to one that fails before it reaches a shard', async () => {
  const of = await client()
  const id = await prepare(
    of,
    'INSERT INTO orders (id, user_id, product, amount, note) VALUES (77, ?, 1, 1, ?)',
  )
  of.sendLongData(id, 1, Buffer.from('OLD'))
  const failed = await of.execute(id, [null, blobParam(Buffer.alloc(0))])
  expect(failed[0]).toMatchObject({ kind: 'error' })
  await of.execute(id, [bigintParam(7), blobParam(Buffer.from('new'))])
  expect(cells(await of.query('SELECT note FROM orders WHERE user_id = 7'))).toEqual([['new']])
})

test('COM_INIT_DB names a database as a C string does', async () => {
  const of = await client()
  expect(await of.initDb('main\0')).toMatchObject({ kind: 'ok' })
  expect(await of.initDb('\0main')).toMatchObject({ kind: 'error', errno: 1049 })
  expect(cells(await of.query('SELECT DATABASE()'))).toEqual([['main']])
})

test('UNLOCK TABLES gives the connection back', async () => {
  const [of, other] = [await client(narrow), await client(narrow)]
  await of.query('USE `main/-80`')
  expect((await of.query('LOCK TABLES users WRITE'))[0]).toMatchObject({ kind: 'ok' })
  const waiting = other.query(`UPDATE users SET name = 'a' WHERE id = 1`)
  expect((await of.query('UNLOCK TABLES'))[0]).toMatchObject({ kind: 'ok' })
  expect((await waiting)[0]).toMatchObject({ kind: 'ok' })
})

test('a statement that assigns a user variable leaves its connection to others, and nothing on it', async () => {
  const root = await faults.rootOf('-80')
  await root.query('CREATE FUNCTION main.kept_here() RETURNS INT RETURN @kept')
  await root.end()
  const [of, other] = [await client(narrow), await client(narrow)]
  for (const sql of [
    'SELECT @kept := 7 FROM users WHERE id = 1',
    'SELECT 7 FROM users WHERE id = 1 INTO @kept',
    'SET @kept = (@kept := 7)',
  ]) {
    await of.query(sql)
    expect([sql, cells(await other.query('SELECT name FROM users WHERE id = 1'))]).toEqual([sql, [['a']]])
    expect(cells(await of.query('SELECT @kept'))).toEqual([['7']])
  }
  // A function or trigger sees what the connection itself has.
  expect(cells(await other.query('SELECT kept_here() FROM users WHERE id = 1'))).toEqual([[null]])
})

test('a user variable that a prepared statement assigns is read back behind it, on a connection that prepares it first', async () => {
  const of = await client(narrow)
  const id = await prepare(of, 'SELECT @x := name FROM users WHERE id = ?')
  await of.query(`SET @x = 'before'`)
  for (const [key, name] of [
    [4, 'd'],
    [1, 'a'],
  ] as const) {
    await of.execute(id, [bigintParam(key)])
    expect(cells(await of.query('SELECT @x'))).toEqual([[name]])
  }
})

test('ids are drawn on a connection that has just served a client', async () => {
  const of = await client(narrow)
  for (let i = 0; i < 3; i++) {
    // More than what is left of a block, and on the only connection to the sequence's server.
    expect(cells(await of.query('SELECT NEXT 1000 VALUES FROM lookup.orders_seq'))).toHaveLength(1)
    await of.query('SELECT COUNT(*) FROM lookup.products')
  }
})

test('a client that leaves while it waits for a connection makes room for the next', async () => {
  const [holding, leaving, next] = [await client(narrow), await client(narrow), await client(narrow)]
  const held = holding.query(`SELECT SLEEP(2), 'held' FROM users WHERE id = 1`)
  await running('held')
  const left = leaving.query('SELECT name FROM users WHERE id = 1').catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 100)) // it waits now, and nobody can see that it does
  leaving.destroy()
  await left
  const watching = await client(narrow)
  await eventually('it has left', async () => {
    const [list] = await watching.query('SHOW PROCESSLIST')
    return (
      list!.kind === 'rows' && !list!.rows.some((row) => Number(textRow(row)[0]) === leaving.connectionId)
    )
  })
  const answer = await next.query('SELECT name FROM users WHERE id = 1')
  expect(cells(answer)).toEqual([['a']])
  await held
})

test('SHOW WARNINGS behind a deadlock asks nobody on the connection that has gone back', async () => {
  const [victim, other] = [await client(narrow), await client(narrow)]
  const root = await faults.rootOf('-80')
  await root.query('BEGIN')
  for (let i = 0; i < 50; i++)
    await root.query('INSERT INTO main.users (id, name) VALUES (?, ?)', [90_000 + i, 'h'])
  await victim.query(`BEGIN; UPDATE users SET name = 'v' WHERE id = 1`)
  await root.query('UPDATE main.users SET name = ? WHERE id = 2', ['o'])
  const waiting = root.query('UPDATE main.users SET name = ? WHERE id = 1', ['o'])
  await running('UPDATE main.users')
  expect((await victim.query(`UPDATE users SET name = 'v' WHERE id = 2`))[0]).toMatchObject({ errno: 1213 })
  await waiting
  await root.query('ROLLBACK')
  root.destroy()
  const asked = other.query(`SELECT SLEEP(1), 'after the deadlock' FROM users WHERE id = 2`)
  await running('after the deadlock')
  expect(cells(await victim.query('SHOW WARNINGS'))).toMatchObject([['Error', '1213', expect.anything()]])
  expect(cells(await asked)).toEqual([['0', 'after the deadlock']])
})

test.each(['COM_STMT_CLOSE', 'COM_STMT_SEND_LONG_DATA'])(
  'KILL ends a session that is idle behind %s',
  async (last) => {
    const [idle, killer] = [await client(), await client()]
    const id = await prepare(idle, 'SELECT ?')
    if (last === 'COM_STMT_CLOSE') idle.closeStatement(id)
    else idle.sendLongData(id, 0, Buffer.from('x'))
    await eventually('the command has been taken', async () => {
      const [list] = await killer.query('SHOW PROCESSLIST')
      return (
        list!.kind === 'rows' &&
        list!.rows
          .map(textRow)
          .some(([thread, , , , command]) => Number(thread) === idle.connectionId && command === 'Sleep')
      )
    })
    await killer.query(`KILL ${idle.connectionId}`)
    expect(await idle.raw.read()).toBeUndefined()
  },
)

test('KILL CONNECTION of a running statement is not undone by a KILL QUERY behind it', async () => {
  const [victim, killer] = [await client(), await client()]
  const asked = victim.query(`SELECT SLEEP(60), 'killed twice' FROM users WHERE id = 1`).catch(() => {})
  await running('killed twice')
  await killer.query(`KILL CONNECTION ${victim.connectionId}; KILL QUERY ${victim.connectionId}`)
  await asked
  await expect(victim.query('SELECT 1')).rejects.toThrow()
})

test('a failed statement that would have reserved its connection leaves it to others', async () => {
  const [failing, other] = [await client(narrow), await client(narrow)]
  await failing.query('USE `main:-80`')
  for (const sql of ['CREATE TEMPORARY TABLE t (a NOTYPE)', 'CREATE TEMPORARY TABLE t SELECT nothing']) {
    expect((await failing.query(sql))[0]).toMatchObject({ kind: 'error' })
    expect(cells(await other.query('SELECT name FROM users WHERE id = 1'))).toEqual([['a']])
  }
})

test('INSERT IGNORE that drops all rows leaves LAST_INSERT_ID() as it was', async () => {
  const of = await client()
  await of.query(`INSERT INTO users (name) VALUES ('of a sequence')`)
  const before = cells(await of.query('SELECT LAST_INSERT_ID()'))
  expect(before).not.toEqual([['0']])
  await of.query('INSERT IGNORE INTO orders (user_id, product, id, amount) VALUES (NULL, 1, 900, 1)')
  expect(cells(await of.query('SELECT LAST_INSERT_ID()'))).toEqual(before)
})

test('READ ONLY is the transaction’s, not that of one that a COMMIT AND CHAIN begins behind it', async () => {
  const of = await client()
  await of.query('START TRANSACTION READ ONLY')
  await of.query('COMMIT')
  const [chained] = await of.query('COMMIT AND CHAIN')
  expect(chained).toMatchObject({ kind: 'ok' })
  if (chained!.kind === 'ok') expect(chained!.status & 0x2000).toBe(0)
  await of.query('ROLLBACK')
})

test('COM_INIT_DB without a name is refused and keeps the database', async () => {
  const of = await client()
  expect(await of.initDb('')).toMatchObject({ errno: 1046 })
  expect(cells(await of.query('SELECT DATABASE()'))).toEqual([['main']])
})

test('long data for a param that is not there fails the statement until it is reset', async () => {
  const of = await client()
  const id = await prepare(of, 'SELECT name FROM users WHERE id = ?')
  of.sendLongData(id, 1, Buffer.from('7'))
  for (let i = 0; i < 2; i++)
    expect((await of.execute(id, [bigintParam(1)]))[0]).toMatchObject({ errno: 1210 })
  await of.resetStatement(id)
  expect((await of.execute(id, [bigintParam(1)]))[0]).toMatchObject({ kind: 'rows' })
})

test('ROW_COUNT() is 0 on a fresh connection and behind COM_PING', async () => {
  const of = await client()
  expect(cells(await of.query('SELECT ROW_COUNT()'))).toEqual([['0']])
  expect(cells(await of.query('SELECT ROW_COUNT()'))).toEqual([['-1']])
  of.raw.send('0e')
  await of.raw.read()
  expect(cells(await of.query('SELECT ROW_COUNT()'))).toEqual([['0']])
})

test('COM_SET_OPTION and COM_PING tell of the warnings that the last statement left', async () => {
  const of = await client()
  await of.query('SELECT nothing')
  of.raw.send('1b0000')
  expect(await of.raw.readHex()).toBe('1:fe01000200')
  of.raw.send('0e')
  expect(await of.raw.readHex()).toBe('1:00000002000100')
})

test('SET wait_timeout ends a session that is idle for so long', async () => {
  const of = await client()
  await of.query('SET wait_timeout = 1')
  expect(await of.raw.readErrno()).toBe(4031)
  expect(await of.raw.readHex()).toBe('closed')
})

test('KILL of a busy connection closes it without an answer, and stops its statement on the shard', async () => {
  const [victim, killer] = [await client(), await client()]
  victim.raw.send(Buffer.from('\x03SELECT SLEEP(30), 1 AS killed_while_busy FROM users WHERE id = 1'))
  await running('killed_while_busy')
  await killer.query(`KILL ${victim.connectionId}`)
  expect(await victim.raw.readHex()).toBe('closed')
  const root = await faults.rootOf('-80')
  await eventually(
    'it runs no more',
    async () => (await threadsRunning(root, 'killed_while_busy')).length === 0,
  )
  root.destroy()
})

test('KILL of oneself is answered first', async () => {
  const of = await client()
  expect((await of.query(`KILL ${of.connectionId}`))[0]).toMatchObject({ errno: 1317 })
  expect(await of.raw.readHex()).toBe('closed')
})

test('COM_STATISTICS counts what clients have run, and not what it answers itself', async () => {
  const of = await client()
  const questions = async () => {
    of.raw.send('09')
    return Number(/Questions: (\d+) /.exec((await of.raw.read())!.payload.toString())![1])
  }
  const before = await questions()
  await of.query('SELECT 1')
  await of.execute(await prepare(of, 'SELECT 2'))
  expect(await questions()).toBe(before + 2)
})

test('a procedure that answers rows is refused to a client without MULTI_RESULTS, also on a pool of others', async () => {
  const able = await client(narrow)
  await able.query('USE `main:-80`')
  expect((await able.query('CREATE PROCEDURE told_rows() SELECT 7'))[0]).toMatchObject({ kind: 'ok' })
  const unable = await client(narrow, { multiStatements: false, multiResults: false })
  await unable.query('USE `main:-80`')
  expect((await unable.query('CALL told_rows()'))[0]).toMatchObject({ errno: 1312 })
  expect(cells(await unable.query('SELECT 8'))).toEqual([['8']])
  expect(cells(await able.query('CALL told_rows()'))).toEqual([['7']])
})

test('a change of user to an unknown database ends the session', async () => {
  const { raw } = await client()
  raw.send(Buffer.from(`\x11${narrow.user}\0\0nowhere\0\xff\0mysql_native_password\0`, 'latin1'))
  const { sequenceId, payload } = (await raw.read())!
  const nonce = payload.subarray(payload.indexOf(0) + 1, -1)
  raw.send(nativeResponse(narrow.password, nonce), sequenceId + 1)
  expect(await raw.readErrno()).toBe(1049)
  expect(await raw.readHex()).toBe('closed')
})
