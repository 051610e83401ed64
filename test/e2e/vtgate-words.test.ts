import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What vtgate understands and MySQL does not, over a cluster of one keyspace. */

let cluster: TestCluster
let proxy: TestProxy
let client: Connection
const schema = tempDir('one-keyspace')

beforeAll(async () => {
  const dir = join(schema.path, 'solo')
  mkdirSync(dir)
  writeFileSync(
    join(dir, 'vschema.json'),
    JSON.stringify({
      sharded: true,
      vindexes: {
        hash: { type: 'hash' },
        names: {
          type: 'consistent_lookup',
          params: { table: 'names', from: 'name', to: 'keyspace_id' },
          owner: 't',
        },
      },
      tables: { t: { column_vindexes: [{ column: 'id', name: 'hash' }] } },
    }),
  )
  writeFileSync(join(dir, 'schema.sql'), 'CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, v INT);')
  cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir: schema.path })
  proxy = await startTestProxy(cluster)
}, 120_000)

afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
  schema.remove()
})

beforeEach(async () => {
  client = await connect()
  await client.query('DELETE FROM t')
})
afterEach(() => client.end())

function connect(database?: string): Promise<Connection> {
  const { host, port, user, password } = proxy
  return createConnection({ host, port, user, password, ...(database === undefined ? {} : { database }) })
}

async function rows(sql: string): Promise<unknown[][]> {
  const [found] = await client.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
  return found
}

/** In shards -80 and 80- each; hash. */
const [HERE, HERE_TOO, THERE] = [1, 2, 4] as const

test('without a database the one keyspace has the tables, and none is said to be selected', async () => {
  assert.deepEqual(await rows('SELECT DATABASE()'), [[null]])
  await client.query('INSERT INTO t (id, v) VALUES (1, 10), (2, 20), (4, 40)')
  assert.deepEqual(await rows('SELECT SUM(v) FROM t'), [['70']])
  const [prepared] = await client.execute<RowDataPacket[]>('SELECT v FROM t WHERE id = ?', [2])
  assert.deepEqual(prepared, [{ v: 20 }])
  assert.deepEqual(await rows('SHOW TABLES'), [['t']])
  assert.equal((await rows('SHOW COLUMNS FROM t')).length, 2)
  await client.query('ALTER TABLE t ADD COLUMN w INT')
  assert.deepEqual(await rows('SELECT w FROM t WHERE id = 1'), [[null]])
  await client.query('ALTER TABLE t DROP COLUMN w')
  assert.deepEqual(await rows("SHOW TABLES WHERE Tables_in_solo = 't' AND (SELECT COUNT(*) FROM t) = 3"), [
    ['t'],
  ])
})

test("session variables are answered, and kept from one session to another's", async () => {
  await client.query("SET workload = 'olap', @@session.ddl_strategy = 'direct', migration_context = 'x:1'")
  await client.query('SET skip_query_plan_cache = ON, query_timeout = 5000, read_after_write_timeout = 1.5')
  assert.deepEqual(
    await rows(
      'SELECT @@workload, @@ddl_strategy, @@migration_context, @@skip_query_plan_cache, @@query_timeout',
    ),
    [['OLAP', 'direct', 'x:1', 1, 5000]],
  )
  const [[uuid]] = (await rows('SELECT @@session_uuid')) as [[string]]
  assert.match(uuid, /^[0-9a-f-]{36}$/)
  assert.deepEqual(await rows('SELECT @@session_uuid'), [[uuid]])
  assert.deepEqual(await rows('SELECT @workload'), [[null]])
  const other = await connect()
  try {
    const [found] = await other.query<RowDataPacket[]>('SELECT @@workload AS w, @@session_uuid AS u')
    assert.equal(found[0]!['w'], 'OLTP')
    assert.notEqual(found[0]!['u'], uuid)
  } finally {
    await other.end()
  }
  await client.query('SET workload = DEFAULT')
  assert.deepEqual(await rows('SELECT @@workload'), [['OLTP']])
})

test.each([
  ["SET workload = 'fast'", 1231],
  ["SET transaction_mode = 'both'", 1231],
  ["SET session_uuid = 'x'", 1238],
  ["SET ddl_strategy = 'vitess'", 1235],
  ['SET enable_system_settings = 0', 1235],
  ["SET @@vitess_metadata.app = 'x'", 1235],
  ['SET query_timeout = -1', 1231],
  ['SELECT id FROM t USE VINDEX (nosuch)', 1176],
] as const)('%s is refused with %i', async (sql, errno) => {
  await assert.rejects(client.query(sql), { errno })
})

test('query_timeout ends a statement, and 0 is the configured one', async () => {
  await client.query('INSERT INTO t (id, v) VALUES (1, 10), (4, 40)')
  await client.query('SET query_timeout = 50')
  await assert.rejects(client.query('SELECT SLEEP(5) FROM t WHERE id = 1'), { errno: 3024 })
  await client.query('SET query_timeout = 0')
  assert.deepEqual(await rows('SELECT SLEEP(0.1)'), [[0]])
})

test('a single transaction writes on one shard and reads all', async () => {
  await client.query("SET transaction_mode = 'single'")
  assert.deepEqual(await rows('SELECT @@transaction_mode'), [['SINGLE']])
  await client.query('BEGIN')
  await client.query(`INSERT INTO t (id, v) VALUES (${HERE}, 1)`)
  await client.query(`INSERT INTO t (id, v) VALUES (${HERE_TOO}, 1)`)
  await assert.rejects(client.query(`INSERT INTO t (id, v) VALUES (${THERE}, 1)`), {
    errno: 1317,
    message: /^multi-db transaction attempted/,
  })
  await assert.rejects(client.execute('UPDATE t SET v = 2 WHERE id = ?', [THERE]), { errno: 1317 })
  await assert.rejects(client.query('SELECT * FROM t FOR UPDATE'), { errno: 1317 })
  assert.deepEqual(await rows('SELECT COUNT(*) FROM t'), [[2]])
  await client.query('COMMIT')
  await client.query(`INSERT INTO t (id, v) VALUES (${THERE}, 1)`)
  await assert.rejects(client.query('UPDATE t SET v = 3'), { errno: 1317 })
  await client.query("SET transaction_mode = 'multi'")
  await client.query('UPDATE t SET v = 3')
  assert.deepEqual(await rows('SELECT DISTINCT v FROM t'), [[3]])
})

test('a transaction ends in the mode in which it has begun', async () => {
  await client.query("SET transaction_mode = 'multi'")
  await client.query('BEGIN')
  await client.query(`UPDATE t SET v = 4 WHERE id = ${HERE}`)
  await assert.rejects(client.query("SET transaction_mode = 'twopc'"), { errno: 1568 })
  await client.query("SET transaction_mode = 'multi'")
  await client.query('ROLLBACK')
  await client.query("SET transaction_mode = 'twopc'")
  await client.query("SET transaction_mode = 'multi'")
})

test('hints for vindexes are not sent to any server', async () => {
  await client.query('INSERT INTO t (id, v) VALUES (1, 10), (4, 40)')
  assert.deepEqual(await rows('SELECT v FROM t USE VINDEX (hash) WHERE id = 4'), [[40]])
  assert.deepEqual(await rows('SELECT v FROM t IGNORE VINDEX (hash) WHERE id = 4'), [[40]])
  const [prepared] = await client.execute<RowDataPacket[]>(
    'SELECT v FROM t IGNORE VINDEX (hash) WHERE id = ?',
    [1],
  )
  assert.deepEqual(prepared, [{ v: 10 }])
})

test('SHOW of what Vitess knows', async () => {
  assert.deepEqual(
    (await rows('SHOW GLOBAL GTID_EXECUTED')).map(([keyspace, , shard]) => [keyspace, shard]),
    [
      ['solo', '-80'],
      ['solo', '80-'],
    ],
  )
  const [[keyspace, vgtid]] = (await rows('SHOW GLOBAL VGTID_EXECUTED FROM solo')) as [[string, string]]
  assert.equal(keyspace, 'solo')
  assert.match(vgtid, /keyspace:"solo" shard:"-80" gtid:".*keyspace:"solo" shard:"80-"/)
  await assert.rejects(client.query('SHOW GLOBAL GTID_EXECUTED FROM nosuch'), { errno: 1049 })
  assert.deepEqual(await rows("SHOW VITESS_MIGRATIONS LIKE 'complete'"), [])
  assert.deepEqual(await rows("SHOW VITESS_MIGRATIONS WHERE migration_status = 'complete'"), [])
  assert.deepEqual(await rows("SHOW VITESS_METADATA VARIABLES LIKE 'a%'"), [])
  assert.deepEqual(await rows('SHOW VITESS_REPLICATION_STATUS'), [])
  assert.deepEqual(await rows("SHOW VITESS_SHARDS WHERE Shards LIKE '%80-'"), [['solo/80-']])
  assert.deepEqual(await rows("SHOW VITESS_SHARDS WHERE Shards = (SELECT 'solo/-80')"), [['solo/-80']])
  await assert.rejects(client.query('SHOW VITESS_SHARDS WHERE nosuch = 1'), { errno: 1054 })
  assert.deepEqual(await rows("SHOW VITESS_SHARDS LIKE 'solo/8%'"), [['solo/80-']])
  assert.deepEqual(await rows('SHOW VITESS_THROTTLED_APPS'), [])
  assert.deepEqual(await rows('SHOW VITESS_THROTTLER STATUS'), [
    ['solo/-80', '0', '0', ''],
    ['solo/80-', '0', '0', ''],
  ])
  assert.deepEqual(await rows('SHOW UNRESOLVED TRANSACTIONS FOR solo'), [])
  assert.deepEqual(await rows("SHOW TRANSACTION STATUS FOR 'solo:-80:1'"), [])
  await assert.rejects(client.query('SHOW UNRESOLVED QUESTIONS'), { errno: 1064 })
})

test('SHOW VSCHEMA', async () => {
  await client.query('USE solo')
  assert.deepEqual(await rows('SHOW VSCHEMA TABLES'), [['t']])
  assert.deepEqual(await rows('SHOW VSCHEMA KEYSPACES'), [['solo', 'true', 'unmanaged', '']])
  assert.deepEqual(await rows('SHOW VSCHEMA VINDEXES'), [
    ['solo', 'hash', 'hash', '', ''],
    ['solo', 'names', 'consistent_lookup', 'from=name; table=names; to=keyspace_id', 't'],
  ])
  assert.deepEqual(await rows("SHOW VSCHEMA VINDEXES WHERE Type = 'hash'"), [
    ['solo', 'hash', 'hash', '', ''],
  ])
  assert.deepEqual(await rows('SHOW VSCHEMA VINDEXES FROM t'), [['id', 'hash', 'hash', '', '']])
  assert.deepEqual(await rows('SHOW VSCHEMA VINDEXES ON solo.t'), [['id', 'hash', 'hash', '', '']])
  await assert.rejects(client.query('SHOW VSCHEMA VINDEXES FROM nosuch'), { errno: 1146 })
})
