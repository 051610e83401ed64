import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { ProtocolClient, type Result } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Tables that not everybody may read or write, and what nobody reaches by the proxy's own account, however it is asked for. */
const credentials = [{ password: 'p' }]
const FILE = {
  users: {
    app: { credentials },
    clerk: { groups: ['staff'], credentials },
    boss: { role: 'admin', credentials },
  },
  table_groups: [
    { tables: ['main.users'], readers: ['staff'], writers: ['app'], admins: ['nobody'] },
    { tables: ['lookup.pro%'], readers: ['staff'] },
  ],
}

let cluster: TestCluster
let proxy: TestProxy
const dir = tempDir('table-groups')

beforeAll(async () => {
  const usersFile = join(dir.path, 'users.json')
  writeFileSync(usersFile, JSON.stringify(FILE))
  const schemaDir = new URL('../differential/schema', import.meta.url).pathname
  cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir })
  proxy = await startTestProxy(cluster, { config: { users_file: usersFile } })
})
afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
  dir.remove()
})

const client = clientsBy((user: keyof typeof FILE.users, database: string = 'main') =>
  ProtocolClient.connect({ port: proxy.port, user, password: 'p', database }),
)

function told(results: readonly Result[]): unknown {
  const last = results.at(-1)!
  return last.kind === 'error' ? last.errno : last.kind
}

test('rights hold for text, prepared, PREPAREd and several statements, whatever the default database', async () => {
  const [app, clerk, boss] = [await client('app'), await client('clerk'), await client('boss')]
  const read = 'SELECT name FROM users WHERE id = 1'
  expect(told(await app.query(read))).toBe(1142)
  expect((await app.query(read))[0]).toMatchObject({
    message: expect.stringMatching(/^SELECT command denied to user 'app'@'.*' for table `main`\.`users`$/),
  })
  expect(told(await clerk.query(read))).toBe('rows')
  expect(told(await boss.query(read))).toBe('rows')
  expect(told(await clerk.query(read))).toBe('rows') // the plan is there already
  expect(told(await app.query(read))).toBe(1142)
  expect(await app.prepare(read)).toMatchObject({ errno: 1142 })
  expect(told(await app.query(`PREPARE s FROM '${read}'`))).toBe(1142)
  expect(told(await app.query(`SELECT 1; ${read}`))).toBe(1142)
  expect(await app.fieldList('users')).toMatchObject({ errno: 1142 })
  expect(await clerk.fieldList('users')).toMatchObject({ kind: 'rows' })
  expect(told(await app.query('USE lookup'))).toBe('ok')
  expect(told(await app.query('SELECT * FROM main.users'))).toBe(1142)
  expect(told(await app.query('SELECT * FROM products'))).toBe(1142)
  expect(told(await app.query(`INSERT INTO main.users (id, name) VALUES (7, 'x')`))).toBe('ok')
  expect(told(await clerk.query(`INSERT INTO users (id, name) VALUES (8, 'x')`))).toBe(1142)
  expect(told(await clerk.query('ALTER TABLE users ADD COLUMN x INT'))).toBe(1142)
  expect(told(await app.query(`UPDATE main.users SET name = 'y' WHERE id = 7`))).toBe(1142)
  expect(told(await app.query('CREATE VIEW v AS SELECT * FROM main.users'))).toBe(1142)
  expect(told(await app.query('EXECUTE IMMEDIATE "SELECT * FROM main.users"'))).not.toBe('rows')
  expect(told(await app.query("EXECUTE IMMEDIATE 'SELECT * FROM main.users'"))).toBe(1142)
  expect(told(await app.query('BEGIN NOT ATOMIC SELECT * FROM main.users; END'))).toBe(1142)
  expect(told(await app.query('SHOW TABLES'))).toBe('rows')
})

test.each([
  'SELECT * FROM mysql.user',
  'SELECT * FROM `mysql`.`user`',
  'SELECT * FROM mysql /* */ . /* */ user',
  'SELECT * FROM /*!50000 mysql.user */',
  'SELECT * FROM orders WHERE 1 = (SELECT COUNT(*) FROM mysql.user)',
  'SELECT * FROM (SELECT * FROM mysql.user) d',
  'WITH u AS (SELECT * FROM mysql.user) SELECT * FROM u',
  'SELECT id FROM orders UNION SELECT User FROM mysql.user',
  'INSERT INTO orders (user_id, id) SELECT 1, 1 FROM mysql.user',
  'UPDATE orders SET id = (SELECT COUNT(*) FROM mysql.user) WHERE id = 1',
  'DELETE FROM orders WHERE id IN (SELECT 1 FROM mysql.user)',
  'CREATE VIEW v AS SELECT * FROM mysql.user',
  'CREATE TABLE t AS SELECT * FROM mysql.user',
  'CREATE TABLE t LIKE mysql.user',
  'CREATE TEMPORARY TABLE t AS SELECT * FROM mysql.user',
  'CREATE PROCEDURE p() SELECT * FROM mysql.user',
  'CREATE TRIGGER g BEFORE INSERT ON orders FOR EACH ROW INSERT INTO mysql.user VALUES ()',
  'RENAME TABLE mysql.user TO main.t',
  'RENAME TABLE orders TO mysql.orders',
  'ALTER TABLE mysql.user ADD COLUMN x INT',
  'DROP TABLE mysql.user',
  'TRUNCATE mysql.user',
  'HANDLER mysql.user OPEN',
  'LOCK TABLES mysql.user READ',
  "LOAD DATA LOCAL INFILE 'x' INTO TABLE mysql.user",
  "LOAD DATA INFILE '/etc/passwd' INTO TABLE orders",
  "SELECT 1 INTO OUTFILE '/tmp/shardgate-test-x'",
  "SELECT LOAD_FILE('/etc/passwd')",
  'CALL mysql.p()',
  'DO (SELECT COUNT(*) FROM mysql.user)',
  'SET @a = (SELECT COUNT(*) FROM mysql.user)',
  'EXPLAIN SELECT * FROM mysql.user',
  'DESCRIBE mysql.user',
  'SHOW COLUMNS FROM mysql.user',
  'SHOW CREATE TABLE mysql.user',
  'SHOW INDEX FROM user FROM mysql',
  'SHOW TABLES FROM mysql',
  "SHOW GRANTS FOR 'shardgate'@'%'",
  'USE mysql',
  'CHECK TABLE mysql.user',
  'OPTIMIZE TABLE mysql.user',
  'GRANT ALL ON *.* TO app',
  "CREATE USER x IDENTIFIED BY 'y'",
  "SET PASSWORD = 'x'",
  'SET GLOBAL read_only = 1',
  'FLUSH PRIVILEGES',
  "PREPARE s FROM 'SELECT * FROM mysql.user'",
  "EXECUTE IMMEDIATE 'SELECT * FROM mysql.user'",
  'SELECT 1; SELECT * FROM mysql.user',
  'BEGIN NOT ATOMIC SELECT * FROM mysql.user; END',
  'SELECT * FROM information_schema.user_privileges WHERE 1 = (SELECT 1 FROM mysql.user)',
])('nobody without role admin: %s', async (sql) => {
  for (const user of ['app', 'clerk'] as const) {
    const own = await client(user)
    const [result] = (await own.query(sql)).slice(-1)
    expect([result!.kind, result!.kind === 'error' && result!.errno]).toEqual(['error', expect.any(Number)])
    expect([1044, 1045, 1142, 1227, 1370]).toContain(result!.kind === 'error' ? result!.errno : 0)
    if (sql.startsWith('SELECT *')) {
      const prepared = await own.prepare(sql)
      expect(prepared.kind).toBe('error')
    }
  }
})

test('a database as default and the columns of its tables, by command', async () => {
  const app = await client('app')
  expect(await app.initDb('mysql')).toMatchObject({ errno: 1044 })
  expect(await app.fieldList('mysql.user')).toMatchObject({ kind: 'error' })
  await expect(client('app', 'mysql')).rejects.toThrow(/1044/)
})
