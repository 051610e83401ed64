/**
 * What the proxy costs: sysbench over the same rows directly, through HAProxy in TCP mode, and through Shardgate with
 * one worker, interleaved in one run. Prints queries per second, latency and CPU of the proxy process per query, and
 * the ratios to HAProxy. Machines are shared and noisy: only the ratios of one run mean something.
 *
 *   npm run bench -- proxy [--seconds N] [--rounds N] [--server mariadb|mysql] [--only text|prepared] [--guarded yes]
 *
 * `--guarded`: once more with all that protects the servers on, none of which is about these statements.
 */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { findProgram } from '../src/cli/local/find-program.ts'
import { freePort } from '../src/cli/local/free-port.ts'
import { eventually } from '../test/support/eventually.ts'
import { startMariadb, startMysql, type TestServer } from '../test/support/mysql.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { startHaproxy } from './support/haproxy.ts'
import { writeOneShard } from './support/one-shard.ts'
import { cpuSeconds, median } from './support/process-cpu.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    server: { type: 'string', default: 'mariadb' },
    only: { type: 'string' },
    rows: { type: 'string', default: '100000' },
    guarded: { type: 'string', default: 'no' },
  },
})

interface Route {
  readonly name: 'direct' | 'haproxy' | 'shardgate' | 'guarded'
  readonly port: number
  /** Absent for the server itself. */
  readonly pid?: number
}

interface Run {
  readonly queriesPerSecond: number
  readonly p50Us: number
  readonly p95Us: number
  readonly p99Us: number
  readonly cpuUs: number
}

const workloads = [
  { name: 'point select, text', kind: 'text', mode: 'disable' },
  { name: 'point select, prepared', kind: 'prepared', mode: 'auto' },
] as const

const hasSysbench = findProgram('sysbench') !== undefined
const hasHaproxy = findProgram('haproxy') !== undefined
if (!hasSysbench) console.log('no sysbench on PATH: load comes from bench/load-generator.ts')
if (!hasHaproxy) console.log('no haproxy on PATH: nothing to compare the CPU with (apt-get install haproxy)')

/** Of the server; the proxy takes the same one from its clients. */
let account: TestServer['account']
const dir = tempDir('bench')
const stops: (() => void | Promise<void>)[] = []
try {
  const server = options.server === 'mysql' ? await startMysql() : await startMariadb()
  account = server.account
  stops.push(() => server.close())
  await prepareRows(server)
  const routes: Route[] = [
    { name: 'direct', port: server.port },
    ...(hasHaproxy ? [await throughHaproxy(server)] : []),
    await startShardgate(server, 'shardgate'),
    ...(options.guarded === 'yes' ? [await startShardgate(server, 'guarded')] : []),
  ]
  console.log(`${options.server} ${server.version}, node ${process.version}, ${options.rows} rows`)
  for (const workload of workloads) {
    if (options.only !== undefined && options.only !== workload.kind) continue
    for (const threads of [16, 1]) measure(workload, threads, routes)
  }
} finally {
  for (const stop of stops.reverse()) await stop()
  dir.remove()
}

function measure(workload: (typeof workloads)[number], threads: number, routes: readonly Route[]): void {
  const runs = new Map<string, Run[]>(routes.map((route) => [route.name, []]))
  for (const route of routes) load(route, workload.mode, threads, 2) // warm up
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const route of routes) {
      runs.get(route.name)!.push(load(route, workload.mode, threads, Number(options.seconds)))
    }
  }
  const medians = routes.map((route) => ({ route, ...medianRun(runs.get(route.name)!) }))
  const haproxy = medians.find((m) => m.route.name === 'haproxy')
  const direct = medians.find((m) => m.route.name === 'direct')!
  console.log(`\n${workload.name}, ${threads} connection${threads > 1 ? 's' : ''}`)
  console.log('             qps     p50 µs   p95 µs   p99 µs   added p50   CPU µs/query   × HAProxy')
  for (const m of medians) {
    const cpu = m.route.pid === undefined ? '-' : m.cpuUs.toFixed(1)
    const ratio = m.route.pid === undefined || !haproxy ? '-' : (m.cpuUs / haproxy.cpuUs).toFixed(2)
    console.log(
      [
        m.route.name.padEnd(10),
        m.queriesPerSecond.toFixed(0).padStart(7),
        m.p50Us.toFixed(0).padStart(9),
        m.p95Us.toFixed(0).padStart(8),
        m.p99Us.toFixed(0).padStart(8),
        (m.p50Us - direct.p50Us).toFixed(0).padStart(11),
        cpu.padStart(14),
        ratio.padStart(11),
      ].join(' '),
    )
  }
}

interface Load {
  readonly queries: number
  readonly histogram: readonly { readonly us: number; readonly count: number }[]
}

function load(route: Route, mode: string, threads: number, seconds: number): Run {
  const before = cpuSeconds(route.pid)
  const { queries, histogram } = (hasSysbench ? sysbench : ownLoad)(route, mode, threads, seconds)
  return {
    queriesPerSecond: queries / seconds,
    p50Us: percentile(histogram, 0.5),
    p95Us: percentile(histogram, 0.95),
    p99Us: percentile(histogram, 0.99),
    cpuUs: ((cpuSeconds(route.pid) - before) * 1e6) / queries,
  }
}

function ownLoad(route: Route, mode: string, threads: number, seconds: number): Load {
  const { user, password } = account
  const args = [route.port, user, password, mode, threads, seconds, options.rows].map(String)
  const { stdout, stderr, status } = spawnSync(process.execPath, ['dist/bench-load-generator.js', ...args])
  if (status !== 0) throw new Error(`load through ${route.name}: ${stderr}`)
  const { queries, histogram } = JSON.parse(stdout.toString())
  return { queries, histogram: histogram.map(([us, count]: [number, number]) => ({ us, count })) }
}

function sysbench(route: Route, mode: string, threads: number, seconds: number): Load {
  const { stdout, stderr, status } = spawnSync('sysbench', [
    'oltp_point_select',
    ...connectionArgs(route.port),
    `--db-ps-mode=${mode}`,
    `--threads=${threads}`,
    `--time=${seconds}`,
    '--histogram=on',
    'run',
  ])
  const text = stdout.toString()
  if (status !== 0) throw new Error(`sysbench through ${route.name}: ${text}${stderr}`)
  const queries = Number(/queries:\s+(\d+)/.exec(text)![1])
  const histogram = [...text.matchAll(/^\s+([\d.]+) \|\*{0,40}\s+(\d+)$/gm)].map((m) => ({
    us: Number(m[1]) * 1000,
    count: Number(m[2]),
  }))
  return { queries, histogram }
}

function percentile(histogram: readonly { us: number; count: number }[], part: number): number {
  const total = histogram.reduce((sum, { count }) => sum + count, 0)
  let seen = 0
  for (const { us, count } of histogram) {
    seen += count
    if (seen >= total * part) return us
  }
  return Number.NaN
}

function medianRun(runs: readonly Run[]): Run {
  const middle = (pick: (run: Run) => number) => median(runs.map(pick))
  return {
    queriesPerSecond: middle((r) => r.queriesPerSecond),
    p50Us: middle((r) => r.p50Us),
    p95Us: middle((r) => r.p95Us),
    p99Us: middle((r) => r.p99Us),
    cpuUs: middle((r) => r.cpuUs),
  }
}

function connectionArgs(port: number): string[] {
  return [
    '--mysql-host=127.0.0.1',
    `--mysql-port=${port}`,
    `--mysql-user=${account.user}`,
    `--mysql-password=${account.password}`,
    '--mysql-db=sbtest',
    '--mysql-ssl=off',
    `--table-size=${options.rows}`,
    '--tables=1',
  ]
}

/** The table of sysbench's oltp scripts, with the same rows whichever generator drives it. */
async function prepareRows(server: TestServer): Promise<void> {
  const connection = await server.connect()
  await connection.query('CREATE DATABASE sbtest')
  await connection.query(
    "CREATE TABLE sbtest.sbtest1 (id INT NOT NULL PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k))",
  )
  const rows = Number(options.rows)
  for (let from = 1; from <= rows; from += 1_000) {
    const values = Array.from({ length: Math.min(1_000, rows - from + 1) }, (_, i) => [
      from + i,
      (from + i) % 1_000,
      `${from + i}`.repeat(20).slice(0, 120),
      'pad',
    ])
    await connection.query('INSERT INTO sbtest.sbtest1 VALUES ?', [values])
  }
  await connection.end()
}

async function throughHaproxy(server: TestServer): Promise<Route> {
  const { port, child } = await startHaproxy(dir.path, server)
  stops.push(() => void child.kill('SIGKILL'))
  await answers(port)
  return { name: 'haproxy', port, pid: child.pid! }
}

/** One sharded keyspace with one shard: the rows are the server's own, and every query is routed by its vindex. */
async function startShardgate(server: TestServer, name: 'shardgate' | 'guarded'): Promise<Route> {
  const port = await freePort()
  const own = writeOneShard(dir.path, server, { keyspace: 'sbtest', table: 'sbtest1' })
  const config = join(dir.path, `${name}.yaml`)
  const guards = name === 'guarded' ? guardsOn() : {}
  writeFileSync(config, JSON.stringify({ ...own, listen: { host: '127.0.0.1', port }, ...guards }))
  const child = spawn(process.execPath, ['dist/shardgate.js', 'serve', '--config', config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  stops.push(() => void child.kill('SIGKILL'))
  await answers(port)
  return { name, port, pid: child.pid! }
}

/** Hot rows, shedding, bounded answers, rules about other statements, a user with limits and tables that are not everybody's. */
function guardsOn() {
  const users = join(dir.path, 'guarded-users.json')
  const limits = { connections: 1_000, rate: 10_000_000, concurrency: 1_000 }
  const user = { limits, credentials: [{ password: account.password }] }
  const table_groups = [
    { tables: ['sbtest.salary'], readers: [] },
    { tables: ['sbtest.sb%'], readers: [account.user], writers: [account.user] },
  ]
  writeFileSync(users, JSON.stringify({ users: { [account.user]: user }, table_groups }))
  const rules = join(dir.path, 'rules.json')
  const rule = { name: 'no scatter', action: 'refuse', plans: ['scatter'], verbs: ['UPDATE'] }
  writeFileSync(rules, JSON.stringify({ rules: [rule] }))
  return {
    users_file: users,
    query_rules_file: rules,
    hot_rows: { mode: 'on' },
    limits: { rows: 10_000 },
    pool: { shed_after: '500ms', prefill: 8 },
  }
}

async function answers(port: number): Promise<void> {
  await eventually(`a server on port ${port}`, async () => {
    try {
      const connection = await mysql.createConnection({
        host: '127.0.0.1',
        port,
        ...account,
        database: 'sbtest',
      })
      await connection.end()
      return true
    } catch {
      return false
    }
  })
}
