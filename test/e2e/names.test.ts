import assert from 'node:assert/strict'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { printPath } from '../../src/topology/paths.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { mysqlCommand } from '../support/mysql.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

for (const server of ['mariadb', 'mysql'] as const) {
  describe.skipIf(server === 'mysql' && !mysqlCommand)(`names of tables, on ${server}`, () => {
    let cluster: TestCluster
    let proxy: TestProxy
    let client: Connection

    beforeAll(async () => {
      cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir: SCHEMA_DIR })
      const rule = (from: string, to: string) => ({ from_table: from, to_tables: [to] })
      await cluster.store.commit([
        {
          kind: 'put',
          path: printPath({ kind: 'RoutingRules' }),
          value: JSON.stringify({
            rules: [rule('main.goods', 'lookup.products'), rule('main.people', 'main.users')],
          }),
        },
      ])
      proxy = await startTestProxy(cluster)
    }, 120_000)
    afterAll(async () => {
      await proxy?.close()
      await cluster?.close()
    })

    const connect = (database: string) => {
      const { host, port, user, password } = proxy
      return createConnection({ host, port, user, password, ...(database === '' ? {} : { database }) })
    }
    const rows = async (sql: string, connection = client) => {
      const [found] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
      return found as unknown[][]
    }
    beforeEach(async () => {
      client = await connect('main')
      await eventually('the routing rules', () =>
        rows('SELECT id FROM goods').then(
          () => true,
          () => false,
        ),
      )
    })
    afterEach(() => client.end())

    test('DDL on a routed table is DDL on the table that it stands for', async () => {
      await client.query('CREATE INDEX price ON goods (price)')
      await client.query('ALTER TABLE goods ADD COLUMN weight INT')
      await client.query('INSERT INTO goods (id, name, price, weight) VALUES (70, "lamp", 3, 4)')
      assert.deepEqual(await rows('SELECT weight FROM lookup.products WHERE id = 70'), [[4]])
      assert.deepEqual(
        (await rows('SHOW INDEX FROM goods')).map((row) => row[2]).filter((name) => name === 'price'),
        ['price'],
      )
      await client.query('CREATE TRIGGER heavier BEFORE INSERT ON goods FOR EACH ROW SET NEW.weight = 9')
      await client.query('REPLACE INTO goods (id, name, price) VALUES (70, "lamp", 3)')
      assert.deepEqual(await rows('SELECT weight FROM goods WHERE id = 70'), [[9]])
      await client.query('DROP TRIGGER lookup.heavier')
      await client.query('ALTER TABLE goods DROP COLUMN weight')
      await client.query('DROP INDEX price ON goods')
      assert.deepEqual(await rows('CHECK TABLE goods'), [['main.goods', 'check', 'status', 'OK']])
      await client.query('TRUNCATE TABLE goods')
      assert.deepEqual(await rows('SELECT COUNT(*) FROM lookup.products'), [[0]])
    })

    test('a table of the sharded keyspace by another name', async () => {
      await client.query('ALTER TABLE people ADD COLUMN nick VARCHAR(10)')
      await client.query(
        "INSERT INTO people (id, name, nick) VALUES (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')",
      )
      assert.deepEqual(await rows('SELECT nick FROM users ORDER BY id'), [['x'], ['y'], ['z']])
      await client.query('ALTER TABLE people DROP COLUMN nick')
      await client.query('DELETE FROM people')
    })

    test('a function that there is not is told by the database of the session, or by none', async () => {
      const told = async (database: string, sql: string) => {
        const other = await connect(database)
        try {
          return await other.query(sql).then(
            () => 'answered',
            (error: Error) => error.message,
          )
        } finally {
          await other.end()
        }
      }
      const nowhere = server === 'mysql' ? 'No database selected' : 'FUNCTION nofunc does not exist'
      const missing = (database: string) => `FUNCTION ${database}.nofunc does not exist`
      for (const sql of [
        'SELECT nofunc(id) FROM main.users',
        'SELECT nofunc(id) FROM main.users WHERE id = 1',
      ]) {
        assert.equal(await told('', sql), nowhere)
        assert.equal(await told('lookup', sql), missing('lookup'))
        assert.equal(await told('main', sql), missing('main'))
        assert.equal(await told('main:-80', sql), missing('main'))
        assert.equal(await told('lookup', sql.replace('nofunc', 'main.nofunc')), missing('main'))
      }
    })

    test('a lock holds for the name by which queries call the table', async () => {
      await client.query('USE lookup')
      await client.query('LOCK TABLES main.goods READ')
      assert.deepEqual(await rows('SELECT goods.id FROM main.goods'), [])
      await client.query('UNLOCK TABLES')
      await client.query('USE main')
    })

    test('a view finds its tables as queries do', async () => {
      await client.query('CREATE VIEW lookup.cheap AS SELECT id FROM goods WHERE price < 5')
      await client.query("INSERT INTO goods (id, name, price) VALUES (1, 'a', 4), (2, 'b', 6)")
      assert.deepEqual(await rows('SELECT id FROM lookup.cheap'), [[1]])
      await client.query('DROP VIEW lookup.cheap')
      await client.query('DELETE FROM goods')
      await assert.rejects(client.query('CREATE VIEW lookup.all_users AS SELECT id FROM main.users'), {
        errno: 1235,
      })
    })

    test.each([':', '/'])(
      'a session at a shard (keyspace%sshard) takes tables that no VSchema has',
      async (at) => {
        await client.query(`USE \`main${at}-80\``)
        await client.query('CREATE TABLE scratch (id INT PRIMARY KEY, v INT)')
        await client.query('INSERT INTO scratch VALUES (1, 2)')
        await client.query('UPDATE scratch SET v = v + 1 WHERE scratch.id = 1')
        assert.deepEqual(
          await rows('SELECT s.v, main.scratch.v FROM scratch s JOIN main.scratch USING (id)'),
          [[3, 3]],
        )
        const [prepared] = await client.execute<RowDataPacket[]>('SELECT v FROM scratch WHERE id = ?', [1])
        assert.deepEqual(prepared, [{ v: 3 }])
        assert.equal((await rows('DESCRIBE scratch')).length, 2)
        await client.query('DELETE FROM scratch')
        await client.query('DROP TABLE scratch')
        await assert.rejects(client.query('SELECT * FROM lookup.products'), { errno: 1235 })
      },
    )

    test('a temporary table of a session at a shard is read and changed', async () => {
      await client.query('USE `main:80-`')
      await client.query('CREATE TEMPORARY TABLE mine (id INT, v INT)')
      await client.query('INSERT INTO mine VALUES (1, 2), (2, 3)')
      await client.query('UPDATE mine SET v = 7 WHERE id = 1')
      assert.deepEqual(await rows('SELECT v FROM mine ORDER BY id'), [[7], [3]])
      await client.query('DELETE FROM mine WHERE id = 2')
      assert.deepEqual(await rows('SELECT COUNT(*) FROM mine'), [[1]])
    })

    test('answers name the keyspace, never the database of a shard', async () => {
      await client.query('CREATE VIEW lookup.v AS SELECT id FROM lookup.products')
      for (const sql of [
        'SHOW CREATE VIEW lookup.v',
        'SHOW CREATE DATABASE main',
        'SHOW TABLES',
        'SHOW TABLE STATUS',
        'SHOW OPEN TABLES',
        'CHECK TABLE users, countries',
        'SELECT * FROM information_schema.tables WHERE table_name = "users"',
        'SELECT * FROM information_schema.schemata',
        'SELECT view_definition FROM information_schema.views WHERE table_schema = "lookup"',
        'EXPLAIN FORMAT=JSON SELECT * FROM users WHERE id = 1',
      ]) {
        const [found, fields] = await client.query({ sql, rowsAsArray: true })
        assert.doesNotMatch(JSON.stringify([found, fields]), /main_|lookup_0/, sql)
      }
      await client.query('EXPLAIN SELECT * FROM users WHERE id = 1')
      assert.doesNotMatch(JSON.stringify(await rows('SHOW WARNINGS')), /main_|lookup_0/)
      await client.query('DROP VIEW lookup.v')
    })

    test('what information_schema tells may go into a variable', async () => {
      await client.query(
        "SELECT table_name INTO @found FROM information_schema.tables WHERE table_schema = 'main' AND table_name = 'users'",
      )
      assert.deepEqual(await rows('SELECT @found'), [['users']])
      await client.query('DO (SELECT COUNT(*) FROM information_schema.schemata)')
    })

    test('a prepared SHOW has its params, in subqueries too', async () => {
      await client.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
      const sql = 'SHOW TABLES WHERE (SELECT COUNT(*) FROM users WHERE id > ?) = ? AND Tables_in_main = ?'
      for (const [least, count, found] of [
        [0, 3, [{ Tables_in_main: 'users' }]],
        [1, 2, [{ Tables_in_main: 'users' }]],
        [1, 3, []],
      ] as const)
        assert.deepEqual((await client.execute(sql, [least, count, 'users']))[0], found)
      await client.query('DELETE FROM users')
    })

    test('a param names the keyspace, too', async () => {
      const [found] = await client.execute<RowDataPacket[]>(
        'SELECT table_schema AS s, CONCAT(table_name, ?) AS n FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        ['!', 'main', 'users'],
      )
      assert.deepEqual(found, [{ s: 'main', n: 'users!' }])
      const [none] = await client.execute<RowDataPacket[]>(
        'SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        ['nosuch', 'users'],
      )
      assert.deepEqual(none, [])
      await client.query(
        "PREPARE s FROM 'SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ?'",
      )
      await client.query("SET @s = 'lookup'")
      assert.notDeepEqual(await rows('EXECUTE s USING @s'), [[0]])
    })

    test('a value that looks like a name of a database stays as it is', async () => {
      await client.query("INSERT INTO lookup.products (id, name, price) VALUES (5, 'lookup_0', 1)")
      await assert.rejects(
        client.query("INSERT INTO lookup.products (id, name, price) VALUES (6, 'lookup_0', 1)"),
        {
          message: /Duplicate entry 'lookup_0'/,
        },
      )
      assert.deepEqual(await rows('SELECT name FROM lookup.products'), [['lookup_0']])
      await client.query('DELETE FROM lookup.products')
    })
  })
}
