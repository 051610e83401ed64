import assert from 'node:assert/strict'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
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

test('the tablet type does not change within a transaction', async () => {
  await connection.query('BEGIN')
  await assert.rejects(connection.query('USE `shop@replica`'), { errno: 1179 })
  await connection.query('ROLLBACK')
})
