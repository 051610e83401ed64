import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** COM_RESET_CONNECTION and COM_CHANGE_USER leave nothing of a session. Each pool has one connection, which the next one meets. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  const clients: Connection[] = []

  beforeAll(async () => {
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, server, isOneMysqld: true, schemaDir })
    proxy = await startTestProxy(cluster, { config: { pool: { size: 1, wait_timeout: '8s' } } })
    const setup = await connect()
    // 1 and 2 are on `-80`, 4 is on `80-` (vindex hash).
    await setup.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (4, 'd')`)
  })
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.end()
  })
  afterAll(async () => {
    await proxy?.close()
    await cluster?.close()
  })

  async function connect(): Promise<Connection> {
    const { host, port, user, password } = proxy
    const client = await createConnection({ host, port, user, password, database: 'main', rowsAsArray: true })
    clients.push(client)
    return client
  }

  const rows = async (client: Connection, sql: string) => (await client.query(sql))[0]
  const names = (client: Connection) => rows(client, 'SELECT name FROM users WHERE id IN (1, 4) ORDER BY id')

  describe.each([
    ['COM_RESET_CONNECTION', (client: Connection) => client.reset()],
    ['COM_CHANGE_USER', (client: Connection) => client.changeUser({ database: 'main' })],
  ] as const)('%s', (_how, reset) => {
    test('ends temporary tables', async () => {
      const client = await connect()
      await client.query('CREATE TEMPORARY TABLE left_over (id INT)')
      await client.query('CREATE TEMPORARY TABLE lookup.left_over (id INT)')
      await reset(client)
      for (const each of [client, await connect()]) {
        await expect(each.query('SELECT * FROM left_over')).rejects.toMatchObject({ errno: 1146 })
        await expect(each.query('SELECT * FROM lookup.left_over')).rejects.toMatchObject({ errno: 1146 })
      }
    })

    test('unlocks tables on all shards', async () => {
      const client = await connect()
      await client.query('LOCK TABLES users WRITE')
      await reset(client)
      await (await connect()).query(`UPDATE users SET score = 1 WHERE id IN (1, 4)`)
      await client.query('SELECT COUNT(*) FROM orders')
    })

    test('releases locks by name', async () => {
      const client = await connect()
      await client.query(`DO GET_LOCK('one', 0), GET_LOCK('two', 0)`)
      await reset(client)
      expect(await rows(await connect(), `SELECT IS_FREE_LOCK('one'), IS_FREE_LOCK('two')`)).toEqual([[1, 1]])
    })

    test('forgets user variables and settings', async () => {
      const client = await connect()
      await client.query(`SET @mine = 'x', time_zone = '+05:00', foreign_key_checks = 0, unique_checks = 0`)
      await client.query(`SET sql_mode = ''`)
      await client.query('SET autocommit = 0')
      await client.query(`SET SESSION transaction_mode = 'single'`)
      await client.query('SELECT @mine, name FROM users WHERE id IN (1, 4)')
      await client.query('COMMIT')
      await reset(client)
      const asked =
        'SELECT @mine, @@time_zone, @@foreign_key_checks, @@unique_checks, @@autocommit, @@sql_mode'
      const fresh = await connect()
      expect(await rows(client, asked)).toMatchObject([
        [null, 'SYSTEM', 1, 1, 1, expect.stringContaining('STRICT')],
      ])
      expect(await rows(client, asked)).toEqual(await rows(fresh, asked))
      const ofShards = `SELECT id, @mine, @@time_zone, @@foreign_key_checks FROM users WHERE id IN (1, 4) ORDER BY id`
      for (const each of [client, fresh])
        expect(await rows(each, ofShards)).toEqual([1, 4].map((id) => [id, null, 'SYSTEM', 1]))
      expect(await rows(client, 'SELECT @@transaction_mode')).toEqual(
        await rows(fresh, 'SELECT @@transaction_mode'),
      )
    })

    test('forgets what was prepared', async () => {
      const client = await connect()
      await client.query(`PREPARE left_over FROM 'SELECT 1'`)
      await reset(client)
      await expect(client.query('EXECUTE left_over')).rejects.toMatchObject({ errno: 1243 })
    })

    test.each(['multi', 'twopc'])('rolls back on all shards, in mode %s', async (mode) => {
      const client = await connect()
      await client.query(`SET transaction_mode = '${mode}'`)
      await client.query('BEGIN')
      await client.query('SAVEPOINT s')
      await client.query(`UPDATE users SET name = 'never' WHERE id IN (1, 4)`)
      expect(await names(client)).toEqual([['never'], ['never']])
      await reset(client)
      expect(await names(await connect())).toEqual([['a'], ['d']])
      await expect(client.query('ROLLBACK TO s')).rejects.toMatchObject({ errno: 1305 })
      await client.query(`UPDATE users SET name = name WHERE id IN (1, 4)`)
    })

    test('says nothing any more of what was before', async () => {
      const client = await connect()
      await client.query(`INSERT INTO users (name) VALUES ('given an id')`)
      await client.query(`SELECT 'x' + 1`)
      await reset(client)
      expect(await rows(client, 'SHOW WARNINGS')).toEqual([])
      expect(await rows(client, 'SELECT LAST_INSERT_ID()')).toEqual([[0]])
    })
  })
})
