import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

/** DDL that shards disagree about (engine/ddl.ts). */
let faults: FaultCluster
let client: ProtocolClient
let atFirst: ProtocolClient
let atSecond: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  client = await connectTo(faults.proxy)
  atFirst = await connectTo(faults.proxy)
  await done(atFirst, 'USE `main:-80`')
  atSecond = await connectTo(faults.proxy)
  await done(atSecond, 'USE `main:80-`')
})
afterAll(async () => {
  for (const each of [client, atFirst, atSecond]) each?.close()
  await faults?.close()
})

async function ask(of: ProtocolClient, sql: string): Promise<Result> {
  return (await of.query(sql)).at(-1)!
}

async function done(of: ProtocolClient, sql: string): Promise<void> {
  const result = await ask(of, sql)
  if (result.kind === 'error') throw new Error(result.message)
}

async function rows(of: ProtocolClient, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const result = await ask(of, sql)
  if (result.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result.rows.map((row) => textRow(row))
}

const INDEX = "SHOW INDEX FROM users WHERE Key_name = 'only_name'"

test('what one shard refuses is told with what the other has made of it, and done when it is repeated', async () => {
  await done(client, "INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'twice'), (7, 'twice')")
  const holders = await Promise.all(
    [atFirst, atSecond].map((at) => rows(at, "SELECT COUNT(*) FROM users WHERE name = 'twice'")),
  )
  expect(holders).toContainEqual([['2']])
  const [own, other] = holders[0]![0]![0] === '2' ? ['-80', '80-'] : ['80-', '-80']
  const add = 'ALTER TABLE users ADD UNIQUE INDEX only_name (name)'
  expect(await ask(client, add)).toMatchObject({
    kind: 'error',
    errno: 1062,
    message: expect.stringContaining(
      `(on shard ${own} of keyspace main; shard ${other} has the change: repeat the statement`,
    ),
  })
  // Nothing has changed: the shard that has it says so, the other one why it has not.
  expect(await ask(client, add)).toMatchObject({
    kind: 'error',
    errno: 1062,
    message: expect.stringContaining(`(on shard ${own} of keyspace main; shard ${other} has the change`),
  })
  await done(client, 'DELETE FROM users WHERE id = 7')
  await done(client, add)
  for (const at of [atFirst, atSecond]) expect(await rows(at, INDEX)).toHaveLength(1)
  expect(await ask(client, add)).toMatchObject({ errno: 1061, message: "Duplicate key name 'only_name'" })
  await done(client, 'ALTER TABLE users DROP INDEX only_name')
})

test('what one shard has made or dropped already is finished on the others', async () => {
  await done(atFirst, 'CREATE TABLE extra (id INT PRIMARY KEY)')
  await done(client, 'CREATE TABLE extra (id INT PRIMARY KEY)')
  expect(await ask(client, 'CREATE TABLE extra (id INT PRIMARY KEY)')).toMatchObject({ errno: 1050 })
  await done(atSecond, 'RENAME TABLE extra TO more')
  await done(client, 'RENAME TABLE extra TO more')
  expect(await ask(client, 'RENAME TABLE extra TO more')).toMatchObject({ kind: 'error' })
  await done(atFirst, 'ALTER TABLE more ADD COLUMN v INT')
  await done(client, 'ALTER TABLE more ADD COLUMN v INT')
  await done(atSecond, 'ALTER TABLE more RENAME COLUMN v TO w')
  await done(client, 'ALTER TABLE more RENAME COLUMN v TO w')
  await done(atSecond, 'DROP TABLE more')
  await done(client, 'DROP TABLE more')
  expect(await ask(client, 'DROP TABLE more')).toMatchObject({
    errno: 1051,
    message: "Unknown table 'main.more'",
  })
})

test('another table of the same name on a shard is no earlier half of the statement', async () => {
  await done(atFirst, 'CREATE TABLE extra (id BIGINT PRIMARY KEY)')
  expect(await ask(client, 'CREATE TABLE extra (id INT PRIMARY KEY)')).toMatchObject({
    errno: 1050,
    message: expect.stringContaining('on shard -80 of keyspace main; shard 80- has the change'),
  })
  await done(client, 'DROP TABLE extra')
})

test('of two sessions, of two proxies, that make the same table at once, one is told that it exists', async () => {
  const other = await connectTo(await faults.startProxy({}))
  for (let round = 0; round < 8; round++) {
    const make = 'CREATE TABLE raced (id INT PRIMARY KEY)'
    const answers = await Promise.all([ask(client, make), ask(other, make)])
    expect(answers.filter(({ kind }) => kind === 'ok')).toHaveLength(1)
    expect(answers.find(({ kind }) => kind === 'error')).toMatchObject({ errno: 1050 })
    const drop = 'DROP TABLE raced'
    const drops = await Promise.all([ask(client, drop), ask(other, drop)])
    expect(drops.filter(({ kind }) => kind === 'ok')).toHaveLength(1)
    expect(drops.find(({ kind }) => kind === 'error')).toMatchObject({ errno: 1051 })
  }
  other.close()
})

test('a session that waits for another one at the same table can be killed; the lock goes with its session', async () => {
  const blocker = await connectTo(faults.proxy)
  await done(blocker, 'BEGIN')
  await rows(blocker, 'SELECT * FROM users')
  const first = await connectTo(faults.proxy)
  const waiting = ask(first, 'ALTER TABLE users ADD COLUMN late INT')
  const second = await connectTo(faults.proxy)
  const behind = ask(second, 'ALTER TABLE users ADD COLUMN later INT')
  const killer = await connectTo(faults.proxy)
  await done(killer, `KILL QUERY ${second.connectionId}`)
  expect(await behind).toMatchObject({ errno: 1317 })
  await done(killer, `KILL QUERY ${first.connectionId}`)
  expect(await waiting).toMatchObject({ errno: 1317 })
  await done(blocker, 'COMMIT')
  await done(second, 'ALTER TABLE users ADD COLUMN later INT')
  await done(second, 'ALTER TABLE users DROP COLUMN later')
  for (const each of [blocker, first, second, killer]) each.close()
})

test('it ends a transaction, also by a prepared statement and by PREPARE', async () => {
  const prepared = await client.prepare('ALTER TABLE users ADD COLUMN late INT')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  await done(client, "BEGIN; INSERT INTO users (id, name) VALUES (90, 'kept'), (91, 'kept too')")
  const [result] = await client.execute(prepared.id)
  expect(result).toMatchObject({ kind: 'ok' })
  await done(client, "PREPARE s FROM 'ALTER TABLE users DROP COLUMN late'")
  await done(client, "BEGIN; UPDATE users SET name = 'still kept' WHERE id = 90")
  await done(client, 'EXECUTE s')
  await done(client, 'ROLLBACK')
  expect(await rows(client, 'SELECT name FROM users WHERE id >= 90 ORDER BY id')).toEqual([
    ['still kept'],
    ['kept too'],
  ])
})

test('while a server is away it is half done, and done when it is repeated', async () => {
  const add = 'ALTER TABLE users ADD COLUMN late INT'
  await faults.kill('80-')
  expect(await ask(client, add)).toMatchObject({
    kind: 'error',
    message: expect.stringContaining(
      '(on shard 80- of keyspace main; shard -80 has the change: repeat the statement',
    ),
  })
  await faults.restart('80-')
  await eventually('it is done', async () => (await ask(client, add)).kind === 'ok')
  const again = await connectTo(faults.proxy)
  expect(await ask(again, add)).toMatchObject({ errno: 1060 })
  await done(again, 'ALTER TABLE users DROP COLUMN late')
  again.close()
})

test('CREATE TABLE … SELECT that a shard refuses, or that is killed, leaves no table on any', async () => {
  const make = 'CREATE TABLE made SELECT id, name, SLEEP(0.2) FROM users'
  await done(atSecond, 'CREATE TABLE made (id INT)')
  for (const sql of [make, make.replace('TABLE', 'TABLE IF NOT EXISTS')]) {
    expect(await ask(client, sql)).toMatchObject({ kind: 'error', errno: 1050 })
    expect(await rows(atFirst, "SHOW TABLES LIKE 'made'")).toEqual([])
    expect(await rows(atSecond, "SHOW TABLES LIKE 'made'")).toHaveLength(1)
  }
  await done(atSecond, 'DROP TABLE made')
  await done(client, 'DELETE FROM users')
  await done(client, "INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'c'), (7, 'd'), (8, 'e')")
  const [[id]] = (await rows(client, 'SELECT CONNECTION_ID()')) as [[string]]
  const answer = ask(client, make)
  await eventually(
    'the table is there while it is being filled',
    async () => (await rows(atFirst, "SHOW TABLES LIKE 'made'")).length === 1,
  )
  const killer = await connectTo(faults.proxy)
  await done(killer, `KILL QUERY ${id}`)
  killer.close()
  expect(await answer).toMatchObject({ kind: 'error', errno: 1317 })
  for (const at of [atFirst, atSecond]) expect(await rows(at, "SHOW TABLES LIKE 'made'")).toEqual([])
  await done(client, make.replace(', SLEEP(0.2)', ''))
  expect(await rows(client, 'SELECT COUNT(*) FROM made')).toEqual([['5']])
  await done(client, 'DROP TABLE made')
})
