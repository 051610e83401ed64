/**
 * TPC-C beside one plain server: terminals run its five transactions on one server, then through a proxy over shards, each a
 * server of its own, warehouses by their number. About a tenth of the New-Orders and a seventh of the Payments write to another
 * warehouse, often on another shard. Terminals make no pauses, so that the figure is no tpmC; it is New-Orders a minute. Then
 * the specification's consistency conditions are checked, through the proxy and straight on the servers.
 *
 *   npm run bench -- tpcc --help
 */
import { readFileSync } from 'node:fs'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import { startCluster } from '../test/support/cluster.ts'
import { startMariadb, startMysql } from '../test/support/mysql.ts'
import { PROXY_ACCOUNT } from '../test/support/proxy.ts'
import { ProxyProcess } from '../test/support/proxy-process.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { loadTables } from './support/load-tables.ts'
import { readOptions } from './support/options.ts'
import { type Ask, brokenConditions, brokenOnShards } from './tpcc/conditions.ts'
import { tpccSize, tpccTables } from './tpcc/population.ts'
import { runTerminals, type TpccCounts } from './tpcc/terminals.ts'
import { TRANSACTIONS } from './tpcc/transactions.ts'

const usage =
  'tpcc [--warehouses 4] [--scale 0.1] [--terminals 8] [--seconds 30] [--shards 2] [--mode multi|twopc] [--server mysql|mariadb]'
const options = readOptions(usage, {
  warehouses: '4',
  scale: '0.1',
  terminals: '8',
  seconds: '30',
  shards: '2',
  mode: 'multi',
  server: 'mysql',
})
const [warehouses, terminals, shards] = [options.warehouses, options.terminals, options.shards].map(Number)
const size = tpccSize(warehouses!, Number(options.scale))
const flavor = options.server === 'mariadb' ? 'mariadb' : 'mysql'
const schemaDir = new URL('../bench/tpcc/schema', import.meta.url).pathname // from dist/
/** Sessions that wait for each other on two shards are told so after this time. */
const LOCK_WAIT_SECONDS = 2

/** Where terminals work, and the servers that hold the rows. */
interface Side {
  readonly name: string
  connect(): Promise<Connection>
  readonly servers: readonly Connection[]
}

const stops: (() => unknown)[] = []
try {
  const single = await startSingle()
  const sharded = await startSharded()
  const clients = await Promise.all([single, sharded].map((side) => side.connect()))
  const startedMs = Date.now()
  await loadTables(
    tpccTables(size),
    clients.map((client) => (sql: string) => client.query(sql)),
  )
  console.log(`loaded in ${((Date.now() - startedMs) / 1_000).toFixed(0)} s`)
  const plain = await measure(single, clients[0]!)
  const proxied = await measure(sharded, clients[1]!)
  console.log(`through the proxy × ${(proxied / plain).toFixed(2)} of the single server`)
} finally {
  for (const stop of stops.reverse()) await stop()
}

/** Prints what a side has done and whether its rows are right; New-Orders a minute. */
async function measure(side: Side, client: Connection): Promise<number> {
  const connections = await Promise.all(Array.from({ length: terminals! }, () => side.connect()))
  const seconds = Number(options.seconds)
  const counts = await runTerminals({
    connections,
    size,
    until: { elapsedMs: seconds * 1_000 },
    seed: side.name,
  })
  const perMinute = counts.newOrder.committed / (seconds / 60)
  console.log(`\n${side.name}: ${perMinute.toFixed(0)} New-Orders a minute`)
  print(counts)
  const broken = await brokenConditions(askOf(client), size, counts)
  broken.push(...(await brokenOnShards(side.servers.map(askOf), size)))
  console.log(broken.length === 0 ? 'all conditions hold' : `BROKEN\n${broken.join('\n')}`)
  if (broken.length > 0) process.exitCode = 1
  return perMinute
}

function print(counts: TpccCounts): void {
  console.log('               committed  rolled back  retried  median, ms  90 %, ms')
  for (const name of TRANSACTIONS) {
    const { committed, rolledBack, retried, timesMs } = counts[name]
    const sorted = [...timesMs].sort((a, b) => a - b)
    const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
    const cells = [
      String(committed).padStart(9),
      String(rolledBack).padStart(12),
      String(retried).padStart(8),
    ]
    console.log(name.padEnd(14), ...cells, at(0.5).padStart(11), at(0.9).padStart(9))
  }
}

function askOf(connection: Connection): Ask {
  return async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]
}

async function startSingle(): Promise<Side> {
  const args = [`--innodb-lock-wait-timeout=${LOCK_WAIT_SECONDS}`]
  const server = await (flavor === 'mysql' ? startMysql : startMariadb)({ args })
  stops.push(() => server.close())
  console.log(
    `${server.flavor} ${server.version}, node ${process.version}; ${warehouses} warehouses, scale ${options.scale}, ${terminals} terminals, ${shards} shards, ${options.mode}`,
  )
  const client = await server.connect({ multipleStatements: true })
  stops.push(() => client.destroy())
  await client.query('CREATE DATABASE tpcc CHARACTER SET utf8mb4')
  await client.query('USE tpcc')
  await client.query(readFileSync(`${schemaDir}/tpcc/schema.sql`, 'utf8'))
  const { port, account } = server
  return {
    name: 'single server',
    connect: () => connect({ port, ...account }),
    servers: [await onServer(server.connect())],
  }
}

async function startSharded(): Promise<Side> {
  const cluster = await startCluster({ shards: shards!, server: flavor, schemaDir })
  stops.push(() => cluster.close())
  const dir = tempDir('tpcc-proxy')
  stops.push(() => dir.remove())
  const config = {
    topology: cluster.topologyConfig,
    backend: cluster.account,
    transaction_mode: options.mode,
  }
  const proxy = await ProxyProcess.start({ dir: dir.path, heapMb: 1_024, config })
  stops.push(() => proxy.close())
  const servers = await Promise.all(
    [...cluster.servers.values()].map((each) => onServer(each.connectAsRoot())),
  )
  for (const server of servers)
    await server.query(`SET GLOBAL innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
  return {
    name: `${shards} shards, ${options.mode}`,
    connect: () => connect({ port: proxy.port, ...PROXY_ACCOUNT }),
    servers,
  }
}

async function connect(account: { port: number; user: string; password: string }): Promise<Connection> {
  const connection = await mysql.createConnection({ ...account, database: 'tpcc', dateStrings: true })
  stops.push(() => connection.destroy())
  return connection
}

/** A connection to a server itself. */
async function onServer(connecting: Promise<Connection>): Promise<Connection> {
  const connection = await connecting
  stops.push(() => connection.destroy())
  await connection.query('USE tpcc')
  return connection
}
