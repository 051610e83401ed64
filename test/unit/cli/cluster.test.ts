import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2'
import { describe, test } from 'vitest'
import { addressOf, databaseOf } from '../../../src/topology/records.ts'
import { startCluster } from '../../support/cluster.ts'
import { etcdCommand } from '../../support/etcd.ts'
import { eventually } from '../../support/eventually.ts'
import { mariadbCommand, mysqlCommand } from '../../support/mysql.ts'
import { tempDir } from '../../support/temp-dir.ts'

describe.skipIf(!mariadbCommand)('the local cluster', () => {
  test.skipIf(!etcdCommand)(
    'runs a server a shard, with the schema on each and the topology in etcd',
    async () => {
      const cluster = await startCluster({ shards: 2, topology: 'etcd' })
      const snapshot = cluster.topology.current()
      assert.deepEqual(snapshot.problems, [])
      assert.deepEqual([...snapshot.keyspaces.keys()], ['lookup', 'shop'])
      const shards = [...(snapshot.keyspaces.get('shop')?.shards.values() ?? [])]
      assert.deepEqual(
        shards.map((shard) => shard.name),
        ['-80', '80-'],
      )
      for (const shard of shards) {
        const address = addressOf(shard.primary!)
        const server = [...cluster.servers.values()].find(
          (s) => address.kind === 'tcp' && s.port === address.port,
        )!
        const connection = await server.connectAsRoot()
        const [rows] = await connection.query<RowDataPacket[]>(
          `SHOW TABLES FROM ${databaseOf(shard.primary!)}`,
        )
        assert.deepEqual(rows.map((row) => Object.values(row)[0]).sort(), [
          'countries',
          'customers',
          'orders',
        ])
        await connection.end()
      }
      await cluster.close()
    },
  )

  test('starts again on its data in a moment, without running the schema again', async () => {
    const dir = tempDir('again')
    const options = { dataDir: dir.path, isOneMysqld: true }
    const first = await startCluster(options)
    const write = await [...first.servers.values()][0]!.connectAsRoot()
    await write.query("UPDATE `lookup_0`.products SET name = 'mine' WHERE product_id = 1")
    await write.query('DELETE FROM `lookup_0`.products WHERE product_id = 2')
    await write.end()
    await first.close()
    const startMs = performance.now()
    const second = await startCluster(options)
    assert.ok(performance.now() - startMs < 5_000)
    const read = await [...second.servers.values()][0]!.connectAsRoot()
    const [rows] = await read.query('SELECT product_id, name FROM `lookup_0`.products ORDER BY 1 LIMIT 2')
    assert.deepEqual(rows, [
      { product_id: 1, name: 'mine' },
      { product_id: 3, name: 'cup' },
    ])
    await read.end()
    await second.close()
    await assert.rejects(
      startCluster({ ...options, shards: 4 }),
      /shards of keyspace shop: made with -80 80-, now/,
    )
    dir.remove()
  })

  test('with one server, every shard is a database of its own', async () => {
    const cluster = await startCluster({ isOneMysqld: true, shards: 4 })
    assert.equal(cluster.servers.size, 1)
    const tablets = [...cluster.topology.current().tablets.values()]
    assert.deepEqual(
      tablets.map((tablet) => databaseOf(tablet)),
      ['lookup_0', 'shop_-40', 'shop_40-80', 'shop_80-c0', 'shop_c0-'],
    )
    await cluster.close()
  })

  test('a change on a primary reaches its replica, which is read-only', async () => {
    await checkReplication('mariadb')
  })

  test.skipIf(!mysqlCommand)(
    'the same with MySQL',
    async () => {
      await checkReplication('mysql')
    },
    120_000,
  )

  test('a server that dies is named, with the end of its log', async () => {
    const cluster = await startCluster({ isOneMysqld: true })
    ;[...cluster.servers.values()][0]!.process.signal('SIGKILL')
    const said = await cluster.crashed
    assert.match(
      said,
      /mysqld of all shards \(primary\) was ended by SIGKILL; the end of .*mysqld\.log:\n.*\S/,
    )
    await cluster.close()
  })

  test('a schema that does not apply is told with its file and shard, and nothing is left running', async () => {
    const dir = schemaDir({ 'vschema.json': '{"sharded": true}', 'a.sql': 'CREATE TABLE x (id INT;' })
    await assert.rejects(
      startCluster({ schemaDir: dir.path, isOneMysqld: true }),
      /mine\/a\.sql on mine\/-80: You have an error in your SQL syntax/,
    )
    dir.remove()
  })

  test('keyspace.json chooses the shards; those must tile the key space', async () => {
    const good = schemaDir({
      'vschema.json': '{"sharded": true}',
      'keyspace.json': '{"shards": ["20-", "-20"]}',
    })
    const cluster = await startCluster({ schemaDir: good.path, isOneMysqld: true })
    assert.deepEqual(
      [...(cluster.topology.current().keyspaces.get('mine')?.shards.keys() ?? [])],
      ['-20', '20-'],
    )
    await cluster.close()
    good.remove()
    const gap = schemaDir({
      'vschema.json': '{"sharded": true}',
      'keyspace.json': '{"shards": ["-20", "40-"]}',
    })
    await assert.rejects(startCluster({ schemaDir: gap.path }), /no shard holds the ids between -20 and 40-/)
    gap.remove()
  })
})

function schemaDir(files: Readonly<Record<string, string>>) {
  const dir = tempDir('schema')
  mkdirSync(join(dir.path, 'mine'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir.path, 'mine', name), text)
  return dir
}

async function checkReplication(server: 'mariadb' | 'mysql'): Promise<void> {
  const cluster = await startCluster({ server, isOneMysqld: true, replicas: 1 })
  const [primary, replica] = ['shared-primary', 'shared-replica1'].map((name) => cluster.servers.get(name))
  const write = await primary!.connectAsRoot()
  await write.query("INSERT INTO `lookup_0`.products VALUES (77, 'ladle', 3.50)")
  await write.end()
  const read = await replica!.connectAsRoot()
  await eventually('the row on the replica', async () => {
    const [rows] = await read.query<RowDataPacket[]>(
      'SELECT name FROM `lookup_0`.products WHERE product_id = 77',
    )
    return rows.length === 1
  })
  const [[variable]] = await read.query<RowDataPacket[]>('SELECT @@read_only AS isReadOnly')
  assert.equal(variable!['isReadOnly'], 1)
  await read.end()
  const types = [...cluster.topology.current().tablets.values()].map((tablet) => tablet.type)
  assert.deepEqual(
    [types.filter((t) => t === 'PRIMARY').length, types.filter((t) => t === 'REPLICA').length],
    [3, 3],
  )
  await cluster.close()
}
