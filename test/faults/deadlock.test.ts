import assert from 'node:assert/strict'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

let cluster: TestCluster
let proxy: TestProxy

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true })
  proxy = await startTestProxy(cluster)
})

afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
})

async function connect(): Promise<Connection> {
  const { host, port, user, password } = proxy
  return createConnection({ host, port, user, password, database: 'shop' })
}

test('after a deadlock all shards are rolled back before the next statement can run', async () => {
  const [a, b] = [await connect(), await connect()]
  const ids = Array.from({ length: 12 }, (_, i) => 100 + i)
  await a.query('INSERT INTO customers (customer_id, name, email, country) VALUES ?', [
    ids.map((id) => [id, 'before', 'e', 'DE']),
  ])
  // Two rows of one shard, for only its own server sees a cycle of waits.
  await a.query('USE `shop:-80`')
  const [[first, second]] = (await a.query(
    'SELECT customer_id AS id FROM customers WHERE customer_id >= 100 ORDER BY 1 LIMIT 2',
  )) as unknown as [[{ id: number }, { id: number }]]
  await a.query('USE `shop:80-`')
  const [[third, fourth]] = (await a.query(
    'SELECT customer_id AS id FROM customers WHERE customer_id >= 100 ORDER BY 1 LIMIT 2',
  )) as unknown as [[{ id: number }, { id: number }]]
  await a.query('USE shop')
  await a.query('BEGIN')
  await b.query('BEGIN')
  // A and B have each written on the other shard too: there is more to roll back than the deadlock itself rolls back.
  await a.query('UPDATE customers SET name = ? WHERE customer_id = ?', ['a', first.id])
  for (const connection of [a, b]) {
    const elsewhere = connection === a ? third : fourth
    await connection.query('UPDATE customers SET name = ? WHERE customer_id = ?', ['elsewhere', elsewhere.id])
  }
  await b.query("UPDATE customers SET email = 'b' WHERE customer_id = ?", [second.id])
  const update = (connection: Connection, id: number) =>
    connection.query("UPDATE customers SET name = 'late' WHERE customer_id = ?", [id]).catch((e) => e.errno)
  const waiting = update(a, second.id)
  const crossing = update(b, first.id)
  const outcomes = await Promise.all([waiting, crossing])
  assert.equal(outcomes.filter((outcome) => outcome === 1213).length, 1, JSON.stringify(outcomes))
  const [victim, other] = outcomes[0] === 1213 ? [a, b] : [b, a]
  await other.query('ROLLBACK')
  // At once, without ROLLBACK, as MySQL allows: a new transaction, not a rest of the old one.
  await victim.query('BEGIN')
  await victim.query("UPDATE customers SET country = 'JP' WHERE customer_id IN (101, 105, 110)")
  await victim.query('COMMIT')
  const [rows] = await a.query(
    'SELECT name, email, country, COUNT(*) AS n FROM customers GROUP BY name, email, country ORDER BY n',
  )
  assert.deepEqual(JSON.parse(JSON.stringify(rows)), [
    { name: 'before', email: 'e', country: 'JP', n: 3 },
    { name: 'before', email: 'e', country: 'DE', n: 9 },
  ])
  a.destroy()
  b.destroy()
})
