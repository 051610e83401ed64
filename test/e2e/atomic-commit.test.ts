import assert from 'node:assert/strict'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Deferred, deferred } from '../../src/base/deferred.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import { PROXY_ADMIN } from '../support/proxy.ts'

/** Ids of users on -80 and on 80-. */
const [LEFT, RIGHT] = [1, 4]

/** Begins a transaction that has its home in a keyspace of one shard. */
const AT_HOME = 'BEGIN; SELECT * FROM lookup.products'

onEachServer((server) => {
  let faults: FaultCluster
  let client: ProtocolClient
  let steps: string[] = []
  /** Steps, of all shards or of one (`preparing main/80-`), at which commits stand still until they are resolved. */
  const held = new Map<string, Deferred<void>>()

  beforeAll(async () => {
    faults = await startFaultCluster({
      server,
      config: { transaction_mode: 'twopc' },
      onCommitStep: async (step, shard) => {
        steps.push(`${step} ${shard}`)
        await (held.get(step) ?? held.get(`${step} ${shard}`))?.promise
      },
    })
    client = await faults.connect()
  })
  beforeEach(async () => {
    await run('DELETE FROM users')
    await run(`INSERT INTO users (id, name, score) VALUES (${LEFT}, 'l', 10), (${RIGHT}, 'r', 10)`)
    steps = []
  })
  afterAll(() => faults?.close())

  async function run(sql: string, session = client): Promise<Result> {
    const results = await session.query(sql)
    for (const result of results) if (result.kind === 'error') assert.fail(`${sql}: ${result.message}`)
    return results[0]!
  }
  const cells = async (sql: string, session = client) => {
    const result = await run(sql, session)
    return result.kind === 'rows' ? result.rows.map(textRow) : []
  }
  const scores = async () => (await cells('SELECT score FROM users ORDER BY id')).flat().join(' ')
  const left = (more: number) => `UPDATE users SET score = score + ${more} WHERE id = ${LEFT}`
  const right = (more: number) => `UPDATE users SET score = score + ${more} WHERE id = ${RIGHT}`

  test('transaction_mode is the configuration’s, and the session’s own', async () => {
    expect(await cells('SELECT @@transaction_mode')).toEqual([['TWOPC']])
    await run("SET transaction_mode = 'multi'")
    expect(await cells('SELECT @@transaction_mode')).toEqual([['MULTI']])
    await run('SET transaction_mode = DEFAULT')
    expect(await cells('SELECT @@transaction_mode')).toEqual([['TWOPC']])
  })

  test('two shards that have written agree: both are prepared before any commits', async () => {
    for (const sql of ['BEGIN', left(-3), right(3), 'COMMIT']) await run(sql)
    expect(await scores()).toBe('7 13')
    // Those of one step come in any order.
    const sorted = [steps.slice(0, 2), steps.slice(2, 4), steps.slice(4, 5), steps.slice(5)]
    expect(sorted.map((some) => some.sort())).toEqual([
      ['preparing main/-80', 'preparing main/80-'],
      ['prepared main/-80', 'prepared main/80-'],
      ['all prepared main/-80'],
      ['committed main/-80', 'committed main/80-'],
    ])
  })

  test('one that begins in a keyspace of one shard has its home there: the decision is recorded before any commits', async () => {
    for (const sql of [AT_HOME, left(-3), right(3), 'COMMIT']) await run(sql)
    expect(await scores()).toBe('7 13')
    expect([steps[0], steps.at(-3)]).toEqual(['recorded lookup/0', 'decided lookup/0'])
  })

  test('where one has written, or none, nothing is prepared', async () => {
    for (const sql of ['BEGIN', left(1), 'SELECT * FROM users', 'COMMIT']) await run(sql)
    for (const sql of ['BEGIN', `SELECT * FROM users WHERE id = ${LEFT}`, right(1), 'COMMIT']) await run(sql)
    for (const sql of ['BEGIN', 'SELECT * FROM users', 'COMMIT']) await run(sql)
    expect([await scores(), steps]).toEqual(['11 11', []])
  })

  test('a statement that writes two shards is atomic by itself', async () => {
    await run('UPDATE users SET score = score + 1')
    expect(steps).toContain('all prepared main/-80')
    expect(await scores()).toBe('11 11')
  })

  test('so is one that moves rows, a file that is loaded, and what RETURNING tells of', async () => {
    await run(`UPDATE users SET id = id + 10`)
    expect(steps).toContain('all prepared main/-80')
    const loading = await faults.connect({ localFiles: true })
    onTestFinished(() => loading.close())
    steps = []
    const asked = await loading.load("LOAD DATA LOCAL INFILE 'f' INTO TABLE users (id, name)")
    if (!('sequenceId' in asked)) assert.fail(JSON.stringify(asked))
    loading.sendFile(Array.from({ length: 20 }, (_, i) => `${i + 100}\tx\n`).join(''), asked.sequenceId + 1)
    loading.sendFile('', asked.sequenceId + 2)
    expect((await loading.loaded())[0]).toMatchObject({ kind: 'ok' })
    expect(steps.some((step) => step.startsWith('all prepared'))).toBe(true)
    if (server === 'mysql') return
    steps = []
    await run('DELETE FROM users WHERE id >= 100 RETURNING id')
    expect(steps.some((step) => step.startsWith('all prepared'))).toBe(true)
  })

  test('ROLLBACK, savepoints, and a statement that fails are as in an ordinary transaction', async () => {
    for (const sql of ['BEGIN', left(1), right(1), 'ROLLBACK']) await run(sql)
    expect(await scores()).toBe('10 10')
    await run('BEGIN')
    await run(left(1))
    await run('SAVEPOINT one')
    await run(right(1))
    await run('SAVEPOINT two')
    await run('UPDATE users SET score = score + 100')
    await run('ROLLBACK TO two')
    const [refused] = await client.query(
      `INSERT INTO users (id, name) VALUES (${LEFT}, 'x'), (${RIGHT}, 'y'), (5, 'z')`,
    )
    expect(refused).toMatchObject({ kind: 'error', errno: 1062 })
    await run('ROLLBACK TO one')
    await run(right(2))
    await run('RELEASE SAVEPOINT one')
    await run('COMMIT')
    expect(await scores()).toBe('11 12')
    expect(await cells('SELECT COUNT(*) FROM users')).toEqual([['2']])
  })

  test('isolation, READ ONLY, snapshots, CHAIN', async () => {
    await run('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
    for (const sql of [
      'START TRANSACTION READ WRITE',
      left(1),
      right(1),
      'COMMIT AND CHAIN',
      left(1),
      right(1),
    ])
      await run(sql)
    const other = await faults.connect()
    await run('SET innodb_lock_wait_timeout = 1', other)
    const [waits] = await other.query(`SELECT * FROM users WHERE id = ${RIGHT} LOCK IN SHARE MODE`)
    expect(waits).toMatchObject({ kind: 'error', errno: 1205 })
    await run('COMMIT')
    await run('START TRANSACTION READ ONLY')
    expect((await client.query(right(1)))[0]).toMatchObject({ kind: 'error', errno: 1792 })
    await run('COMMIT')
    await run('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    await run('UPDATE users SET score = 99', other)
    expect(await scores()).toBe('12 12')
    await run('COMMIT')
    expect(await scores()).toBe('99 99')
    other.close()
  })

  test('what commits implicitly commits on all shards', async () => {
    await run('BEGIN')
    await run(left(1))
    await run(right(1))
    await run('CREATE TABLE IF NOT EXISTS implied (id INT PRIMARY KEY)')
    await run('ROLLBACK')
    expect(await scores()).toBe('11 11')
    expect(steps).toContain('all prepared main/-80')
  })

  test('a deadlock on a branch rolls back everywhere, and the session goes on', async () => {
    const other = await faults.connect()
    await run('INSERT INTO users (id, name, score) VALUES (5, "r2", 0), (6, "r3", 0), (7, "r4", 0)')
    const ids = await rightIds()
    const [a, b] = ids as [number, number]
    for (const sql of ['BEGIN', left(1), `UPDATE users SET score = 1 WHERE id = ${a}`]) await run(sql)
    await run('BEGIN', other)
    await run(`UPDATE users SET score = 2 WHERE id = ${b}`, other)
    const waiting = client.query(`UPDATE users SET score = 1 WHERE id = ${b}`)
    const closing = other.query(`UPDATE users SET score = 2 WHERE id = ${a}`)
    const results = await Promise.all([waiting, closing])
    expect(results.flat().filter((each) => each.kind === 'error')).toMatchObject([{ errno: 1213 }])
    for (const session of [client, other]) await run('ROLLBACK', session)
    expect((await cells(`SELECT score FROM users WHERE id = ${LEFT}`)).flat()).toEqual(['10'])
    for (const sql of ['BEGIN', left(1), right(1), 'COMMIT']) await run(sql)
    other.close()
  })

  async function rightIds(): Promise<number[]> {
    await run('USE `main:80-`')
    const ids = (await cells('SELECT id FROM users ORDER BY id')).flat().map(Number)
    await run('USE main')
    return ids
  }

  test('prepared statements, and multi-statements', async () => {
    await run(`BEGIN; ${left(-1)}; ${right(1)}; COMMIT`)
    expect(await scores()).toBe('9 11')
    await run(`PREPARE plus FROM 'UPDATE users SET score = score + ? WHERE id = ?'`)
    await run(`SET @one = 1, @left = ${LEFT}, @right = ${RIGHT}`)
    for (const sql of [
      'BEGIN',
      'EXECUTE plus USING @one, @left',
      'EXECUTE plus USING @one, @right',
      'COMMIT',
    ])
      await run(sql)
    expect(await scores()).toBe('10 12')
  })

  test('decisions are forgotten, and no client sees where they were', async () => {
    await run('UPDATE users SET score = score + 1')
    const root = await faults.rootOf('-80')
    await eventually('the decision is deleted', async () => {
      const [rows] = await root.query('SELECT COUNT(*) AS n FROM _shardgate.transactions')
      return Number((rows as { n: number }[])[0]!.n) === 0
    })
    root.destroy()
    expect(await cells('SHOW DATABASES')).not.toContainEqual(['_shardgate'])
    const seen = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE '%shardgate%'`
    expect(await cells(seen)).toEqual([['0']])
    expect((await client.query('SELECT * FROM _shardgate.transactions'))[0]).toMatchObject({ kind: 'error' })
    expect(await cells('SHOW UNRESOLVED TRANSACTIONS')).toEqual([])
  })

  test.each([
    ['preparing main/80-', 'BEGIN', 'PREPARE', 'error'],
    ['all prepared', 'BEGIN', 'COMMIT', 'ok'],
    ['all prepared', AT_HOME, 'PREPARE', 'error'],
    ['decided', AT_HOME, 'COMMIT', 'ok'],
  ] as const)(
    '%s (%s): SHOW UNRESOLVED TRANSACTIONS has it, CONCLUDE ends it',
    async (step, begin, state, told) => {
      const going = deferred()
      held.set(step, going)
      onTestFinished(() => {
        held.clear()
        going.resolve()
      })
      const admin = await faults.connect(PROXY_ADMIN)
      for (const sql of [begin, left(1), right(1)]) await run(sql)
      const committed = client.query('COMMIT')
      const [id] = (await eventually('it stands still', async () => {
        const [row] = await cells('SHOW UNRESOLVED TRANSACTIONS', admin)
        return row
      }))!
      const participants = `main/-80,main/80-${begin === AT_HOME ? ',lookup/0' : ''}`
      const row = [id, state, expect.stringMatching(/^20\d\d-/), participants]
      expect(await cells('SHOW UNRESOLVED TRANSACTIONS FOR main', admin)).toEqual([row])
      expect(await cells('SHOW UNRESOLVED TRANSACTIONS FOR other', admin)).toEqual([])
      expect(await cells(`SHOW TRANSACTION STATUS FOR '${id}'`, admin)).toEqual([row])
      expect(await cells("SHOW TRANSACTION STATUS FOR 'other'", admin)).toEqual([])
      const ordinary = await faults.connect()
      expect(await ordinary.query(`CONCLUDE TRANSACTION '${id}'`)).toMatchObject([
        { kind: 'error', errno: 1227 },
      ])
      ordinary.close()
      await run(`CONCLUDE TRANSACTION '${id}'`, admin)
      expect(await cells('SHOW UNRESOLVED TRANSACTIONS', admin)).toEqual([])
      held.clear()
      going.resolve()
      expect(await committed).toMatchObject([{ kind: told }])
      expect(await scores()).toBe(told === 'ok' ? '11 11' : '10 10')
      for (const sql of ["CONCLUDE TRANSACTION 'none'", 'CONCLUDE TRANSACTION', 'CONCLUDE TRANSACTION 7'])
        expect(await admin.query(sql)).toMatchObject([{ kind: 'error' }])
      admin.close()
    },
  )

  test('home has committed by itself: the decision is recorded there in a transaction of its own', async () => {
    const admin = await faults.connect(PROXY_ADMIN)
    await run('CREATE PROCEDURE lookup.ends() COMMIT', admin)
    await run(AT_HOME)
    await run(left(1))
    await run('CALL lookup.ends()')
    await run(right(1))
    await run('COMMIT')
    expect(await scores()).toBe('11 11')
    expect(steps[0]).toBe('recorded lookup/0')
    await run('DROP PROCEDURE lookup.ends', admin)
    admin.close()
  })

  test('temporary tables of one shard are no obstacle, of two they are', async () => {
    const session = await faults.connect()
    await run('USE `main:80-`', session)
    await run('CREATE TEMPORARY TABLE mine (id INT)', session)
    await run('USE main', session)
    for (const sql of ['BEGIN', left(1), right(1)]) await run(sql, session)
    expect((await session.query('COMMIT'))[0]).toMatchObject({ kind: 'error', errno: 1235 })
    expect(await scores()).toBe('10 10')
    for (const sql of ['BEGIN', right(1), left(1), 'COMMIT']) await run(sql, session)
    expect(await scores()).toBe('11 11')
    session.close()
  })

  test('temporary tables are made within a transaction, on MySQL where it has not made a branch', async () => {
    const session = await faults.connect()
    const make = 'CREATE TEMPORARY TABLE mine (id INT)'
    for (const sql of ['BEGIN', make, left(1), right(1), 'COMMIT', 'DROP TEMPORARY TABLE mine'])
      await run(sql, session)
    for (const sql of ['BEGIN', left(1)]) await run(sql, session)
    const [made] = await session.query(make)
    const wayOut = expect.stringContaining('before BEGIN')
    expect(made).toMatchObject(server === 'mysql' ? { errno: 1235, message: wayOut } : { kind: 'ok' })
    for (const sql of [right(1), 'COMMIT']) await run(sql, session)
    expect(await scores()).toBe('12 12')
    session.close()
  })

  test('CALL on a shard that the session addresses may commit, transaction or not', async () => {
    const [admin, session] = [await faults.connect(PROXY_ADMIN), await faults.connect()]
    await run('CREATE PROCEDURE lookup.ends() COMMIT', admin)
    await run('USE lookup', session)
    for (const sql of ['BEGIN', 'SELECT * FROM products', 'CALL ends()', 'COMMIT']) await run(sql, session)
    await run('DROP PROCEDURE lookup.ends', admin)
    for (const each of [admin, session]) each.close()
  })

  test('a shard that cannot record its part: nothing is committed, and nothing stays prepared', async () => {
    await run('UPDATE users SET score = 10')
    const root = await faults.rootOf('80-')
    await root.query('BEGIN')
    await root.query('SELECT * FROM _shardgate.transactions FOR UPDATE')
    await run('SET innodb_lock_wait_timeout = 1')
    for (const sql of ['BEGIN', left(1), right(1)]) await run(sql)
    expect((await client.query('COMMIT'))[0]).toMatchObject({ kind: 'error', errno: 1205 })
    await root.query('ROLLBACK')
    const [prepared] = await root.query('XA RECOVER')
    root.destroy()
    await run('SET innodb_lock_wait_timeout = DEFAULT')
    expect([prepared, await scores()]).toEqual([[], '10 10'])
  })

  test('what is done is forgotten while others are open on the same shards', async () => {
    const going = deferred()
    held.set('all prepared', going)
    for (const sql of ['BEGIN', left(1), right(1)]) await run(sql)
    const committed = client.query('COMMIT')
    await eventually('it stands still', async () => steps.includes('all prepared main/-80'))
    held.clear()
    const other = await faults.connect()
    await run('INSERT INTO users (id, name, score) VALUES (2, "a", 0), (5, "b", 0)', other)
    await run('UPDATE users SET score = 1 WHERE id IN (2, 5)', other)
    const root = await faults.rootOf('80-')
    await root.query('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
    await eventually('one is left', async () => {
      const [rows] = await root.query('SELECT id FROM _shardgate.transactions')
      return (rows as unknown[]).length === 1
    })
    root.destroy()
    going.resolve()
    expect(await committed).toMatchObject([{ kind: 'ok' }])
    other.close()
  })

  test('under LOCK TABLES writes of several shards are refused with the way out, and the locks stay', async () => {
    const session = await faults.connect()
    await run('LOCK TABLES users WRITE', session)
    const refused = {
      kind: 'error',
      errno: 1235,
      message: expect.stringContaining("transaction_mode = 'multi'"),
    }
    expect((await session.query('UPDATE users SET score = score + 1'))[0]).toMatchObject(refused)
    expect((await session.query('SELECT COUNT(*) FROM orders'))[0]).toMatchObject({ errno: 1100 })
    await run("SET transaction_mode = 'multi'", session)
    await run('UPDATE users SET score = score + 1', session)
    await run('UNLOCK TABLES', session)
    expect(await scores()).toBe('11 11')
    session.close()
  })
})
