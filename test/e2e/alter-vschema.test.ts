import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { etcdCommand } from '../support/etcd.ts'
import { ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import { PROXY_ADMIN, startTestProxy, type TestProxy } from '../support/proxy.ts'

const schemaDir = new URL('../differential/schema', import.meta.url).pathname

describe.each(['files', 'etcd'] as const)('ALTER VSCHEMA, in a topology of %s', (topology) => {
  if (topology === 'etcd' && !etcdCommand) {
    test.skip('no etcd on this machine', () => {})
    return
  }
  let cluster: TestCluster
  let proxy: TestProxy
  let client: ProtocolClient
  beforeAll(async () => {
    cluster = await startCluster({ shards: 2, isOneMysqld: true, topology, schemaDir })
    proxy = await startTestProxy(cluster)
    client = await connect(proxy)
  }, 60_000)
  afterAll(async () => {
    client?.close()
    await proxy?.close()
    await cluster?.close()
  })

  function connect({ port }: TestProxy, account: { user: string; password: string } = PROXY_ADMIN) {
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

  test('a table is sharded by it with the next statement, on one connection', async () => {
    await done('ALTER VSCHEMA ON notes ADD VINDEX hash (user_id)')
    await done(
      'CREATE TABLE notes (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id BIGINT, text VARCHAR(9))',
    )
    expect((await ask('SHOW WARNINGS')).kind).toBe('rows')
    await done("INSERT INTO notes (id, user_id, text) VALUES (1, 1, 'a'), (2, 4, 'b'), (3, 5, 'c')")
    expect(await rows('SELECT text FROM notes ORDER BY id')).toEqual([['a'], ['b'], ['c']])
    expect(await rows('VEXPLAIN QUERIES SELECT text FROM notes WHERE user_id = 4')).toHaveLength(1)
    expect((await rows('SHOW VSCHEMA TABLES')).flat()).toContain('notes')
    expect(await rows('SHOW VSCHEMA VINDEXES ON notes')).toEqual([['user_id', 'hash', 'hash', '', '']])
  })

  test('its ids come from a sequence once it says so', async () => {
    await done('CREATE TABLE lookup.notes_seq (id INT PRIMARY KEY, next_id BIGINT, cache BIGINT)')
    await done('INSERT INTO lookup.notes_seq VALUES (0, 501, 10)')
    await done('ALTER VSCHEMA ADD SEQUENCE lookup.notes_seq')
    await done('ALTER VSCHEMA ON main.notes ADD AUTO_INCREMENT id USING lookup.notes_seq')
    await done("INSERT INTO notes (user_id, text) VALUES (7, 'drawn'), (8, 'too')")
    expect(await rows('SELECT id, text FROM notes WHERE id > 500 ORDER BY id')).toEqual([
      ['501', 'drawn'],
      ['502', 'too'],
    ])
    await done('ALTER VSCHEMA ON notes DROP AUTO_INCREMENT')
    await done('ALTER VSCHEMA DROP SEQUENCE lookup.notes_seq')
  })

  test('vindexes are made and dropped', async () => {
    await done("ALTER VSCHEMA CREATE VINDEX main.other USING region_experimental WITH region_bytes='1'")
    const named = (await rows('SHOW VSCHEMA VINDEXES')).filter(([, name]) => name === 'other')
    expect(named).toEqual([['main', 'other', 'region_experimental', 'region_bytes=1', '']])
    await done('ALTER VSCHEMA DROP VINDEX other')
    expect((await rows('SHOW VSCHEMA VINDEXES')).flat()).not.toContain('other')
  })

  test('what would be wrong changes nothing, and says why', async () => {
    expect(
      await ask(
        'ALTER VSCHEMA ON wrong ADD VINDEX several (a) USING lookup WITH table="lookup.l", from=a, to=k',
      ),
    ).toMatchObject({
      kind: 'error',
      message: expect.stringContaining(
        "The VSchema of 'main' would have mistakes; nothing was changed: main",
      ),
    })
    expect(await ask('ALTER VSCHEMA DROP VINDEX hash')).toMatchObject({
      message: expect.stringContaining('still defined on table'),
    })
    expect((await rows('SHOW VSCHEMA TABLES')).flat()).not.toContain('wrong')
    expect(await ask('ALTER VSCHEMA ADD TABLE nowhere.t')).toMatchObject({ errno: 1049 })
  })

  test('an ordinary user may not', async () => {
    const app = await connect(proxy, proxy)
    expect(await ask('ALTER VSCHEMA ADD TABLE lookup.t', app)).toMatchObject({ errno: 1227 })
    app.close()
  })

  test('changes of several sessions and proxies at once are all there afterwards', async () => {
    const other = await startTestProxy(cluster)
    const clients = await Promise.all([proxy, other, proxy, other].map((each) => connect(each)))
    const names = Array.from({ length: 12 }, (_, i) => `at_once_${i}`)
    await Promise.all(
      clients.map(async (each, c) => {
        for (const name of names.filter((_, i) => i % clients.length === c)) {
          await done(`ALTER VSCHEMA ADD TABLE lookup.${name}`, each)
          const seen = await ask(`SHOW VSCHEMA TABLES`, each)
          expect(seen.kind).toBe('rows')
          await done(`ALTER VSCHEMA ON ${name} ADD VINDEX hash (id)`, each)
        }
      }),
    )
    await done('USE lookup')
    expect((await rows('SHOW VSCHEMA TABLES')).flat()).toEqual(expect.arrayContaining(names))
    await done('USE main')
    expect((await rows('SHOW VSCHEMA TABLES')).flat()).toEqual(expect.arrayContaining(names))
    for (const each of clients) each.close()
    await other.close()
  })

  test('by a prepared statement, and in a transaction, which goes on', async () => {
    await done('BEGIN')
    await done('UPDATE users SET team = 3 WHERE id = 1')
    const prepared = await client.prepare('ALTER VSCHEMA ADD TABLE lookup.prepared')
    if (prepared.kind === 'error') throw new Error(prepared.message)
    const [result] = await client.execute(prepared.id)
    expect(result).toMatchObject({ kind: 'ok', status: expect.any(Number) })
    await done("PREPARE s FROM 'ALTER VSCHEMA DROP TABLE lookup.prepared'")
    await done('EXECUTE s')
    await done('ROLLBACK')
  })
})
