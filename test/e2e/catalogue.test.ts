import type { RowDataPacket } from 'mysql2'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { PROXY_ADMIN, startTestProxy, type TestProxy } from '../support/proxy.ts'

/** Keyspaces `main` (two shards) and `lookup`, each database on a server of its own: no server has the rows of all. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  const clients: Connection[] = []

  beforeAll(async () => {
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, server, schemaDir })
    proxy = await startTestProxy(cluster)
  }, 120_000)
  afterEach(async () => {
    for (const each of clients.splice(0)) each.destroy()
  })
  afterAll(async () => {
    await proxy?.close()
    await cluster?.close()
  })

  async function connect(account: { user: string; password: string } = proxy, database = 'main') {
    const { user, password } = account
    const client = await createConnection({ host: '127.0.0.1', port: proxy.port, user, password, database })
    clients.push(client)
    return client
  }

  async function rows(client: Connection, sql: string, params?: unknown[]): Promise<unknown[][]> {
    const options = { sql, rowsAsArray: true }
    const [found] =
      params === undefined
        ? await client.query<RowDataPacket[][]>(options)
        : await client.execute<RowDataPacket[][]>(options, params as string[])
    return found
  }

  test('rows and sizes are those of all shards, of tables that every shard has those of one', async () => {
    const client = await connect()
    const values = Array.from({ length: 50 }, (_, i) => `(${i + 1}, 'n${i}')`)
    await client.query(`INSERT INTO users (id, name) VALUES ${values.join(', ')}`)
    await client.query("INSERT INTO countries (code, name) VALUES ('AT', 'Austria'), ('DE', 'Germany')")
    await client.query('ANALYZE TABLE users, countries')
    const question = `SELECT table_rows FROM information_schema.tables WHERE table_schema = 'main' AND table_name = `
    expect(await rows(client, `${question}'users'`)).toEqual([[50]])
    expect(await rows(client, `${question}'countries'`)).toEqual([[2]])
    expect(await rows(client, `${question}?`, ['users'])).toEqual([[50]])
    const [status] = await client.query<RowDataPacket[]>(
      "SHOW TABLE STATUS WHERE Name = 'users' AND `Rows` = 50",
    )
    expect(status).toHaveLength(1)
    expect(Number(status[0]!['Data_length'])).toBe(2 * 16_384)
    expect(Number(status[0]!['Avg_row_length'])).toBe(Math.floor((2 * 16_384) / 50))
    const [index] = await client.query<RowDataPacket[]>("SHOW INDEX FROM users WHERE Key_name = 'PRIMARY'")
    expect(Number(index[0]!['Cardinality'])).toBe(50)
    await client.query('DELETE FROM users')
  })

  test('a shard that is asked by target tells of its own part alone', async () => {
    const client = await connect()
    await client.query("INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'b')")
    await client.query('USE `main:-80`')
    await client.query('ANALYZE TABLE users')
    const [status] = await client.query<RowDataPacket[]>("SHOW TABLE STATUS LIKE 'users'")
    expect(Number(status[0]!['Rows'])).toBe(1)
    await client.query('USE main')
    await client.query('DELETE FROM users')
  })

  test('a statement without a condition on schemas has the tables of all keyspaces, and of no shard', async () => {
    const client = await connect()
    const found = await rows(
      client,
      "SELECT table_schema, COUNT(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND engine = 'InnoDB' GROUP BY 1 ORDER BY 1",
    )
    const own = found.filter(([schema]) => schema !== 'mysql' && schema !== 'sys')
    expect(own.map(([schema]) => schema)).toEqual(['lookup', 'main'])
    expect(
      await rows(client, "SELECT 1 FROM information_schema.schemata WHERE schema_name LIKE 'main\\_%'"),
    ).toEqual([])
  })

  test('the process list has the sessions of the proxy, with what they run', async () => {
    const [one, other, boss] = [await connect(), await connect(), await connect(PROXY_ADMIN, 'lookup')]
    const asked = other.query('SELECT SLEEP(20) /* here */').catch((error: { errno: number }) => error.errno)
    const running =
      "SELECT id, db, command, info FROM information_schema.processlist WHERE info LIKE '%here *%' AND id <> CONNECTION_ID()"
    const [[id, ...told]] = (await eventually('it runs', async () => {
      const found = await rows(one, running)
      return found.length > 0 ? found : undefined
    })) as [[number, ...unknown[]]]
    expect(told).toEqual(['main', 'Query', 'SELECT SLEEP(20) /* here */'])
    // Of others, an administrator alone.
    const all = 'SELECT COUNT(*) FROM information_schema.processlist'
    expect(await rows(one, all)).toEqual([[2]])
    expect(await rows(boss, all)).toEqual([[3]])
    expect(await rows(one, `${all} WHERE id = ?`, [id])).toEqual([[1]])
    const [listed] = await one.query<RowDataPacket[]>('SHOW FULL PROCESSLIST')
    expect(listed.map(({ Info }) => Info)).toContain('SELECT SLEEP(20) /* here */')
    await one.query(`KILL QUERY ${id}`)
    await asked
  })

  test('what a shard would tell of the proxy is not told', async () => {
    const client = await connect()
    await client.query('USE `main:-80`')
    await expect(client.query('SELECT * FROM information_schema.processlist')).rejects.toMatchObject({
      errno: 1227,
    })
    await client.query('USE main')
    await expect(
      client.query('INSERT INTO lookup.products (name) SELECT info FROM information_schema.processlist'),
    ).rejects.toMatchObject({ errno: 1227 })
  })
})
