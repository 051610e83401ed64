import assert from 'node:assert/strict'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { pause, resume } from '../support/pause.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

let cluster: TestCluster
let proxy: TestProxy
let connection: Connection

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1, shards: 1 })
  proxy = await startTestProxy(cluster)
  const { host, port, user, password } = proxy
  connection = await createConnection({ host, port, user, password, database: 'shop' })
}, 120_000)

afterAll(async () => {
  await connection?.end()
  await proxy?.close()
  await cluster?.close()
})

async function first(sql: string): Promise<unknown> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, rowsAsArray: true })
  return rows[0]?.[0]
}

test('@replica reads come from a replica, and see what the primary was given', async () => {
  await connection.query(
    "INSERT INTO customers (customer_id, name, email, country) VALUES (1, 'n', 'e', 'DE')",
  )
  assert.equal(await first('SELECT @@read_only'), 0)
  await connection.query('USE `@replica`')
  assert.equal(await first('SELECT @@read_only'), 1)
  await eventually(
    'replication',
    async () => (await first('SELECT name FROM customers WHERE customer_id = 1')) === 'n',
  )
  await connection.query('USE shop')
  assert.equal(await first('SELECT @@read_only'), 0)
})

test('nothing is written through a @replica target, whatever the replica would say', async () => {
  await connection.query('USE `shop@replica`')
  for (const sql of [
    "INSERT INTO customers (customer_id, name, email, country) VALUES (2, 'n', 'e', 'DE')",
    "UPDATE customers SET name = 'x' WHERE customer_id = 1",
    'DELETE FROM customers WHERE customer_id = 1',
    'CREATE TABLE other (id INT)',
  ]) {
    await assert.rejects(connection.query(sql), { errno: 1874 }, sql)
  }
  await connection.query('USE shop')
  assert.equal(await first('SELECT COUNT(*) FROM customers'), 1)
})

test('what is kept open on a replica is no way for a write to get there, nor the reverse', async () => {
  for (const [here, there] of [
    ['shop@replica', 'shop'],
    ['shop', 'shop@replica'],
  ]) {
    await connection.query(`USE \`${here}\``)
    assert.equal(await first("SELECT GET_LOCK('a', 1)"), 1)
    await connection.query(`USE \`${there}\``)
    assert.equal(await first('SELECT @@read_only'), there === 'shop' ? 0 : 1)
    if (there === 'shop') await connection.query("UPDATE customers SET name = 'm' WHERE customer_id = 1")
    await connection.query(`USE \`${here}\``)
    assert.equal(await first("SELECT RELEASE_LOCK('a')"), 1)
  }
  await connection.query('USE shop')
})

test('a replica that stops in the middle of a read is an error, and the session goes on', async () => {
  const impatient = await startTestProxy(cluster, {
    config: {
      timeouts: { silence: '1s', connect: '1s' },
      health: { interval: '200ms', timeout: '500ms' },
    },
  })
  const { host, port, user, password } = impatient
  const reading = await createConnection({ host, port, user, password, database: 'shop@replica' })
  const [replica] = [...cluster.servers].filter(
    ([name]) => name.startsWith('shop') && name.includes('replica'),
  )
  await reading.query('SELECT COUNT(*) FROM customers')
  await pause(replica![1].process)
  try {
    await assert.rejects(reading.query('SELECT COUNT(*) FROM customers'), /no healthy tablet available/)
    await reading.query('USE shop')
    await reading.query('SELECT COUNT(*) FROM customers')
  } finally {
    resume(replica![1].process)
  }
  await reading.end()
  await impatient.close()
})

test('the tablet type does not change within a transaction', async () => {
  await connection.query('BEGIN')
  await assert.rejects(connection.query('USE `shop@replica`'), { errno: 1179 })
  await connection.query('ROLLBACK')
})

test('SHOW VITESS_REPLICATION_STATUS tells of each replica', async () => {
  const statusOf = async (filter: string) => {
    const [rows] = await connection.query<RowDataPacket[]>(`SHOW VITESS_REPLICATION_STATUS ${filter}`)
    return rows
  }
  await eventually('health checks', async () => {
    const [row] = await statusOf("LIKE 'shop'")
    return row?.['ReplicationHealth'].includes('"EventApplierRunning":"Yes"')
  })
  const [row] = await statusOf("WHERE Keyspace = 'shop' AND TabletType = 'REPLICA'")
  assert.match(row!['ReplicationSource'], /^\S+:\d+$/)
  assert.equal(row!['Shard'], '-')
  assert.match(row!['ReplicationLag'], /^\d+$/)
  assert.deepEqual(await statusOf("LIKE 'nosuch'"), [])
})
