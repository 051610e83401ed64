import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

const customers = Array.from({ length: 20 }, (_, i) => `(${i}, 'n${i % 7}', 'e${i}', '${'AB'[i % 2]}C')`)
const orders = Array.from(
  { length: 40 },
  (_, i) => `(${i}, ${i % 25}, ${1 + (i % 4)}, 1, ${i}.5, '2026-01-01')`,
)

/** By copies, groups, joins above the shards, and what runs first; over one keyspace and over two. */
const QUERIES = [
  'SELECT c.name, SUM(o.amount) OVER (ORDER BY o.order_id) AS so_far FROM customers AS c JOIN orders AS o ON o.product_id = c.customer_id ORDER BY o.order_id',
  'SELECT country, SUM(customer_id) / COUNT(*) AS mean, COUNT(DISTINCT name) FROM customers GROUP BY country ORDER BY country',
  'SELECT c.customer_id, o.order_id FROM customers AS c JOIN orders AS o ON o.product_id = c.customer_id ORDER BY o.order_id',
  'SELECT name FROM customers WHERE customer_id = (SELECT MAX(customer_id) FROM orders WHERE product_id = 2)',
  'SELECT p.name, COUNT(*) FROM lookup.products AS p JOIN orders AS o ON o.product_id = p.product_id GROUP BY p.name ORDER BY p.name',
]

onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  let onPrimary: Connection
  let onReplica: Connection

  beforeAll(async () => {
    cluster = await startCluster({ server, replicas: 1 })
    proxy = await startTestProxy(cluster)
    const { host, port, user, password } = proxy
    ;[onPrimary, onReplica] = await Promise.all(
      ['shop', 'shop@replica'].map((database) => createConnection({ host, port, user, password, database })),
    )
    await onPrimary!.query(`INSERT INTO customers (customer_id, name, email, country) VALUES ${customers}`)
    await onPrimary!.query(
      `INSERT INTO orders (order_id, customer_id, product_id, quantity, amount, ordered_at) VALUES ${orders}`,
    )
    await eventually('replication', async () => {
      const [[counts]] = await onReplica!.query<RowDataPacket[]>(
        'SELECT (SELECT COUNT(*) FROM customers) AS c, (SELECT COUNT(*) FROM orders) AS o',
      )
      return counts?.['c'] === customers.length && counts['o'] === orders.length
    })
  }, 120_000)

  afterAll(async () => {
    await Promise.all([onPrimary?.end(), onReplica?.end()])
    await proxy?.close()
    await cluster?.close()
  })

  async function answers(connection: Connection): Promise<unknown[]> {
    const told: unknown[] = []
    for (const sql of QUERIES) {
      told.push((await connection.query(sql))[0], (await connection.execute(sql))[0])
    }
    return told
  }

  test('replicas are asked for copies and groups, and make them, in a transaction and outside', async () => {
    const expected = await answers(onPrimary)
    expect(await answers(onReplica)).toEqual(expected)
    for (const begin of ['BEGIN', 'START TRANSACTION READ ONLY']) {
      await onReplica.query(begin)
      expect(await answers(onReplica)).toEqual(expected)
      await onReplica.query('COMMIT')
    }
    const [rows] = await onReplica.query<RowDataPacket[]>(
      'SELECT @@read_only AS is_replica, RANK() OVER (ORDER BY c.name) FROM customers AS c',
    )
    expect(new Set(rows.map((row) => row['is_replica']))).toEqual(new Set([1]))
  })
})
