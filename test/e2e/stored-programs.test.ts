import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { PROXY_ADMIN, startTestProxy, type TestProxy } from '../support/proxy.ts'

/** What a stored program leaves on its connection is nobody else's. The pool has one connection, so that all meet there. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  const clients: Connection[] = []

  beforeAll(async () => {
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, server, schemaDir })
    proxy = await startTestProxy(cluster, { config: { pool: { size: 1 } } })
    const client = await connect()
    await client.query(`
      CREATE PROCEDURE leaves() BEGIN
        CREATE TEMPORARY TABLE left_over AS SELECT 'a secret' AS s;
        SET SESSION time_zone = '+09:00', SESSION max_join_size = 5;
        SET @left = 'a secret';
        DO GET_LOCK('left over', 0);
      END`)
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
    const client = await createConnection({
      host,
      port,
      user,
      password,
      database: 'lookup',
      rowsAsArray: true,
    })
    clients.push(client)
    return client
  }

  /** Each asks the shard. */
  async function isClean(client: Connection): Promise<void> {
    const state = `SELECT IF(@@time_zone = '+09:00', 1, 0), IF(@@max_join_size = 5, 1, 0), IS_FREE_LOCK('left over')`
    expect((await client.query(state))[0]).toEqual([[0, 0, 1]])
    await expect(client.query('SELECT * FROM left_over')).rejects.toMatchObject({ errno: 1146 })
  }

  test.each([
    ['CALL', (client: Connection) => client.query('CALL leaves()')],
    ['COM_STMT_EXECUTE', (client: Connection) => client.execute('CALL leaves()')],
    [
      'EXECUTE',
      async (client: Connection) => {
        await client.query("PREPARE p FROM 'CALL leaves()'")
        await client.query('EXECUTE p')
      },
    ],
    [
      'a transaction',
      async (client: Connection) => {
        await client.query('BEGIN')
        await client.query('CALL leaves()')
        await client.query('COMMIT')
      },
    ],
    [
      'a failure',
      async (client: Connection) => {
        await client.query('CREATE TEMPORARY TABLE left_over (id INT)')
        await expect(client.query('CALL leaves()')).rejects.toMatchObject({ errno: 1050 })
        await client.end()
      },
    ],
  ])('%s', async (_how, run) => {
    const first = await connect()
    await run(first)
    await isClean(await connect())
    await run(await connect())
  })

  test('in a transaction, the session’s own character set is given again', async () => {
    const client = await connect()
    await client.query('CREATE OR REPLACE VIEW client_set AS SELECT 1 AS one')
    await client.query('DROP PROCEDURE IF EXISTS other_set')
    await client.query("CREATE PROCEDURE other_set() SET NAMES 'latin1'")
    await client.query('BEGIN')
    await client.query('CALL other_set()')
    const [rows] = await client.query(`SELECT CHAR_LENGTH('é'), one FROM client_set`)
    expect(rows).toEqual([[1, 1]])
    await client.query('ROLLBACK')
  })

  test('the role that an administrator has set is that of the session', async () => {
    const [one] = [...cluster.servers].filter(([name]) => name.startsWith('lookup')).map(([, each]) => each)
    const root = await one!.connectAsRoot()
    await root.query(`CREATE ROLE one_role; GRANT one_role TO ${cluster.account.user}@'%'`)
    await root.end()
    const { host, port } = proxy
    const admin = await createConnection({
      ...{ host, port, ...PROXY_ADMIN, database: 'lookup', rowsAsArray: true },
    })
    const role = async (client: Connection) =>
      JSON.stringify((await client.query('SELECT CURRENT_ROLE() FROM products LIMIT 1'))[0])
    await admin.query("INSERT IGNORE INTO products (id, name, price) VALUES (1, 'a', 1)")
    await admin.query('SET ROLE one_role')
    expect(await role(admin)).toContain('one_role')
    await admin.end()
    expect(await role(await connect())).not.toContain('one_role')
  })

  const ofMariadb = server === 'mariadb' ? test : undefined
  ofMariadb?.('a block without a name', async () => {
    await (await connect()).query("BEGIN NOT ATOMIC SET SESSION time_zone = '+09:00'; END")
    await (await connect()).query("IF 1 THEN SET SESSION time_zone = '+09:00'; END IF")
    await isClean(await connect())
  })

  test('CALL of what counts no rows tells none that another session has counted', async () => {
    const [client, other] = [await connect(), await connect()]
    await client.query('CREATE PROCEDURE assigns(OUT a INT) SET a = 1')
    await other.query("INSERT INTO products (name, price) VALUES ('counted', 1), ('counted too', 2)")
    expect((await client.query('CALL assigns(@a)'))[0]).toMatchObject({ affectedRows: 0 })
    await other.query("UPDATE products SET price = 3 WHERE name LIKE 'counted%'")
    expect((await client.execute('CALL assigns(@a)'))[0]).toMatchObject({ affectedRows: 0 })
    await other.query("DELETE FROM products WHERE name LIKE 'counted%'")
  })
})
