import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

/** Tables that no VSchema names (vschema/unnamed-tables.ts), on servers where a keyspace's database has its own name. */
let faults: FaultCluster
let client: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster({ config: { default_unsharded_keyspace: 'lookup' } })
  client = await connectTo(faults.proxy)
})
afterAll(async () => {
  client?.close()
  await faults?.close()
})

async function ask(sql: string, of = client): Promise<Result> {
  return (await of.query(sql)).at(-1)!
}

async function done(sql: string, of = client): Promise<void> {
  const result = await ask(sql, of)
  if (result.kind === 'error') throw new Error(`${sql}: ${result.message}`)
}

async function rows(sql: string, of = client): Promise<readonly (readonly (string | null)[])[]> {
  const result = await ask(sql, of)
  if (result.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result.rows.map((row) => textRow(row))
}

test('are found by their names and by those of the keyspace, by every kind of statement', async () => {
  await done('CREATE TABLE main.books (id INT AUTO_INCREMENT PRIMARY KEY, version VARCHAR(20))')
  expect((await ask('SHOW WARNINGS')).kind).toBe('rows')
  await done("INSERT INTO main.books (version) VALUES ('1'), ('2')")
  await done("UPDATE main.books SET main.books.version = '3' WHERE main.books.id = 2")
  await done("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b')")
  expect(await rows('SELECT main.books.version FROM main.books ORDER BY main.books.id')).toEqual([
    ['1'],
    ['3'],
  ])
  const joined =
    'SELECT main.users.name, main.books.version FROM main.users JOIN main.books USING (id) ORDER BY 1'
  expect(await rows(joined)).toEqual([
    ['a', '1'],
    ['b', '3'],
  ])
  await done('ALTER TABLE main.books ADD INDEX by_version (version)')
  await done('CREATE TABLE main.copies LIKE main.books')
  await done('INSERT INTO main.copies SELECT * FROM main.books')
  await done('RENAME TABLE main.copies TO main.others')
  await done('DELETE FROM main.others WHERE main.others.id = 1')
  expect(await rows('SELECT COUNT(*) FROM others')).toEqual([['1']])
  expect((await rows('SHOW CREATE TABLE main.books')).flat()).toContain('books')
  expect((await rows('SHOW TABLES')).flat()).toEqual(expect.arrayContaining(['books', 'others', 'users']))
  expect((await rows('SHOW TABLE STATUS')).map(([name]) => name)).toEqual(
    expect.arrayContaining(['books', 'users']),
  )
  expect(await rows('ANALYZE TABLE main.books, users')).toEqual(
    expect.arrayContaining([['main.books', 'analyze', 'status', 'OK']]),
  )
  await done('DROP TABLE main.others')
})

test('that lie on the shards from earlier times are what lists say: there, to be dropped, and in no VSchema', async () => {
  const before = await connectTo(await faults.startProxy({}))
  await done('CREATE TABLE stray (id INT)', before)
  before.close()
  const after = await faults.startProxy({ config: { default_unsharded_keyspace: 'lookup' } })
  const seeing = await connectTo(after)
  expect((await rows('SHOW TABLES', seeing)).flat()).toContain('stray')
  for (const sql of ['SELECT * FROM stray', 'DESCRIBE stray', 'INSERT INTO stray VALUES (1)'])
    expect(await ask(sql, seeing)).toMatchObject({ errno: 1146, message: /is in no VSchema/ })
  expect(await ask('CREATE TABLE stray (id INT)', seeing)).toMatchObject({ errno: 1050 })
  await done('DROP TABLE stray', seeing)
  expect((await rows('SHOW TABLES', seeing)).flat()).not.toContain('stray')
  await done('CREATE TABLE stray (id INT)', seeing)
  await done('INSERT INTO stray VALUES (1)', seeing)
  await done('DROP TABLE stray', seeing)
  seeing.close()
})

test("that are the keyspace's own by its VSchema stay there", async () => {
  const names = (
    await rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
  ).flat()
  expect(names).toContain('books')
  expect(names).not.toContain('products')
  expect(names).not.toContain('users_seq')
  expect(await ask('SELECT * FROM products')).toMatchObject({ errno: 1146 })
  await done('DROP TABLE IF EXISTS lookup.nothing')
})

test('are seen without a database, and from other keyspaces, but not on a shard', async () => {
  const bare = await connectTo(faults.proxy, { database: '' })
  expect(await rows('SELECT COUNT(*) FROM books', bare)).toEqual([['2']])
  await done('CREATE TABLE bare (id INT)', bare)
  await done('DROP TABLE bare', bare)
  await done('USE lookup', bare)
  expect(await rows('SELECT COUNT(*) FROM main.books', bare)).toEqual([['2']])
  await done('USE `main:-80`', bare)
  expect(await ask('SELECT COUNT(*) FROM books', bare)).toMatchObject({ errno: 1146 })
  expect((await rows('SHOW TABLES', bare)).flat()).not.toContain('books')
  bare.close()
})

test('are in transactions and prepared statements like any other', async () => {
  const prepared = await client.prepare('SELECT version FROM books WHERE id = 1')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  await done("BEGIN; UPDATE books SET version = 'x' WHERE id = 1; UPDATE users SET name = 'x' WHERE id = 1")
  const [inside] = await client.execute(prepared.id)
  expect(inside).toMatchObject({ kind: 'rows' })
  await done('ROLLBACK')
  expect(await rows('SELECT version FROM books WHERE id = 1')).toEqual([['1']])
  expect(await rows('SELECT name FROM users WHERE id = 1')).toEqual([['a']])
})

test("are another keyspace's for users who may use some keyspaces only", async () => {
  const { users, close } = await restricted(['main'])
  expect(await ask('SELECT * FROM books', users)).toMatchObject({ errno: 1142 })
  expect(await ask('CREATE TABLE mine (id INT)', users)).toMatchObject({ errno: 1142 })
  expect((await rows('SHOW TABLES', users)).flat()).not.toContain('books')
  await close()
  const both = await restricted(['main', 'lookup'])
  expect(await rows('SELECT COUNT(*) FROM books', both.users)).toEqual([['2']])
  await both.close()
})

async function restricted(keyspaces: readonly string[]) {
  const account = { user: 'some', password: 'some' }
  const usersFile = `${faults.cluster.dataDir}/users-${keyspaces.length}.json`
  writeFileSync(
    usersFile,
    JSON.stringify({ users: { some: { keyspaces, credentials: [{ password: account.password }] } } }),
  )
  const proxy = await faults.startProxy({
    config: { default_unsharded_keyspace: 'lookup', users_file: usersFile },
  })
  const users = await connectTo({ ...proxy, ...account })
  return {
    users,
    close: async () => users.close(),
  }
}
