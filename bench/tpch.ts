/**
 * TPC-H beside one plain server: the 22 queries over the same rows, on one server and through a proxy over four shards,
 * each a server of its own. Prints for each query the times (the median of the rounds), their ratio, and the work: rows
 * that the storage engine has read and bytes that the servers have sent. The four shards share this machine's cores with
 * the single server, so that times tell what the proxy adds, and rows and bytes what it does.
 *
 *   npm run bench -- tpch --help
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
import { type TpchQuery, tpchQueries } from './tpch/queries.ts'
import { tpchTables } from './tpch/rows.ts'

const usage = 'tpch [--scale 0.1] [--rounds 3] [--shards 4] [--server mysql|mariadb] [--only 1,6,14]'
const options = readOptions(usage, { scale: '0.1', rounds: '3', shards: '4', server: 'mysql' })
const shards = Number(options.shards)
const schemaDir = new URL('../bench/tpch/schema', import.meta.url).pathname // from dist/
/** Of all servers of a side together. */
const BUFFER_POOL_BYTES = 512 * 1024 * 1024
/** Where statements are run, and the servers that do the work. */
interface Side {
  readonly name: string
  readonly client: Connection
  readonly servers: readonly Connection[]
}

interface Work {
  readonly rowsRead: number
  readonly bytesSent: number
}

interface Answer {
  readonly ms: number
  /** As JSON, for comparison; what it was refused with. */
  readonly rows: string
  readonly error?: string
}

const stops: (() => unknown)[] = []
try {
  const single = await startSingle()
  const sharded = await startSharded()
  const startedMs = Date.now()
  const counts = await loadTables(
    tpchTables(Number(options.scale)),
    [single, sharded].map(
      ({ client }) =>
        (sql: string) =>
          client.query(sql),
    ),
  )
  // A change of a table has the proxy look at all of them: it knows how large they are, as one that has run for a while does.
  await sharded.client.query("ALTER TABLE region COMMENT = 'parts of the world'")
  const seconds = ((Date.now() - startedMs) / 1_000).toFixed(0)
  console.log(`scale ${options.scale}, ${counts.get('lineitem')} rows of lineitem, loaded in ${seconds} s`)
  console.log('            time, ms                   rows read                 KB sent')
  console.log('query   single    proxy   ratio     single     shards     single     shards')
  const wanted = options.only?.split(',').map(Number)
  const ratios: number[] = []
  for (const query of tpchQueries) {
    if (wanted !== undefined && !wanted.includes(query.number)) continue
    const ratio = await measure(query, single, sharded)
    if (ratio !== undefined) ratios.push(ratio)
  }
  const slower = ratios.filter((ratio) => ratio > 3).length
  const faster = ratios.filter((ratio) => ratio < 1).length
  console.log(`${ratios.length} answered, ${faster} faster than the single server, ${slower} slower than 3 ×`)
} finally {
  for (const stop of stops.reverse()) await stop()
}

/** Prints a query's line; the ratio of times, undefined when the proxy refuses it. */
async function measure(query: TpchQuery, single: Side, sharded: Side): Promise<number | undefined> {
  const label = `Q${query.number}`.padEnd(5)
  const [expected, plainWork] = await workOf(single, query)
  const [actual, shardWork] = await workOf(sharded, query)
  if (actual.error !== undefined) {
    console.log(`${label} ${actual.error}`)
    return undefined
  }
  const times = new Map([single, sharded].map((side) => [side, [] as number[]]))
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [side, taken] of times) taken.push((await run(side, query)).ms)
  }
  const [plainMs, proxyMs] = [median(times.get(single)!), median(times.get(sharded)!)]
  const cells = [
    plainMs.toFixed(1).padStart(8),
    proxyMs.toFixed(1).padStart(8),
    (proxyMs / plainMs).toFixed(2).padStart(7),
    ...[plainWork.rowsRead, shardWork.rowsRead].map((count) => String(count).padStart(10)),
    ...[plainWork.bytesSent, shardWork.bytesSent].map((bytes) => (bytes / 1_024).toFixed(1).padStart(10)),
  ]
  console.log([label, ...cells, ...(expected.rows === actual.rows ? [] : ['rows differ'])].join(' '))
  return proxyMs / plainMs
}

/** Runs a query with nothing else at work and takes down what it made the servers do. */
async function workOf(side: Side, query: TpchQuery): Promise<[Answer, Work]> {
  const before = await countersOf(side)
  const answer = await run(side, query)
  const after = await countersOf(side)
  const idle = await countersOf(side) // what counting itself adds
  const spent = (name: keyof Work) => after[name] - before[name] - (idle[name] - after[name])
  return [answer, { rowsRead: spent('rowsRead'), bytesSent: spent('bytesSent') }]
}

async function run({ client }: Side, { sql }: TpchQuery): Promise<Answer> {
  const startedMs = performance.now()
  try {
    const [rows] = await client.query(sql)
    return { ms: performance.now() - startedMs, rows: JSON.stringify(rows) }
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string }
    return { ms: performance.now() - startedMs, rows: '', error: `${errno} ${message}` }
  }
}

async function countersOf({ servers }: Side): Promise<Work> {
  let [rowsRead, bytesSent] = [0, 0]
  for (const server of servers) {
    const [rows] = await server.query<RowDataPacket[]>(
      `SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_read', 'Bytes_sent')`,
    )
    for (const { Variable_name: name, Value: value } of rows) {
      if (name === 'Innodb_rows_read') rowsRead += Number(value)
      else bytesSent += Number(value)
    }
  }
  return { rowsRead, bytesSent }
}

async function startSingle(): Promise<Side> {
  const server = options.server === 'mysql' ? await startMysql() : await startMariadb()
  stops.push(() => server.close())
  console.log(`${server.flavor} ${server.version}, node ${process.version}, ${shards} shards`)
  const client = await server.connect({ multipleStatements: true })
  stops.push(() => client.destroy())
  await client.query('CREATE DATABASE tpch CHARACTER SET utf8mb4')
  await client.query('USE tpch')
  await client.query(readFileSync(`${schemaDir}/tpch/schema.sql`, 'utf8'))
  return { name: 'single', client, servers: [await watch(server.connect(), BUFFER_POOL_BYTES)] }
}

async function startSharded(): Promise<Side> {
  const server = options.server === 'mysql' ? 'mysql' : 'mariadb'
  const cluster = await startCluster({ shards, server, schemaDir })
  stops.push(() => cluster.close())
  const dir = tempDir('tpch-proxy')
  stops.push(() => dir.remove())
  const config = { topology: cluster.topologyConfig, backend: cluster.account }
  const proxy = await ProxyProcess.start({ dir: dir.path, heapMb: 1_024, config })
  stops.push(() => proxy.close())
  const client = await mysql.createConnection({ port: proxy.port, ...PROXY_ACCOUNT, database: 'tpch' })
  stops.push(() => client.destroy())
  const servers = [...cluster.servers.values()].map((each) =>
    watch(each.connectAsRoot(), BUFFER_POOL_BYTES / shards),
  )
  return { name: 'sharded', client, servers: await Promise.all(servers) }
}

/** A connection that asks a server for its counters; the server gets its part of the memory first. */
async function watch(connecting: Promise<Connection>, bufferPoolBytes: number): Promise<Connection> {
  const connection = await connecting
  stops.push(() => connection.destroy())
  await connection.query(`SET GLOBAL innodb_buffer_pool_size = ${bufferPoolBytes}`)
  return connection
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}
