import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** What a session's temporary tables hold, who else sees them, and when it is let go. */
let faults: FaultCluster
/** One connection to each server. */
let narrow: TestProxy

beforeAll(async () => {
  faults = await startFaultCluster()
  narrow = await faults.startProxy({ config: { pool: { size: 1, waiters: 1, wait_timeout: '8s' } } })
  const setup = await client()
  // 1 and 2 are on `-80`, 4 is on `80-` (vindex hash).
  await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'd')`)
})
afterAll(() => faults?.close())

const client = clientsBy((of: TestProxy = faults.proxy) => connectTo(of))

function cells([result]: readonly Result[]): unknown {
  return result!.kind === 'rows' ? result!.rows.map(textRow) : result
}

async function ok(of: ProtocolClient, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) expect([sql, (await of.query(sql))[0]]).toMatchObject([sql, { kind: 'ok' }])
}

/** What the session is pinned by, as others are told. */
async function pinsOf(of: ProtocolClient): Promise<string> {
  const watching = await client()
  const [list] = await watching.query('SHOW SHARDGATE SESSIONS')
  if (list!.kind !== 'rows') throw new Error(JSON.stringify(list))
  return list!.rows.map(textRow).find(([id]) => Number(id) === of.connectionId)![6]!
}

test('two sessions have a table of one name each, and neither sees the other’s', async () => {
  const [one, two, third] = [await client(), await client(), await client()]
  await ok(one, 'CREATE TEMPORARY TABLE t (a INT)', 'INSERT INTO t VALUES (1)')
  await ok(two, 'CREATE TEMPORARY TABLE t (b INT)', 'INSERT INTO t VALUES (2), (3)')
  expect(cells(await one.query('SELECT a FROM t'))).toEqual([['1']])
  expect(cells(await two.query('SELECT b FROM t ORDER BY b'))).toEqual([['2'], ['3']])
  expect(cells(await one.query('SELECT b FROM t'))).toMatchObject({ errno: 1054 })
  expect(cells(await third.query('SELECT * FROM t'))).toMatchObject({ errno: 1146 })
})

test('one hides the table of its name for its session alone, in plans that others use, too', async () => {
  const [hiding, other] = [await client(), await client()]
  const sql = 'SELECT name FROM users WHERE id = 4'
  expect(cells(await other.query(sql))).toEqual([['d']])
  await ok(hiding, 'CREATE TEMPORARY TABLE users (id INT, name VARCHAR(9))')
  expect(cells(await hiding.query(sql))).toEqual([])
  expect(cells(await other.query(sql))).toEqual([['d']])
  await ok(hiding, 'DROP TEMPORARY TABLE users')
  expect(cells(await hiding.query(sql))).toEqual([['d']])
})

test('dropping the last one lets the connection go', async () => {
  const [of, other] = [await client(narrow), await client(narrow)]
  await ok(of, 'CREATE TEMPORARY TABLE t (a INT)', 'CREATE TEMPORARY TABLE s LIKE t')
  await ok(of, 'DROP TEMPORARY TABLE t')
  const waiting = other.query('SELECT name FROM users WHERE id = 1')
  await ok(of, 'DROP TABLE s')
  expect(cells(await waiting)).toEqual([['a']])
})

test('what each session is pinned by is shown', async () => {
  const of = await client()
  expect(await pinsOf(of)).toBe('')
  await ok(of, 'CREATE TEMPORARY TABLE t (a INT)', 'BEGIN', 'UPDATE users SET score = 1 WHERE id = 4')
  expect((await pinsOf(of)).split('\n').sort()).toEqual([
    'main/-80: temporary table main.t',
    'main/80-: open transaction',
  ])
  await ok(of, 'ROLLBACK', 'DROP TEMPORARY TABLE t')
  expect(await pinsOf(of)).toBe('')
  await ok(of, 'LOCK TABLES users READ')
  expect(await pinsOf(of)).toBe('main/-80: LOCK TABLES\nmain/80-: LOCK TABLES')
  await ok(of, 'UNLOCK TABLES')
  expect(await pinsOf(of)).toBe('')
})

test.each(['COM_RESET_CONNECTION', 'a client that leaves'])('%s ends them', async (how) => {
  const [of, other] = [await client(narrow), await client(narrow)]
  await ok(of, 'CREATE TEMPORARY TABLE users (id INT)')
  if (how === 'COM_RESET_CONNECTION') {
    of.raw.send('1f')
    await of.raw.read()
    expect(cells(await of.query('SELECT name FROM users WHERE id = 1'))).toEqual([['a']])
  } else of.destroy()
  expect(cells(await other.query('SELECT name FROM users WHERE id = 1'))).toEqual([['a']])
})

test('a connection that is lost with them is told of before their names mean something else', async () => {
  const of = await client()
  await ok(of, 'CREATE TEMPORARY TABLE users (id INT, name VARCHAR(9))')
  const thread = cells(await of.query('SELECT COUNT(*) FROM users'))
  expect(thread).toEqual([['0']])
  const root = await faults.rootOf('-80')
  const [rows] = await root.query(
    'SELECT ID FROM information_schema.PROCESSLIST WHERE USER <> ? AND DB = ?',
    ['root', 'main'],
  )
  for (const { ID } of rows as { ID: number }[]) await root.query('KILL ?', [ID]).catch(() => {})
  await root.end()
  await eventually('the session hears of it', async () => {
    const [answer] = await of.query('SELECT name FROM users WHERE id = 1')
    return answer!.kind === 'error' && answer!.errno === 2013
  })
  await eventually('it goes on', async () => {
    const answer = cells(await of.query('SELECT name FROM users WHERE id = 1'))
    return JSON.stringify(answer) === JSON.stringify([['a']])
  })
})

test('a write over several shards that reads one is all or nothing', async () => {
  const of = await client()
  await ok(of, 'CREATE TEMPORARY TABLE t (id BIGINT, name VARCHAR(9))')
  await ok(of, `INSERT INTO t VALUES (5, 'e'), (6, 'f'), (7, 'g'), (8, 'h'), (4, 'twice')`)
  const [refused] = await of.query('INSERT INTO users (id, name) SELECT id, name FROM t')
  expect(refused).toMatchObject({ kind: 'error', errno: 1062 })
  expect(cells(await of.query('SELECT COUNT(*) FROM users'))).toEqual([['3']])
  await ok(of, 'DELETE FROM t WHERE id = 4', 'INSERT INTO users (id, name) SELECT id, name FROM t')
  expect(cells(await of.query('SELECT COUNT(*) FROM users'))).toEqual([['7']])
  await ok(of, 'DELETE FROM users WHERE id IN (SELECT id FROM t)')
  const other = await client()
  expect(cells(await other.query('SELECT COUNT(*) FROM users'))).toEqual([['3']])
  expect(await pinsOf(of)).toBe('main/-80: temporary table main.t')
})

test('KILL stops one that is being filled, and leaves none', async () => {
  const [of, killer] = [await client(), await client()]
  const made = of.query('CREATE TEMPORARY TABLE t AS SELECT u.id, SLEEP(9) AS s FROM users u, users v')
  await eventually('it sleeps', async () => {
    const root = await faults.rootOf('-80')
    const [rows] = await root.query(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(9)%'",
    )
    await root.end()
    return (rows as unknown[]).length > 1
  })
  await killer.query(`KILL QUERY ${of.connectionId}`)
  expect((await made)[0]).toMatchObject({ kind: 'error', errno: 1317 })
  expect(cells(await of.query('SELECT * FROM t'))).toMatchObject({ errno: 1146 })
  expect(await pinsOf(of)).toBe('')
})

test('one that is made at a shard is seen there and in its keyspace, prepared statements too', async () => {
  const of = await client()
  await ok(of, 'USE `main:80-`', 'CREATE TEMPORARY TABLE far (id BIGINT)', 'INSERT INTO far VALUES (1), (4)')
  for (const target of ['main:80-', 'main']) {
    await ok(of, `USE \`${target}\``)
    const prepared = await of.prepare('SELECT id FROM far ORDER BY id')
    if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared))
    expect((await of.execute(prepared.id, []))[0]).toMatchObject({ kind: 'rows' })
    expect(cells(await of.query('SELECT id FROM far ORDER BY id'))).toEqual([['1'], ['4']])
  }
  const joined = 'SELECT u.name FROM users u JOIN far ON far.id = u.id ORDER BY u.id'
  expect(cells(await of.query(joined))).toEqual([['a'], ['d']])
  await ok(of, 'CREATE TEMPORARY TABLE near (id BIGINT)')
  expect(cells(await of.query('SELECT COUNT(*) FROM far, near'))).toEqual([['0']])
  expect((await pinsOf(of)).split('\n')).toHaveLength(2)
  expect((await of.query('DROP TABLE far, near'))[0]).toMatchObject({ errno: 1235 })
  await ok(of, 'DROP TABLE far', 'DROP TABLE near')
  expect(await pinsOf(of)).toBe('')
})

test('in a multi-statement each sees what those before have made', async () => {
  const of = await client()
  const answers = await of.query(
    'CREATE TEMPORARY TABLE t AS SELECT id, name FROM users; SELECT COUNT(*) FROM t; DROP TABLE t; SELECT * FROM t',
  )
  expect(answers.map(({ kind }) => kind)).toEqual(['ok', 'rows', 'ok', 'error'])
})

test('a transaction that is open goes on over them', async () => {
  const [of, other] = [await client(), await client()]
  await ok(of, 'BEGIN', `UPDATE users SET name = 'tx' WHERE id IN (1, 4)`)
  await ok(of, 'CREATE TEMPORARY TABLE t AS SELECT id, name FROM users')
  expect(cells(await of.query('SELECT name FROM t ORDER BY id'))).toEqual([['tx'], ['b'], ['tx']])
  await ok(of, `UPDATE t JOIN users u ON u.id = t.id SET t.name = CONCAT(u.name, '!')`)
  expect(cells(await other.query('SELECT name FROM users WHERE id = 4'))).toEqual([['d']])
  await ok(of, 'ROLLBACK')
  expect(cells(await of.query('SELECT name FROM users ORDER BY id'))).toEqual([['a'], ['b'], ['d']])
  await ok(of, 'DROP TABLE t')
})

test('EXPLAIN and VEXPLAIN of statements over copies beside them', async () => {
  const of = await client()
  await ok(of, 'CREATE TEMPORARY TABLE t (id BIGINT, name VARCHAR(9))')
  for (const sql of [
    'EXPLAIN UPDATE t JOIN users u ON u.id = t.id SET t.name = u.name',
    'EXPLAIN SELECT u.name FROM t JOIN users u ON u.id = t.id',
    'VEXPLAIN PLAN UPDATE t JOIN users u ON u.id = t.id SET t.name = u.name',
    'EXPLAIN FORMAT=VITESS INSERT INTO t SELECT id, name FROM users',
  ])
    expect([sql, (await of.query(sql))[0]!.kind]).toEqual([sql, 'rows'])
  expect((await of.query('CREATE TEMPORARY TABLE t (id BIGINT)'))[0]).toMatchObject({ errno: 1050 })
})
