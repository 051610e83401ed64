import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { ordinaryStatements } from '../support/ordinary-statements.ts'
import { ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What users of the proxy may do, beside an account of a real server that has all privileges on its own database. */

const USERS = {
  app: [{ password: 'a' }],
  root_like: { role: 'admin', credentials: [{ password: 'b' }] },
  narrow: { keyspaces: ['lookup'], credentials: [{ password: 'c' }] },
}
const PASSWORDS: Readonly<Record<keyof typeof USERS, string>> = { app: 'a', root_like: 'b', narrow: 'c' }

onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  let plain: Connection
  const dir = tempDir('users')
  const clients: ProtocolClient[] = []

  beforeAll(async () => {
    const usersFile = join(dir.path, 'users.json')
    writeFileSync(usersFile, JSON.stringify({ users: USERS }))
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, isOneMysqld: true, server, schemaDir })
    proxy = await startTestProxy(cluster, { config: { users_file: usersFile } })
    const [one] = cluster.servers.values()
    const root = await one!.connectAsRoot()
    await root.query(`
      CREATE DATABASE own;
      CREATE TABLE own.own_table (id INT PRIMARY KEY, v VARCHAR(100));
      CREATE USER app@'%' IDENTIFIED BY 'x';
      GRANT ALL ON own.* TO app@'%';
      CREATE TABLE \`lookup_0\`.own_table (id INT PRIMARY KEY, v VARCHAR(100));
      GRANT ALL ON *.* TO ${cluster.account.user}@'%';
    `)
    await root.end()
    const address = { host: '127.0.0.1', port: one!.port }
    plain = await createConnection({ ...address, user: 'app', password: 'x', database: 'own' })
  })
  afterEach(() => {
    for (const each of clients.splice(0)) each.destroy()
  })
  afterAll(async () => {
    await plain?.end()
    await proxy?.close()
    await cluster?.close()
    dir.remove()
  })

  async function connect(user: keyof typeof USERS, database = 'lookup'): Promise<ProtocolClient> {
    const client = await ProtocolClient.connect({
      port: proxy.port,
      user,
      password: PASSWORDS[user],
      database,
    })
    clients.push(client)
    return client
  }

  /** In the keyspace that stands for the account's own database. */
  function atProxy(sql: string): string {
    return sql.replace(/^USE own$/, 'USE lookup')
  }

  async function onPlain(sql: string): Promise<string> {
    try {
      await plain.query(sql)
      return 'ok'
    } catch (error) {
      const { errno, sqlMessage } = error as { errno: number; sqlMessage: string }
      return `${errno} ${withoutHost(sqlMessage)}`
    }
  }

  /** The account's host is the server's business. */
  function withoutHost(message: string): string {
    return message.replace(/'app'@'[^']*'/g, "'app'@…").replace(/`own`|`lookup`/g, '`own`')
  }

  function told(result: Result | undefined): string {
    if (result?.kind === 'rows' && result.error !== undefined) return told(result.error)
    return result?.kind === 'error' ? `${result.errno} ${withoutHost(result.message)}` : 'ok'
  }

  test('an ordinary user may what one may on a server, and is told the same otherwise', async () => {
    const client = await connect('app')
    const wrong: string[] = []
    for (const [sql, expected] of ordinaryStatements) {
      const answer = told((await client.query(atProxy(sql))).at(-1))
      const real = server === 'mysql' && expected === 'like MySQL' ? await onPlain(sql) : undefined
      const isRight =
        expected === 'allowed'
          ? answer === 'ok'
          : expected === 'like MySQL'
            ? real === undefined || answer === real
            : server === 'mariadb' || answer.startsWith(`${expected} `)
      // MariaDB's performance_schema has no variables.
      if (expected === 'allowed' && server === 'mariadb' && answer.startsWith('1146 ')) continue
      if (!isRight || (expected !== 'allowed' && answer === 'ok'))
        wrong.push(`${sql}\n  ${answer}\n  ${real ?? expected}`)
    }
    expect(wrong.join('\n')).toBe('')
  })

  const refused = ordinaryStatements.filter(([, expected]) => expected !== 'allowed').map(([sql]) => sql)

  test('nothing of it passes when it is prepared, in a multi-statement, or for one shard', async () => {
    const [client, admin] = [await connect('app'), await connect('root_like')]
    const passed: string[] = []
    const note = (how: string, sql: string, result: Result | { kind: 'prepared' } | undefined) => {
      if (result?.kind !== 'error' && (result?.kind !== 'rows' || result.error === undefined))
        passed.push(`${how}: ${sql}`)
    }
    for (const database of ['lookup', 'main', 'main:-80', 'information_schema', 'performance_schema']) {
      await client.initDb(database)
      for (const sql of refused) {
        note(`in ${database}`, sql, (await client.query(sql)).at(-1))
        note(`SELECT 1; in ${database}`, sql, (await client.query(`SELECT 1; ${sql}`)).at(-1))
        const prepared = await client.prepare(sql)
        if (prepared.kind === 'prepared')
          note(`executed in ${database}`, sql, (await client.execute(prepared.id)).at(-1))
        await client.query(`SET @sql = ${quoted(sql)}`)
        const inSql = (await client.query('PREPARE s FROM @sql; EXECUTE s')).at(-1)
        note(`EXECUTE in ${database}`, sql, inSql)
        note(
          `PREPARE in ${database}`,
          sql,
          (await client.query(`PREPARE s FROM ${quoted(sql)}; EXECUTE s`)).at(-1),
        )
      }
    }
    expect(passed).toEqual([])
    expect((await admin.query('SELECT 1')).at(-1)).toMatchObject({ kind: 'rows' }) // nobody has shut it down
  }, 120_000)

  test('a plan that an administrator has made is no way in, nor a statement prepared by one', async () => {
    const [admin, client] = [await connect('root_like'), await connect('app')]
    for (const sql of ['SELECT COUNT(*) FROM mysql.user', 'SHOW ENGINE INNODB STATUS']) {
      expect((await admin.query(sql)).at(-1)).toMatchObject({ kind: 'rows' })
      expect((await client.query(sql)).at(-1)).toMatchObject({ kind: 'error' })
      expect((await admin.query(sql)).at(-1)).toMatchObject({ kind: 'rows' })
    }
    const { id } = (await admin.prepare('SELECT COUNT(*) FROM mysql.user')) as { id: number }
    expect((await client.execute(id)).at(-1)).toMatchObject({ kind: 'error', errno: 1243 })
    expect((await client.query('FLUSH STATUS')).at(-1)).toMatchObject({ kind: 'error', errno: 1227 })
    expect((await admin.query('FLUSH STATUS')).at(-1)).toMatchObject({ kind: 'ok' })
  })

  test('a procedure does not do for a user what the user may not', async () => {
    const [admin, client] = [await connect('root_like'), await connect('app')]
    await admin.query('CREATE PROCEDURE by_admin() SELECT COUNT(*) FROM mysql.user')
    // Whoever may make it answers for it, as with a DEFINER of MySQL's.
    expect((await client.query('CALL by_admin()'))[0]).toMatchObject({ kind: 'rows' })
    expect((await client.query('ALTER PROCEDURE by_admin SQL SECURITY INVOKER')).at(-1)).toMatchObject({
      kind: 'ok',
    })
    await admin.query('DROP PROCEDURE by_admin')
  })

  test('MariaDB’s other ways to a statement', async () => {
    if (server !== 'mariadb') return
    const client = await connect('app')
    for (const sql of [
      "EXECUTE IMMEDIATE 'SELECT * FROM mysql.user'",
      "EXECUTE IMMEDIATE CONCAT('SHUT', 'DOWN')",
      "EXECUTE IMMEDIATE 'SHUT' 'DOWN'",
      'EXECUTE IMMEDIATE @sql',
      'BEGIN NOT ATOMIC SELECT * FROM mysql.user; END',
      'BEGIN NOT ATOMIC SHUTDOWN; END',
      'IF 1 THEN SHUTDOWN; END IF',
      'SET STATEMENT max_statement_time = 1 FOR SELECT * FROM mysql.global_priv',
      'SET STATEMENT sql_log_bin = 0 FOR SELECT 1',
      'SELECT * FROM mysql.global_priv',
      'SHOW EXPLAIN FOR 5',
      'SHOW CREATE SERVER s',
      'SHOW ALL SLAVES STATUS',
      'SHOW USER_STATISTICS',
      'BACKUP STAGE START',
      'ANALYZE SELECT * FROM mysql.user',
      "CREATE TABLE own_9 (id INT) ENGINE = FEDERATED CONNECTION = 'mysql://a@b/c/d'",
      "CREATE TABLE own_9 ENGINE=CONNECT TABLE_TYPE=CSV FILE_NAME='/etc/passwd'",
      'SELECT * FROM information_schema.user_variables',
      '/*M!100100 SHUTDOWN */',
      'KILL USER app',
    ])
      expect([sql, (await client.query(sql)).at(-1)?.kind]).toEqual([sql, 'error'])
    expect((await client.query("EXECUTE IMMEDIATE 'SELECT 1'")).at(-1)).toMatchObject({ kind: 'rows' })
    expect((await client.query('SELECT 1')).at(-1)).toMatchObject({ kind: 'rows' })
  })

  test('commands of the protocol', async () => {
    const client = await connect('app')
    expect(await client.initDb('mysql')).toMatchObject({ kind: 'error', errno: 1044 })
    expect(await client.initDb('sys')).toMatchObject({ kind: 'error', errno: 1044 })
    await expect(connect('app', 'mysql')).rejects.toThrow(/1044|Access denied/)
    for (const command of SERVER_COMMANDS) {
      const { raw } = await connect('app')
      raw.send(Buffer.from([command, ...Buffer.from('anything at all')]))
      const answer = (await raw.read())!.payload
      expect([command, answer[0], answer.readUInt16LE(1)]).toEqual([command, 0xff, 1047])
    }
  })

  async function cells(
    client: ProtocolClient,
    sql: string,
  ): Promise<readonly (readonly (string | null)[])[]> {
    const result = (await client.query(sql)).at(-1)
    if (result?.kind !== 'rows') throw new Error(`${sql}: ${JSON.stringify(result)}`)
    return result.rows.map((row) => textRow(row))
  }

  test('keyspaces that a user may not use are not there for it', async () => {
    const client = await connect('narrow')
    for (const [sql, errno] of [
      ['USE main', 1044],
      ['USE `main:-80`', 1044],
      ['USE `main@replica`', 1044],
      ['USE nowhere', 1044],
      ['SELECT * FROM main.users', 1142],
      ['SELECT 1 UNION SELECT id FROM main.users', 1142],
      ['INSERT INTO own_table SELECT id, name FROM main.users', 1142],
      ['UPDATE main.users SET name = 1', 1142],
      ['CREATE VIEW v AS SELECT * FROM main.users', 1142],
      ['CREATE PROCEDURE p() SELECT * FROM main.users', 1044],
      ['CREATE PROCEDURE p() SELECT * FROM `main_-80`.users', 1044],
      ['SHOW TABLES FROM main', 1044],
      ['SHOW COLUMNS FROM users FROM main', 1142],
      ['SHOW CREATE TABLE main.users', 1142],
      ['DESCRIBE main.users', 1142],
      ['EXPLAIN SELECT * FROM main.users', 1142],
      ["PREPARE s FROM 'SELECT * FROM main.users'", 1142],
      ['SET @a = (SELECT MAX(id) FROM main.users)', 1142],
      ['DO (SELECT MAX(id) FROM main.users)', 1142],
      ['DROP TABLE main.users', 1142],
      ['TRUNCATE main.users', 1142],
      ['LOCK TABLES main.users READ', 1142],
    ] as const)
      expect([sql, (await client.query(sql)).at(-1)]).toMatchObject([sql, { kind: 'error', errno }])
    expect(await client.initDb('main')).toMatchObject({ kind: 'error', errno: 1044 })
    expect(await client.prepare('SELECT * FROM main.users')).toMatchObject({ kind: 'error', errno: 1142 })
    await expect(connect('narrow', 'main')).rejects.toThrow(/1044|Access denied/)
    if (server === 'mariadb')
      for (const sql of [
        "EXECUTE IMMEDIATE 'SELECT * FROM `main_-80`.users'",
        "EXECUTE IMMEDIATE 'SELECT * FROM information_schema.tables'",
        'BEGIN NOT ATOMIC SELECT * FROM `main_-80`.users; END',
        'SET STATEMENT max_statement_time = 1 FOR SELECT * FROM `main_-80`.users',
        "BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'SELECT * FROM `main_-80`.users'; END",
        'SELECT NEXTVAL(main.s)',
        'SELECT NEXT VALUE FOR `main_-80`.s',
        'DO SETVAL(main.s, 5)',
      ])
        expect([sql, (await client.query(sql)).at(-1)]).toMatchObject([sql, { kind: 'error', errno: 1044 }])
    const nowhere = await connect('narrow', '')
    expect((await nowhere.query('SELECT * FROM users')).at(-1)).toMatchObject({ kind: 'error', errno: 1142 })
    expect((await cells(client, 'SHOW DATABASES')).flat()).toEqual([
      'information_schema',
      'lookup',
      'performance_schema',
    ])
    expect((await client.query('SELECT * FROM own_table')).at(-1)).toMatchObject({ kind: 'rows' })
    const open = await cells(client, 'SHOW OPEN TABLES')
    expect([...new Set(open.map(([database]) => database))]).toEqual(['lookup'])
    const wide = await connect('app')
    expect((await wide.query('SELECT * FROM main.users')).at(-1)).toMatchObject({ kind: 'rows' })
    expect((await client.query('SELECT * FROM main.users')).at(-1)).toMatchObject({ errno: 1142 })
  })

  test('information_schema has rows of the user’s keyspaces only', async () => {
    const [wide, client] = [await connect('app'), await connect('narrow')]
    const foreign = "table_schema LIKE 'main%'"
    expect(await cells(wide, `SELECT COUNT(*) > 0 FROM information_schema.tables WHERE ${foreign}`)).toEqual([
      ['1'],
    ])
    for (const sql of [
      `SELECT COUNT(*) FROM information_schema.tables WHERE ${foreign}`,
      `SELECT COUNT(*) FROM information_schema.TABLES AS t WHERE t.${foreign}`,
      `SELECT COUNT(*) FROM \`INFORMATION_SCHEMA\`.tables WHERE ${foreign} OR table_schema = 'main'`,
      `SELECT (SELECT COUNT(*) FROM information_schema.columns WHERE ${foreign})`,
      `WITH c AS (SELECT * FROM information_schema.tables) SELECT COUNT(*) FROM c WHERE ${foreign}`,
      `SELECT COUNT(*) FROM (SELECT * FROM information_schema.tables UNION SELECT * FROM information_schema.tables) d WHERE ${foreign}`,
      `SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'main%'`,
      `SET @n = (SELECT COUNT(*) FROM information_schema.tables WHERE ${foreign}); SELECT @n`,
      `PREPARE s FROM 'SELECT COUNT(*) FROM information_schema.tables WHERE table_schema LIKE "main%"'; EXECUTE s`,
    ]) {
      expect([sql, await cells(client, sql)]).toEqual([sql, [['0']]])
      const prepared = sql.includes(';') ? undefined : await client.prepare(sql)
      if (prepared?.kind === 'prepared')
        expect((await client.execute(prepared.id)).at(-1)).toMatchObject({
          rows: [Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
        })
    }
    const own = `SELECT COUNT(*) > 0 FROM information_schema.tables WHERE table_schema LIKE 'lookup%'`
    expect(await cells(client, own)).toEqual([['1']])
    await client.query('USE information_schema')
    expect(await cells(client, `SELECT COUNT(*) FROM tables WHERE ${foreign}`)).toEqual([['0']])
    for (const sql of [
      'TABLE information_schema.tables',
      'SHOW COLUMNS FROM information_schema.tables WHERE (SELECT COUNT(*) FROM information_schema.tables) > 0',
      'SELECT 1 /*!99999 FROM information_schema.tables */',
      'CREATE VIEW lookup.v AS SELECT * FROM information_schema.tables',
    ])
      expect([sql, (await client.query(sql)).at(-1)]).toMatchObject([sql, { kind: 'error' }])
  })

  test('SHOW GRANTS tells the role and its keyspaces, CURRENT_USER() the client’s user', async () => {
    expect((await cells(await connect('app'), 'SHOW GRANTS')).flat()).toEqual([
      'GRANT USAGE ON *.* TO `app`@`%`',
      'GRANT ALL PRIVILEGES ON `lookup`.* TO `app`@`%`',
      'GRANT ALL PRIVILEGES ON `main`.* TO `app`@`%`',
    ])
    expect((await cells(await connect('narrow'), 'SHOW GRANTS FOR CURRENT_USER()')).flat()).toEqual([
      'GRANT USAGE ON *.* TO `narrow`@`%`',
      'GRANT ALL PRIVILEGES ON `lookup`.* TO `narrow`@`%`',
    ])
    const admin = await connect('root_like')
    expect((await cells(admin, 'SHOW GRANTS')).flat()).toEqual([
      'GRANT ALL PRIVILEGES ON *.* TO `root_like`@`%`',
    ])
    for (const database of ['lookup', 'main', 'main:-80'])
      for (const call of ['CURRENT_USER()', 'CURRENT_USER', 'USER()', 'SESSION_USER()', 'SYSTEM_USER()']) {
        await admin.initDb(database)
        const [[user]] = (await cells(admin, `SELECT ${call}`)) as [[string]]
        expect([database, call, user]).toEqual([database, call, expect.stringMatching(/^root_like@/)])
      }
  })

  test('the process list has the user’s own sessions, and all for an administrator', async () => {
    const [client, admin] = [await connect('app'), await connect('root_like')]
    expect(new Set((await cells(client, 'SHOW PROCESSLIST')).map(([, user]) => user))).toEqual(
      new Set(['app']),
    )
    const all = new Set((await cells(admin, 'SHOW PROCESSLIST')).map(([, user]) => user))
    expect(all).toContain('app')
    expect(all).toContain('root_like')
  })

  test('COM_CHANGE_USER changes what a connection may do', async () => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: proxy.port,
      user: 'app',
      password: 'a',
    })
    const secret = () => connection.query('SELECT COUNT(*) FROM mysql.user')
    await expect(secret()).rejects.toMatchObject({ errno: 1142 })
    await connection.changeUser({ user: 'root_like', password: 'b', database: 'lookup' })
    await secret()
    await connection.changeUser({ user: 'app', password: 'a', database: 'main' })
    await expect(secret()).rejects.toMatchObject({ errno: 1142 })
    const denied = connection.changeUser({ user: 'narrow', password: 'c', database: 'main' })
    await expect(denied).rejects.toMatchObject({ errno: 1044 })
    connection.destroy()
  })

  test('an error of a server names the client’s user, not the account of the proxy', async () => {
    const admin = await connect('root_like')
    const texts: string[] = []
    for (const sql of [
      'CREATE DEFINER = nobody@nowhere PROCEDURE p() SELECT 1',
      'SELECT * FROM mysql.nosuch',
      "SET PASSWORD FOR nobody@nowhere = 'x'",
      'SET GLOBAL read_only = 1',
      'GRANT SUPER ON *.* TO nobody@nowhere',
      'SHOW GRANTS FOR nobody@nowhere',
    ]) {
      const result = (await admin.query(sql)).at(-1)
      if (result?.kind === 'error') texts.push(result.message)
    }
    expect(texts.join('\n')).not.toContain('shardgate')
  })
})

/** COM_CREATE_DB, DROP_DB, REFRESH, SHUTDOWN, PROCESS_INFO, CONNECT, DEBUG, TIME, DELAYED_INSERT, BINLOG_DUMP … */
const SERVER_COMMANDS = [5, 6, 7, 8, 10, 11, 13, 15, 16, 18, 19, 20, 21, 29, 30, 32]

function quoted(sql: string): string {
  return `'${sql.replace(/[\\']/g, '\\$&')}'`
}
