import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { etcdCommand } from '../support/etcd.ts'
import { ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import { PROXY_ADMIN, startTestProxy, type TestProxy } from '../support/proxy.ts'

const schemaDir = new URL('../differential/schema', import.meta.url).pathname

describe.each(['files', 'etcd'] as const)(
  'CREATE DATABASE as a keyspace, in a topology of %s',
  (topology) => {
    if (topology === 'etcd' && !etcdCommand) {
      test.skip('no etcd on this machine', () => {})
      return
    }
    let cluster: TestCluster
    let proxy: TestProxy
    let client: ProtocolClient
    beforeAll(async () => {
      cluster = await startCluster({ shards: 2, isOneMysqld: true, topology, schemaDir })
      proxy = await startTestProxy(cluster, { config: { create_database_beside: 'lookup' } })
      client = await connect(proxy, PROXY_ADMIN)
      for (const server of cluster.servers.values()) {
        const root = await server.connectAsRoot()
        for (const name of ['made', 'raced', 'a b'])
          await root.query(`GRANT ALL PRIVILEGES ON \`${name}\`.* TO '${cluster.account.user}'@'%'`)
        await root.end()
      }
    }, 60_000)
    afterAll(async () => {
      client?.close()
      await proxy?.close()
      await cluster?.close()
    })

    function connect({ port }: TestProxy, account: { user: string; password: string }) {
      return ProtocolClient.connect({ port, ...account, database: 'main' })
    }

    async function ask(sql: string, of = client): Promise<Result> {
      return (await of.query(sql)).at(-1)!
    }

    async function done(sql: string, of = client): Promise<void> {
      const result = await ask(sql, of)
      if (result.kind === 'error') throw new Error(`${sql}: ${result.message}`)
    }

    async function rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
      const result = await ask(sql)
      if (result.kind !== 'rows') throw new Error(JSON.stringify(result))
      return result.rows.map((row) => textRow(row))
    }

    test('it is there with the next statement, and gone with the one that drops it', async () => {
      expect(await ask('CREATE DATABASE made CHARACTER SET latin1')).toMatchObject({
        kind: 'ok',
        affectedRows: 1,
      })
      await done('USE made')
      await done('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)')
      await done("INSERT INTO t (v) VALUES ('a'), ('b')")
      expect(await rows('SELECT id, v FROM made.t ORDER BY id')).toEqual([
        ['1', 'a'],
        ['2', 'b'],
      ])
      const charset =
        "SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = 'made'"
      expect(await rows(charset)).toEqual([['latin1']])
      expect((await rows('SHOW DATABASES')).flat()).toContain('made')
      expect(await ask('CREATE DATABASE made')).toMatchObject({ errno: 1007 })
      expect(await ask('DROP DATABASE made')).toMatchObject({ kind: 'ok', affectedRows: 1 })
      expect(await rows('SELECT DATABASE()')).toEqual([[null]])
      expect((await ask('SELECT * FROM made.t')).kind).toBe('error')
      expect((await rows('SHOW DATABASES')).flat()).not.toContain('made')
      // With nothing left of it.
      await done('CREATE DATABASE IF NOT EXISTS made')
      expect(await rows('SHOW TABLES FROM made')).toEqual([])
      await done('DROP SCHEMA IF EXISTS made')
      await done('USE main')
    })

    test('whose current database another session drops goes on without it', async () => {
      await done('CREATE DATABASE made')
      const other = await connect(proxy, PROXY_ADMIN)
      await done('USE made', other)
      await done('CREATE TABLE t (id INT)', other)
      await done('DROP DATABASE made')
      expect(await ask('SELECT 1', other)).toMatchObject({ kind: 'rows' })
      expect(await ask('SELECT DATABASE()', other)).toMatchObject({ kind: 'rows' })
      for (const [sql, errno] of [
        ['SELECT * FROM t', 1146],
        ['INSERT INTO t VALUES (1)', 1146],
        ['SHOW TABLES', 1049],
        ['CREATE TABLE u (id INT)', 1049],
      ] as const)
        expect([sql, await ask(sql, other)]).toMatchObject([sql, { kind: 'error', errno }])
      await done('SET @x = 1', other)
      expect(await ask('SELECT @x, name FROM main.users WHERE id = 1', other)).toMatchObject({ kind: 'rows' })
      await done('USE main', other)
      expect(await ask('SELECT COUNT(*) FROM users', other)).toMatchObject({ kind: 'rows' })
      other.close()
    })

    test("neither a shard's database nor another keyspace's can be had or dropped by it", async () => {
      for (const name of ['main_-80', 'lookup_0', 'lookup']) {
        const made = await ask(`CREATE DATABASE \`${name}\``)
        expect(made).toMatchObject({ kind: 'error', errno: 1007 })
      }
      for (const name of ['main', 'lookup']) {
        expect(await ask(`DROP DATABASE ${name}`)).toMatchObject({
          errno: 1044,
          message: expect.stringContaining('is not dropped by DROP DATABASE'),
        })
      }
      expect(await ask('DROP DATABASE `main_-80`')).toMatchObject({ errno: 1008 })
      expect(await ask('CREATE DATABASE `a b`')).toMatchObject({ errno: 1102 })
      expect(await rows('SELECT COUNT(*) FROM users')).toEqual([['0']])
    })

    test('an ordinary user is denied, with or without', async () => {
      const app = await connect(proxy, proxy)
      expect(await ask('CREATE DATABASE other', app)).toMatchObject({
        errno: 1044,
        message: "Access denied for user 'app'@'%' to database 'other': it takes a user of role admin",
      })
      expect(await ask('DROP DATABASE lookup', app)).toMatchObject({ errno: 1044 })
      app.close()
      const plain = await startTestProxy(cluster)
      const admin = await connect(plain, PROXY_ADMIN)
      expect(await ask('CREATE DATABASE other', admin)).toMatchObject({
        errno: 1044,
        message: expect.stringContaining('create_database_beside'),
      })
      admin.close()
      await plain.close()
    })

    test('of two proxies that make the same at once, one is told that it exists', async () => {
      const other = await startTestProxy(cluster, { config: { create_database_beside: 'lookup' } })
      const there = await connect(other, PROXY_ADMIN)
      const answers = await Promise.all([ask('CREATE DATABASE raced'), ask('CREATE DATABASE raced', there)])
      expect(answers.map(({ kind }) => kind).sort()).toEqual(['error', 'ok'])
      expect(answers.find(({ kind }) => kind === 'error')).toMatchObject({ errno: 1007 })
      await done('CREATE TABLE raced.t (id INT)')
      await done('DROP DATABASE raced')
      there.close()
      await other.close()
    })
  },
)
