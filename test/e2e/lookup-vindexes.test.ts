import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { value } from '../../src/values/value.ts'
import { createVindex } from '../../src/vindex/registry.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Reads by columns of lookup vindexes; whoever writes their tables is not this proxy (yet). */
const VSCHEMA = {
  sharded: true,
  vindexes: {
    hash: { type: 'hash' },
    xxhash: { type: 'xxhash' },
    by_email: lookup('consistent_lookup_unique', 'main.email_ids', 'email', 'id'),
    by_team: lookup('lookup', 'main.team_ids', 'team', 'id'),
    by_code: lookup('lookup_hash_unique', 'names.code_users', 'code', 'user'),
    by_phone: { ...lookup('lookup', 'main.phone_ids', 'phone', 'id', { write_only: 'true' }) },
    by_nick: lookup('lookup', 'main.nick_ids', 'nick', 'id'),
    by_title: loose('title', '_unique'),
    by_alias: loose('alias'),
    by_short: loose('short'),
    by_plain: loose('plain'),
    by_number: loose('number'),
  },
  tables: {
    people: {
      column_vindexes: [
        { column: 'id', name: 'hash' },
        { column: 'email', name: 'by_email' },
        { column: 'team', name: 'by_team' },
        { column: 'code', name: 'by_code' },
        { column: 'phone', name: 'by_phone' },
        { column: 'nick', name: 'by_nick' },
        ...['title', 'alias', 'short', 'plain', 'number'].map((column) => ({ column, name: `by_${column}` })),
      ],
    },
    email_ids: { column_vindexes: [{ column: 'email', name: 'xxhash' }] },
    team_ids: { column_vindexes: [{ column: 'team', name: 'hash' }] },
    phone_ids: { column_vindexes: [{ column: 'phone', name: 'hash' }] },
    nick_ids: { column_vindexes: [{ column: 'nick', name: 'xxhash' }] },
  },
}

function lookup(type: string, table: string, from: string, to: string, more = {}) {
  return { type, owner: 'people', params: { table, from, to, ...more } }
}

/** Texts by their weights, in one table for all columns. */
function loose(column: string, unique = '') {
  const type = `lookup_unicodeloosemd5_hash${unique}`
  return lookup(type, 'names.loose_users', column === 'number' ? 'signed' : 'text', 'user')
}

const SCHEMA = `
CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(40) COLLATE utf8mb4_bin, team INT, code INT, phone BIGINT,
  nick VARCHAR(20) COLLATE utf8mb4_general_ci, title VARCHAR(20) COLLATE utf8mb4_unicode_520_ci,
  alias VARCHAR(20) COLLATE utf8mb4_bin, short CHAR(8) COLLATE utf8mb4_unicode_ci, plain VARCHAR(20) COLLATE utf8mb4_general_ci,
  number VARCHAR(20) COLLATE utf8mb4_bin, visits INT);
CREATE TABLE email_ids (email VARCHAR(40) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, id VARBINARY(16) NOT NULL);
CREATE TABLE team_ids (team INT NOT NULL, id VARBINARY(16) NOT NULL, PRIMARY KEY (team, id));
CREATE TABLE phone_ids (phone BIGINT NOT NULL, id VARBINARY(16) NOT NULL, PRIMARY KEY (phone, id));
CREATE TABLE nick_ids (nick VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, id VARBINARY(16) NOT NULL, PRIMARY KEY (nick, id));
`
const NAMES_SCHEMA = `
CREATE TABLE code_users (code INT NOT NULL PRIMARY KEY, user BIGINT UNSIGNED NOT NULL);
CREATE TABLE loose_users (text BIGINT UNSIGNED NOT NULL, \`signed\` BIGINT, user BIGINT UNSIGNED NOT NULL, PRIMARY KEY (text, user));
`

const dir = tempDir('lookup-vindexes')
let cluster: TestCluster
let proxy: TestProxy
let client: ProtocolClient

beforeAll(async () => {
  write('main', SCHEMA, VSCHEMA)
  write('names', NAMES_SCHEMA, { sharded: false, tables: { code_users: {}, loose_users: {} } })
  cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir: dir.path })
  proxy = await startTestProxy(cluster)
  client = await connectTo(proxy)
  await run(
    "USE `main:-80`; INSERT INTO people (id, email, team, code, phone, nick) VALUES (1, 'a@x', 10, 100, 7, 'Ann'), (2, 'b@x', 10, 101, 8, 'Bo')",
  )
  await run(
    "USE `main:80-`; INSERT INTO people (id, email, team, code, phone, nick) VALUES (4, 'c@x', 20, 102, 9, 'ann'), (5, NULL, NULL, NULL, NULL, NULL)",
  )
  await run('USE main')
  await run(`INSERT INTO email_ids VALUES ('a@x', x'${ID[1]}'), ('b@x', x'${ID[2]}'), ('c@x', x'${ID[4]}')`)
  await run(`INSERT INTO team_ids VALUES (10, x'${ID[1]}'), (10, x'${ID[2]}'), (20, x'${ID[4]}')`)
  await run(`INSERT INTO nick_ids VALUES ('Ann', x'${ID[1]}'), ('Bo', x'${ID[2]}'), ('ann', x'${ID[4]}')`)
  for (const [shard, id, text] of TEXTS) {
    const columns = ['title', 'alias', 'short', 'plain', 'number'].map((name) => `${name} = '${text}'`)
    await run(`USE \`main:${shard}\`; UPDATE people SET ${columns.join(', ')} WHERE id = ${id}; USE names`)
    await run(`INSERT INTO loose_users (text, user) VALUES (${looseNumber(text)}, ${id})`)
  }
  await run('INSERT INTO names.code_users VALUES (100, 1), (101, 2), (102, 4)')
})
afterAll(async () => {
  client?.close()
  await proxy?.close()
  await cluster?.close()
  dir.remove()
})
beforeEach(() => run('USE main'))

/** hash of 1, 2, 4. */
const ID = { 1: '166b40b44aba4bd6', 2: '06e7ea22ce92708f', 4: 'd2fd8867d50d2dfe' } as const

const TEXTS = [
  ['-80', 1, 'Tést'],
  ['-80', 2, 'Straße'],
  ['80-', 4, '5'],
] as const

/** The first eight bytes of the text's unicode_loose_md5. */
function looseNumber(text: string): bigint {
  const vindex = createVindex('unicode_loose_md5', 'loose', {}, { readFile: () => new Uint8Array() })
  const id = vindex.kind === 'single' ? vindex.hash?.(value('VARCHAR', text)) : undefined
  return Buffer.from(id!).readBigUInt64BE()
}

function write(keyspace: string, schema: string, vschema: unknown): void {
  mkdirSync(join(dir.path, keyspace))
  writeFileSync(join(dir.path, keyspace, 'schema.sql'), schema)
  writeFileSync(join(dir.path, keyspace, 'vschema.json'), JSON.stringify(vschema))
}

async function run(sql: string, of = client): Promise<void> {
  for (const result of await of.query(sql)) if (result.kind === 'error') throw new Error(result.message)
}

async function rows(sql: string, of = client): Promise<readonly (readonly (string | null)[])[]> {
  const [result] = await of.query(sql)
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows.map((row) => textRow(row))
}

/** Shards that get the statement itself. */
async function shardsOf(sql: string): Promise<readonly (string | null)[]> {
  return (await rows(`VEXPLAIN QUERIES ${sql}`)).map(([, , shard]) => shard!)
}

test('the shards that the lookup table names are asked', async () => {
  expect(await shardsOf("SELECT id FROM people WHERE email = 'c@x'")).toEqual(['80-'])
  expect(await rows("SELECT id FROM people WHERE email = 'c@x'")).toEqual([['4']])
  expect(await shardsOf('SELECT id FROM people WHERE team = 10')).toEqual(['-80'])
  expect(await rows('SELECT COUNT(*) FROM people WHERE team = 10')).toEqual([['2']])
  expect(await shardsOf('SELECT id FROM people WHERE code = 102')).toEqual(['80-'])
  expect(await shardsOf('SELECT id FROM people WHERE code = 100 + 1')).toEqual(['-80'])
  expect(await shardsOf("SELECT id FROM people WHERE email IN ('a@x', 'b@x', NULL)")).toEqual(['-80'])
  expect(await shardsOf("SELECT id FROM people WHERE email IN ('a@x', 'c@x')")).toEqual(['-80', '80-'])
  expect(await shardsOf("SELECT id FROM people WHERE email = 'a@x' OR email = 'b@x'")).toEqual(['-80'])
})

test('one shard tells the columns where there is no row', async () => {
  expect(await shardsOf("SELECT id FROM people WHERE email = 'nobody'")).toHaveLength(1)
  expect(await rows("SELECT id FROM people WHERE email = 'nobody'")).toEqual([])
  expect(await rows('SELECT COUNT(*) FROM people WHERE team = 11')).toEqual([['0']])
  expect(await shardsOf('SELECT id FROM people WHERE email = NULL')).toHaveLength(1)
})

test('all shards are asked where the lookup table does not tell', async () => {
  // It is still being filled.
  expect(await shardsOf('SELECT id FROM people WHERE phone = 9')).toHaveLength(2)
  // It compares otherwise than the table.
  expect(await shardsOf("SELECT id FROM people WHERE nick = 'ann'")).toHaveLength(2)
  expect(await rows("SELECT id FROM people WHERE nick = 'ann' ORDER BY id")).toEqual([['1'], ['4']])
  expect(await rows('SELECT id FROM people WHERE email <=> NULL')).toEqual([['5']])
  expect(await shardsOf("SELECT id FROM people IGNORE VINDEX (by_email) WHERE email = 'a@x'")).toHaveLength(2)
})

test('the primary vindex is better', async () => {
  expect(await shardsOf("SELECT id FROM people WHERE email = 'c@x' AND id = 1")).toEqual(['-80'])
})

test('a transaction reads what it has written there', async () => {
  await run('BEGIN')
  await run(`INSERT INTO email_ids VALUES ('d@x', x'${ID[4]}')`)
  expect(await shardsOf("SELECT id FROM people WHERE email = 'd@x'")).toEqual(['80-'])
  await run(`UPDATE email_ids SET id = x'${ID[1]}' WHERE email = 'c@x'`)
  expect(await shardsOf("SELECT id FROM people WHERE email = 'c@x'")).toEqual(['-80'])
  const other = await connectTo(proxy)
  expect(await rows("SELECT id FROM people WHERE email = 'c@x'", other)).toEqual([['4']])
  other.close()
  await run('ROLLBACK')
  expect(await rows("SELECT id FROM people WHERE email = 'c@x' FOR UPDATE")).toEqual([['4']])
})

test('prepared, and behind USE of another keyspace', async () => {
  const prepared = await client.prepare('SELECT id FROM people WHERE email = ? AND team > 0')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  await run('USE names')
  for (const [email, found] of [
    ['a@x', 1],
    ['c@x', 1],
    ['nobody', 0],
  ] as const) {
    const bytes = Buffer.from(`${String.fromCharCode(email.length)}${email}`)
    const [result] = await client.execute(prepared.id, [{ type: 'string', bytes }])
    expect(result).toMatchObject({ kind: 'rows' })
    if (result!.kind === 'rows') expect(result!.rows).toHaveLength(found)
  }
  expect(
    await rows("SELECT p.id FROM main.people p JOIN code_users c ON c.user = p.id WHERE p.email = 'b@x'"),
  ).toEqual([['2']])
})

test('a lookup table of which nothing is known is not read', async () => {
  await run('RENAME TABLE names.code_users TO names.gone')
  try {
    expect(await rows('SELECT id FROM people WHERE code = 100')).toEqual([['1']])
  } finally {
    await run('RENAME TABLE names.gone TO names.code_users')
  }
})

test('a text is looked up by the number of its weights', async () => {
  // Source: Vitess's vectors of unicode_loose_md5.
  expect(looseNumber('Test')).toBe(0x0b5edbb401fd7524n)
  expect(await shardsOf("SELECT id FROM people WHERE title = 'TEST'")).toEqual(['-80'])
  for (const text of ['TEST', 'tést', 'Test  ', 'Tést'])
    expect(await rows(`SELECT id FROM people WHERE title = '${text}'`), text).toEqual([['1']])
  expect(await shardsOf("SELECT id FROM people WHERE title = '5'")).toEqual(['80-'])
  expect(await shardsOf("SELECT id FROM people WHERE title IN ('strasse', 'TEST', NULL)")).toEqual(['-80'])
  expect(await rows("SELECT id FROM people WHERE title IN ('strasse', '5') ORDER BY id")).toEqual([
    ['2'],
    ['4'],
  ])
  expect(await rows("SELECT id FROM people WHERE title = 'nobody'")).toEqual([])
  expect(await shardsOf("SELECT id FROM people WHERE title = 'nobody'")).toHaveLength(1)
  expect(await shardsOf('SELECT id FROM people WHERE title = NULL')).toHaveLength(1)
  expect(await shardsOf("SELECT id FROM people WHERE title = CONCAT('te', 'st')")).toEqual(['-80'])
  expect(await rows("SELECT id FROM people WHERE title = _latin1 x'54E97374'")).toEqual([['1']])
})

test('the number is that of more texts than the column calls equal', async () => {
  expect(await shardsOf("SELECT id FROM people WHERE alias = 'TEST'")).toEqual(['-80'])
  expect(await rows("SELECT id FROM people WHERE alias = 'TEST'")).toEqual([])
  expect(await rows("SELECT id FROM people WHERE alias = 'Tést '")).toEqual([['1']])
  expect(await shardsOf("SELECT id FROM people WHERE short = 'TEST   '")).toEqual(['-80'])
  expect(await rows("SELECT id FROM people WHERE short = 'TEST'")).toEqual([['1']])
})

test('all shards are asked where the number does not tell', async () => {
  // The collation calls more texts equal than have one number, and of characters beyond the basic plane all.
  expect(await shardsOf("SELECT id FROM people WHERE plain = 'test'")).toHaveLength(2)
  expect(await shardsOf("SELECT id FROM people WHERE short = '😀'")).toHaveLength(2)
  // Compared as doubles.
  expect(await shardsOf('SELECT id FROM people WHERE title = 5')).toHaveLength(2)
  expect(await rows('SELECT id FROM people WHERE title = 5')).toEqual([['4']])
  expect(await rows("SELECT id FROM people WHERE title IN (5, 'test') ORDER BY id")).toEqual(
    await rows("SELECT id FROM people WHERE CONCAT(title) IN (5, 'test') ORDER BY id"),
  )
  // A BIGINT has no place for half of the numbers.
  expect(await shardsOf("SELECT id FROM people WHERE number = '5'")).toHaveLength(2)
  expect(await rows('SELECT id FROM people WHERE title <=> NULL')).toEqual([['5']])
  expect(await shardsOf("SELECT id FROM people WHERE title = 'test' COLLATE utf8mb4_bin")).toHaveLength(2)
})

test('numbers of texts in a transaction, and prepared', async () => {
  await run('BEGIN')
  await run(`INSERT INTO names.loose_users (text, user) VALUES (${looseNumber('new')}, 4)`)
  await run("UPDATE people SET visits = 77 WHERE title = '5' AND id = 4")
  expect(await shardsOf("SELECT id FROM people WHERE title = 'NEW'")).toEqual(['80-'])
  expect(await rows("SELECT visits FROM people WHERE title = '5' FOR UPDATE")).toEqual([['77']])
  await run('ROLLBACK')
  await run("PREPARE s FROM 'SELECT id FROM people WHERE title = ?'; SET @t = 'STRASSE'")
  expect(await rows('EXECUTE s USING @t')).toEqual([['2']])
  const prepared = await client.prepare('SELECT id FROM people WHERE title IN (?, ?)')
  if (prepared.kind === 'error') throw new Error(prepared.message)
  const text = (of: string) =>
    ({ type: 'string', bytes: Buffer.from(`${String.fromCharCode(of.length)}${of}`) }) as const
  const [result] = await client.execute(prepared.id, [text('test'), text('5')])
  expect(result).toMatchObject({ kind: 'rows' })
  if (result!.kind === 'rows') expect(result!.rows).toHaveLength(2)
})
