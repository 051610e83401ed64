import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { loadTables } from '../../bench/support/load-tables.ts'
import { type Ask, brokenConditions, brokenOnShards } from '../../bench/tpcc/conditions.ts'
import { type TpccSize, tpccTables } from '../../bench/tpcc/population.ts'
import { runTerminals } from '../../bench/tpcc/terminals.ts'
import { startCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { startTestProxy } from '../support/proxy.ts'

const schemaDir = new URL('../../bench/tpcc/schema', import.meta.url).pathname
/** So few items that New-Orders wait for each other in circles, within a shard and over both. */
const SIZE: TpccSize = { warehouses: 4, items: 40, customers: 30 }
const SHARES = { unusedItem: 10, remoteLine: 2, remotePayment: 30 }
const TERMINALS = 8

onEachServer((server) => {
  test('TPC-C: all its consistency conditions hold after a run in transaction_mode twopc', async () => {
    const cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir })
    onTestFinished(() => cluster.close())
    const proxy = await startTestProxy(cluster, { config: { transaction_mode: 'twopc' } })
    onTestFinished(() => proxy.close())
    const connect = async () => {
      const { host, port, user, password } = proxy
      const client = await createConnection({ host, port, user, password, database: 'tpcc' })
      onTestFinished(() => client.destroy())
      return client
    }
    const shards = await Promise.all(
      cluster.layout.tablets.map(async ({ server: name, database }) => {
        const root = await cluster.servers.get(name)!.connectAsRoot()
        onTestFinished(() => root.destroy())
        await root.query(`USE \`${database}\`; SET GLOBAL innodb_lock_wait_timeout = 1`)
        return root
      }),
    )
    const client = await connect()
    await loadTables(tpccTables(SIZE), [(sql) => client.query(sql)])
    for (const shard of shards) expect((await askOf(shard)('SELECT w_id FROM warehouse')).length).toBe(2)

    const connections = await Promise.all(Array.from({ length: TERMINALS }, connect))
    const counts = await runTerminals({
      connections,
      size: SIZE,
      until: { transactions: 12 },
      seed: server,
      shares: SHARES,
    })

    for (const { committed } of Object.values(counts)) expect(committed).toBeGreaterThan(0)
    expect(counts.newOrder.rolledBack).toBeGreaterThan(0)
    expect(counts.newOrder.retried).toBeGreaterThan(0)
    expect(await brokenConditions(askOf(client), SIZE, counts)).toEqual([])
    expect(await brokenOnShards(shards.map(askOf), SIZE)).toEqual([])
    const [unresolved] = await client.query('SHOW UNRESOLVED TRANSACTIONS')
    expect(unresolved).toEqual([])
  }, 180_000)
})

function askOf(connection: Connection): Ask {
  return async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]
}
