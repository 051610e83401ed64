import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import { PROXY_ADMIN, type TestProxy } from '../support/proxy.ts'

/** What SET computes is the session's own, whoever else is on the pool: there is one connection to each server. */
let faults: FaultCluster
let proxy: TestProxy

beforeAll(async () => {
  faults = await startFaultCluster()
  proxy = await faults.startProxy({ config: { pool: { size: 1, wait_timeout: '2s' } } })
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name, score) VALUES (1, 'a', 1), (4, 'd', 4)`)
})
afterAll(() => faults?.close())

const client = clientsBy(() => connectTo(proxy))
const administrator = clientsBy(() => connectTo(proxy, PROXY_ADMIN))

async function cell(of: ProtocolClient, sql: string): Promise<string | null> {
  const results = await of.query(sql)
  const last = results.at(-1)!
  if (last.kind !== 'rows') throw new Error(JSON.stringify(last))
  return textRow(last.rows[0]!)[0]!
}

async function asked(of: ProtocolClient, sql: string) {
  const [answer] = await of.query(sql)
  if (answer?.kind !== 'rows') throw new Error(JSON.stringify(answer))
  const texts = textRow(answer.rows[0]!)
  return answer.columns.map((definition, i) => ({ definition, text: texts[i] }))
}

test('LAST_INSERT_ID() is the session’s, also while others insert', async () => {
  const inserting = await Promise.all(Array.from({ length: 4 }, () => client()))
  await Promise.all(
    inserting.map(async (each) => {
      for (let i = 0; i < 10; i++) {
        await each.query(`INSERT INTO users (name) VALUES ('x')`)
        const id = await cell(each, 'SELECT LAST_INSERT_ID()')
        expect(await cell(each, 'SET @id = LAST_INSERT_ID(); SELECT @id')).toBe(id)
      }
    }),
  )
})

test('CONNECTION_ID(), USER() and CURRENT_USER() are the client’s', async () => {
  const of = await client()
  expect(await cell(of, 'SET @c = CONNECTION_ID(); SELECT @c')).toBe(String(of.connectionId))
  expect(await cell(of, 'SET @c = CURRENT_USER(); SELECT @c')).toMatch(/^app@/)
  expect(await cell(of, 'SET @c = USER(); SELECT @c')).toMatch(/^app@/)
})

test('a lock that SET takes is held until the session lets go of it', async () => {
  const [holder, other] = [await client(), await client()]
  for (const each of [holder, other]) await each.query('USE `main:-80`')
  await holder.query('BEGIN')
  expect(await cell(holder, `SET @g = GET_LOCK('of SET', 0); SELECT @g`)).toBe('1')
  await holder.query('COMMIT')
  const root = await faults.rootOf('-80')
  const isFree = async () => {
    const [[row]] = (await root.query(`SELECT IS_FREE_LOCK('of SET') AS free`)) as unknown as [
      [{ free: number }],
    ]
    return row.free
  }
  expect(await isFree()).toBe(0)
  expect(await cell(holder, `SELECT RELEASE_LOCK('of SET')`)).toBe('1')
  expect(await isFree()).toBe(1)
  await root.end()
})

test('is part of the transaction, and waits for no connection but the session’s own', async () => {
  const of = await client()
  await of.query('BEGIN')
  await of.query('UPDATE users SET score = 77 WHERE id IN (1, 4)')
  expect(await cell(of, 'SET @v = (SELECT SUM(score) FROM users WHERE id IN (1, 4)); SELECT @v')).toBe('154')
  expect((await of.query(`SET sql_mode = 'bad'`))[0]).toMatchObject({ kind: 'error', errno: 1231 })
  expect((await of.query('SET sort_buffer_size = 65536'))[0]).toMatchObject({ kind: 'ok' })
  expect(await cell(of, 'SELECT @@sort_buffer_size FROM users WHERE id = 4')).toBe('65536')
  await of.query('ROLLBACK')
  expect(await cell(of, 'SELECT SUM(score) FROM users WHERE id IN (1, 4)')).toBe('5')
})

test('opens no connection, and leaves none to others with what it has set', async () => {
  const root = await faults.rootOf('-80')
  const connections = async () => {
    const [rows] = await root.query(`SHOW GLOBAL STATUS LIKE 'Connections'`)
    return Number((rows as { Value: string }[])[0]!.Value)
  }
  const [setting, other] = [await client(), await client()]
  await other.query('SELECT name FROM users WHERE id = 1')
  const before = await connections()
  for (let i = 0; i < 20; i++)
    await setting.query(`SET @k = ${i}; SET sort_buffer_size = ${65_536 + i * 1024}`)
  expect(await connections()).toBe(before)
  expect(
    await cell(other, 'SELECT @@sort_buffer_size = @@global.sort_buffer_size FROM users WHERE id = 1'),
  ).toBe('1')
  await setting.query(`SET time_zone = '+03:00', sql_mode = 'bad'`)
  expect(await cell(setting, 'SELECT @@time_zone = @@global.time_zone FROM users WHERE id = 1')).toBe('1')
  await root.end()
})

test('tells the warnings of a value that the server has changed', async () => {
  const of = await client()
  expect((await of.query('SET sort_buffer_size = 1'))[0]).toMatchObject({ kind: 'ok', warnings: 1 })
  expect(await cell(of, 'SHOW WARNINGS')).toBe('Warning')
})

test.each([
  ['sql_auto_is_null = 1', 'LAST_INSERT_ID()'],
  ['insert_id = 4000', 'write the id into the row'],
  ['rand_seed1 = 5', 'RAND(n)'],
])(
  'SET %s is refused with what to do instead: a server would do it with its own connection',
  async (assignment, way) => {
    const of = await client()
    expect((await of.query(`SET ${assignment}`))[0]).toMatchObject({
      kind: 'error',
      errno: 1235,
      message: expect.stringContaining(way),
    })
  },
)

test('completion_type = 2: COMMIT ends the connection', async () => {
  const of = await client()
  for (const sql of ['SET completion_type = 2', 'BEGIN', 'COMMIT'])
    expect((await of.query(sql))[0]).toMatchObject({ kind: 'ok' })
  await expect(of.query('SELECT 1')).rejects.toThrow()
})

test('what changes nothing about these is taken', async () => {
  const of = await client()
  for (const assignment of ['sql_auto_is_null = 0'])
    expect((await of.query(`SET ${assignment}`))[0]).toMatchObject({ kind: 'ok' })
})

test('SET GLOBAL is passed on to the one server that an administrator’s target names, with what it says', async () => {
  const [admin, ordinary] = [await administrator(), await client()]
  const sql = 'SET GLOBAL no_such_variable = 1'
  expect((await ordinary.query('USE `main:-80`; SET GLOBAL slow_launch_time = 3')).at(-1)).toMatchObject({
    errno: 1227,
  })
  expect((await admin.query(sql))[0]).toMatchObject({ errno: 1235 })
  expect((await admin.query(`USE \`main:80-\`; ${sql}`)).at(-1)).toMatchObject({ errno: 1193 })
  // The account of the proxy may not, either: its error is the client's.
  expect((await admin.query('SET GLOBAL slow_launch_time = 3')).at(-1)).toMatchObject({ errno: 1227 })
  expect((await admin.query(`USE lookup; ${sql}`)).at(-1)).toMatchObject({ errno: 1193 })
})

test('completion_type RELEASE ends the session behind a COMMIT', async () => {
  const of = await client()
  await of.query(`SET completion_type = 'RELEASE'`)
  expect((await of.query('COMMIT'))[0]).toMatchObject({ kind: 'ok' })
  await expect(of.query('SELECT 1')).rejects.toThrow()
})

test('assigns what an expression assigns on its way', async () => {
  const of = await client()
  expect(await cell(of, 'SET @y = (@w := 7) + 1; SELECT CONCAT(@y, @w)')).toBe('87')
})

test('user variables of two sessions share a connection, each with its own type, and a third has none', async () => {
  const [first, second, third] = [await client(), await client(), await client()]
  await first.query(`SET @v = CAST(5 AS UNSIGNED)`)
  await second.query(`SET @v = _latin1'a' COLLATE latin1_bin`)
  const [{ definition: unset }] = await asked(third, 'SELECT @v FROM users WHERE id = 1')
  for (let i = 0; i < 3; i++) {
    const answers = await Promise.all(
      [first, second, third].map((each) => asked(each, 'SELECT @v, COLLATION(@v) FROM users WHERE id = 1')),
    )
    expect(answers.map((cells) => cells.map(({ text }) => text))).toEqual([
      ['5', 'binary'],
      ['a', 'latin1_bin'],
      [null, 'binary'],
    ])
    expect(answers[0]![0]!.definition).toMatchObject({ type: 8, flags: 0xa0 })
    expect(answers[2]![0]!.definition).toEqual(unset)
  }
})

test('a prepared statement reads variables as they are when it is executed, type and all', async () => {
  const of = await client()
  const prepared = await of.prepare('SELECT COLLATION(@v), @v FROM users WHERE id = ?')
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared))
  const id = { type: 'bigint', bytes: Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]) } as const
  for (const [value, type] of [
    ['7', 8],
    ['1.50', 246],
    [`'x'`, 251],
  ] as const) {
    await of.query(`SET @v = ${value}`)
    const [answer] = await of.execute(prepared.id, [id])
    expect(answer).toMatchObject({ kind: 'rows', columns: [{}, { type }] })
  }
})

test('in a transaction a connection keeps its variables, and gets what has changed', async () => {
  const of = await client()
  await of.query('SET @a = 1, @b = 2')
  await of.query('BEGIN')
  expect(await cell(of, 'SELECT CONCAT(@a, @b) FROM users WHERE id = 1')).toBe('12')
  await of.query('SET @b = NULL')
  expect(await cell(of, 'SELECT CONCAT(@a, IFNULL(@b, 0) + 1) FROM users WHERE id = 1')).toBe('11')
  expect(await cell(of, 'SELECT name FROM users WHERE id = 1')).toBe('a')
  await of.query('ROLLBACK')
  expect(await cell(of, 'SELECT @a + IFNULL(@b, 5) FROM users WHERE id = 4')).toBe('6')
})
