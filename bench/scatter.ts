/**
 * What statements cost that several shards answer, beside HAProxy in front of one plain server with the same rows, and how
 * fast one reader gets a million rows. Everything is interleaved in one run: machines are shared and noisy, only the ratios
 * of one run mean something.
 *
 *   npm run bench -- scatter --help
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mysql, { type RowDataPacket } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { findProgram } from '../src/cli/local/find-program.ts'
import { startCluster } from '../test/support/cluster.ts'
import { startMariadb, startMysql, type TestServer } from '../test/support/mysql.ts'
import { PROXY_ACCOUNT } from '../test/support/proxy.ts'
import { ProxyProcess } from '../test/support/proxy-process.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { startHaproxy } from './support/haproxy.ts'
import { readOptions } from './support/options.ts'
import { cpuSeconds, median, peakMegabytes } from './support/process-cpu.ts'
import { type ScatteredName, scattered } from './support/scattered.ts'

const usage = `scatter [--shards 2] [--seconds 3] [--rounds 3] [--server mysql|mariadb] [--rows 100000] [--only NAME,…]
  --only: ${Object.keys(scattered).join(', ')}; stream, a million rows to one reader`
const options = readOptions(usage, {
  shards: '2',
  seconds: '3',
  rounds: '3',
  server: 'mysql',
  rows: '100000',
})
const rows = Number(options.rows)
const rounds = Number(options.rounds)
const CONNECTIONS = 16
const STREAMED_ROWS = 1_000_000

const TABLE =
  "(id BIGINT PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k))"
const SCHEMA = `CREATE TABLE sbtest1 ${TABLE}; CREATE TABLE sbtest2 ${TABLE};`

/** A way to the rows. */
interface Way {
  readonly name: string
  readonly port: number
  readonly account: { readonly user: string; readonly password: string }
  /** Of the proxy; absent for the server itself. */
  readonly pid?: number
}

if (findProgram('haproxy') === undefined) {
  process.stderr.write('no haproxy on PATH: apt-get install haproxy\n')
  process.exit(2)
}
const dir = tempDir('scatter')
const stops: (() => unknown)[] = [() => dir.remove()]
try {
  const server = options.server === 'mariadb' ? await startMariadb() : await startMysql()
  stops.push(() => server.close())
  const { port, child } = await startHaproxy(dir.path, server)
  stops.push(() => child.kill('SIGKILL'))
  const plain: Way = { name: 'plain', port: server.port, account: server.account }
  const haproxy: Way = { name: 'haproxy', port, account: server.account, pid: child.pid! }
  const ours = await throughShardgate()
  await fill(server, ours)
  console.log(
    `${server.flavor} ${server.version}, node ${process.version}, ${rows} rows, ${options.shards} shards`,
  )
  const wanted = options.only?.split(',')
  console.log(`\n${CONNECTIONS} connections   CPU µs/query: haproxy  shardgate   × HAProxy`)
  for (const name of Object.keys(scattered) as ScatteredName[])
    if (wanted?.includes(name) !== false) measureQueries(name, haproxy, ours)
  if (wanted?.includes('stream') !== false) {
    const ways = { plain, haproxy, ours }
    console.log(
      '\none reader, a million rows   rows/s: plain   haproxy  × plain  shardgate  × plain   CPU ms/MB: haproxy  shardgate   peak MB',
    )
    await measureStream('unordered', 'SELECT id, k, c, pad FROM sbtest1', ways)
    await measureStream('ordered', 'SELECT id, k, c, pad FROM sbtest1 ORDER BY id', ways)
  }
} finally {
  for (const stop of stops.reverse()) await stop()
}

function measureQueries(name: ScatteredName, haproxy: Way, ours: Way): void {
  const spent = new Map<Way, number[]>([
    [haproxy, []],
    [ours, []],
  ])
  for (const way of spent.keys()) load(way, name, 5) // warms up: compilers are at work in the first seconds
  for (let round = 0; round < rounds; round++)
    for (const [way, cpu] of spent) cpu.push(load(way, name, Number(options.seconds)))
  const [theirs, own] = [...spent.values()].map(median)
  const cells = [theirs!.toFixed(1).padStart(25), own!.toFixed(1).padStart(10)]
  console.log([name.padEnd(11), ...cells, (own! / theirs!).toFixed(2).padStart(11)].join(' '))
}

/** Microseconds of the proxy's CPU for each query. */
function load({ port, account, pid }: Way, name: ScatteredName, seconds: number): number {
  const before = cpuSeconds(pid)
  const args = [port, account.user, account.password, name, CONNECTIONS, seconds, rows].map(String)
  const { stdout, stderr, status } = spawnSync(process.execPath, ['dist/bench-load-generator.js', ...args])
  if (status !== 0) throw new Error(`load of ${name}: ${stderr}`)
  return ((cpuSeconds(pid) - before) * 1e6) / JSON.parse(stdout.toString()).queries
}

async function measureStream(
  name: string,
  sql: string,
  { plain, haproxy, ours }: Readonly<Record<'plain' | 'haproxy' | 'ours', Way>>,
): Promise<void> {
  const ways = [plain, haproxy, ours]
  const rates = new Map<Way, number[]>(ways.map((way) => [way, []]))
  for (const way of ways) await readMillion(way, sql) // warms up
  const before = ways.map(({ pid }) => cpuSeconds(pid))
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    for (const [way, rate] of rates) {
      const startedMs = performance.now()
      const read = await readMillion(way, sql)
      rate.push(STREAMED_ROWS / ((performance.now() - startedMs) / 1_000))
      if (way === plain) bytes += read
    }
  }
  const [, theirCpu, ownCpu] = ways.map(({ pid }, i) => ((cpuSeconds(pid) - before[i]!) * 1e9) / bytes)
  const single = rates.get(plain)!
  const ofPlain = (way: Way) => median(rates.get(way)!.map((rate, round) => rate / single[round]!))
  const cells = [
    median(single).toFixed(0).padStart(24),
    median(rates.get(haproxy)!).toFixed(0).padStart(9),
    ofPlain(haproxy).toFixed(2).padStart(8),
    median(rates.get(ours)!).toFixed(0).padStart(10),
    ofPlain(ours).toFixed(2).padStart(8),
    theirCpu!.toFixed(2).padStart(20),
    ownCpu!.toFixed(2).padStart(10),
    peakMegabytes(ours.pid!).toFixed(0).padStart(9),
  ]
  console.log([name.padEnd(17), ...cells].join(' '))
}

/** The bytes that its session has sent, where a server tells of them. */
async function readMillion({ port, account }: Way, sql: string): Promise<number> {
  const connection = mysql.createConnection({ host: '127.0.0.1', port, ...account, database: 'sbtest' })
  let count = 0
  while (count < STREAMED_ROWS)
    await new Promise<void>((resolve, reject) => {
      const query = connection.query({ sql, rowsAsArray: true })
      query.on('result', () => count++)
      query.on('error', reject)
      query.on('end', resolve)
    })
  const [sent] = await connection.promise().query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Bytes_sent'")
  connection.destroy()
  return Number(sent[0]!.Value)
}

async function throughShardgate(): Promise<Way> {
  const schemaDir = join(dir.path, 'schema')
  mkdirSync(join(schemaDir, 'sbtest'), { recursive: true })
  const byId = { column_vindexes: [{ column: 'id', name: 'hash' }] }
  const vschema = {
    sharded: true,
    vindexes: { hash: { type: 'xxhash' } },
    tables: { sbtest1: byId, sbtest2: byId },
  }
  writeFileSync(join(schemaDir, 'sbtest', 'vschema.json'), JSON.stringify(vschema))
  writeFileSync(join(schemaDir, 'sbtest', 'schema.sql'), SCHEMA)
  const server = options.server === 'mariadb' ? 'mariadb' : 'mysql'
  const cluster = await startCluster({ shards: Number(options.shards), server, schemaDir })
  stops.push(() => cluster.close())
  const config = { topology: cluster.topologyConfig, backend: cluster.account }
  const proxy = await ProxyProcess.start({ dir: dir.path, heapMb: 1_024, config })
  stops.push(() => proxy.close())
  return { name: 'shardgate', port: proxy.port, account: PROXY_ACCOUNT, pid: proxy.pid }
}

/** The same rows on both sides. */
async function fill(server: TestServer, { port, account }: Way): Promise<void> {
  const single = await server.connect({ multipleStatements: true })
  await single.query(`CREATE DATABASE sbtest; USE sbtest; ${SCHEMA}`)
  const sharded = await createConnection({ host: '127.0.0.1', port, ...account, database: 'sbtest' })
  const batch = 500
  for (let from = 1; from <= rows; from += batch) {
    const values = Array.from({ length: Math.min(batch, rows - from + 1) }, (_, i) => rowOf(from + i)).join(
      ', ',
    )
    for (const table of ['sbtest1', 'sbtest2'])
      for (const side of [single, sharded]) await side.query(`INSERT INTO ${table} VALUES ${values}`)
  }
  for (const side of [single, sharded]) {
    await side.query('ANALYZE TABLE sbtest1, sbtest2')
    await side.end()
  }
}

function rowOf(id: number): string {
  const digits = String(id * 7_919).padStart(11, '0')
  return `(${id}, ${1 + ((id * 7_919) % rows)}, '${digits.repeat(10)}', '${digits.repeat(5)}')`
}
