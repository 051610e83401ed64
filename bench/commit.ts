/**
 * What a COMMIT over two shards costs: both have written one row, and the COMMIT through the proxy is timed beside the COMMITs of
 * the same two transactions straight on the servers, and of one of them through HAProxy and through the proxy, which tell what a hop costs,
 * interleaved in one run, by one client with one driver. The ratio is to the slower server's, straight. Servers flush their logs to disk with each commit, as those
 * in production do; `--flush-ms` has each flush take longer, for on a disk that flushes in no time the processors are measured.
 *
 *   npm run bench -- commit [--commits N] [--server mariadb|mysql] [--flush-ms N]
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { findProgram } from '../src/cli/local/find-program.ts'
import { freePort } from '../src/cli/local/free-port.ts'
import { startCluster, type TestCluster } from '../test/support/cluster.ts'
import { eventually } from '../test/support/eventually.ts'
import { PROXY_ACCOUNT, usersText } from '../test/support/proxy.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { startHaproxy } from './support/haproxy.ts'
import { median } from './support/process-cpu.ts'
import { slowDiskLibrary } from './support/slow-disk.ts'

const { values: options } = parseArgs({
  options: {
    commits: { type: 'string', default: '300' },
    server: { type: 'string', default: 'mariadb' },
    'flush-ms': { type: 'string', default: '0' },
  },
})
const server = options.server === 'mysql' ? 'mysql' : 'mariadb'
const flushMs = Number(options['flush-ms'])

/** From the root of the repository, for this is bundled, too. Ids of users on -80 and on 80-. */
const SCHEMA_DIR = 'test/differential/schema'
const IDS = [1, 4] as const
const HOST = '127.0.0.1'
/** Ahead of those that count: a proxy that has just started runs code that is not compiled yet. */
const WARM_COMMITS = 500

/** A way of committing, with the connection it takes and the rows that it has written. */
interface Route {
  readonly name: string
  readonly connection: mysql.Connection
  readonly ids: readonly number[]
  readonly us: number[]
}

const dir = tempDir('commit')
const stops: (() => void | Promise<void>)[] = [dir.remove]
try {
  const cluster = await startServers()
  stops.unshift(() => cluster.close())
  const routes = await openRoutes(cluster)
  for (let i = 0; i < WARM_COMMITS; i++) for (const route of routes) await timeCommit(route)
  for (const { us } of routes) us.length = 0
  for (let i = 0; i < Number(options.commits); i++) for (const route of routes) await timeCommit(route)
  const flushes = flushMs > 0 ? `, each flush ${flushMs} ms more` : ''
  console.log(`${server}, ${options.commits} commits each${flushes}; µs`)
  console.log(`${''.padEnd(24)}          median  fastest tenth`)
  const columns = [median, fastestTenth].map((of) => {
    const times = routes.map(({ us }) => of(us))
    const slower = Math.max(...times.slice(0, IDS.length))
    return times.map((us) => `${us.toFixed(0).padStart(7)} × ${(us / slower).toFixed(2)}`)
  })
  for (const [at, { name }] of routes.entries())
    console.log([name.padEnd(24), ...columns.map((column) => column[at]!)].join('  '))
  for (const { connection } of routes) await connection.end()
} finally {
  for (const stop of stops) await stop()
}

async function startServers(): Promise<TestCluster> {
  if (flushMs > 0) process.env['LD_PRELOAD'] = slowDiskLibrary(dir.path, flushMs)
  const cluster = await startCluster({ shards: 2, schemaDir: SCHEMA_DIR, server })
  delete process.env['LD_PRELOAD']
  for (const each of cluster.servers.values()) {
    const root = await each.connectAsRoot()
    await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    await root.end()
  }
  return cluster
}

/** Those straight to a server first, in the order of IDS. */
async function openRoutes(cluster: TestCluster): Promise<readonly Route[]> {
  const proxyPort = await startProxy(cluster)
  const names = [...cluster.servers.keys()].filter((name) => name.startsWith('main_')).sort()
  const ports = names.map((name) => cluster.servers.get(name)!.port)
  const through = (port: number, account: { user: string; password: string }) =>
    mysql.createConnection({ host: HOST, port, ...account, database: 'main' })
  const throughProxy = async (name: string, mode: string, ids: readonly number[]): Promise<Route> => {
    const connection = await through(proxyPort, PROXY_ACCOUNT)
    await connection.query(`SET transaction_mode = '${mode}'`)
    return { name, connection, ids, us: [] }
  }
  const oneShard = async (how: string, port: number, id: number): Promise<Route> => {
    const connection = await through(port, cluster.account)
    return { name: `one shard, ${how} (${id})`, connection, ids: [id], us: [] }
  }
  const straight = await Promise.all(IDS.map((id, at) => oneShard('straight', ports[at]!, id)))
  const multi = await throughProxy('two shards, multi', 'multi', IDS)
  await multi.connection.query(`INSERT INTO users (id, name) VALUES (${IDS[0]}, 'a'), (${IDS[1]}, 'b')`)
  const relayed = findProgram('haproxy') === undefined ? [] : [await throughHaproxy(ports[1]!)]
  const one = await Promise.all(
    ['multi', 'twopc'].map((mode) => throughProxy(`one shard, ${mode} (${IDS[1]})`, mode, [IDS[1]])),
  )
  return [...straight, ...relayed, ...one, multi, await throughProxy('two shards, twopc', 'twopc', IDS)]

  async function throughHaproxy(to: number): Promise<Route> {
    const { port, child } = await startHaproxy(dir.path, { host: HOST, port: to })
    stops.unshift(() => void child.kill('SIGKILL'))
    await eventually('HAProxy answers', () => through(port, cluster.account).then(close, () => false))
    return oneShard('HAProxy', port, IDS[1])
  }
}

/** The proxy as it is served, in a process of its own. */
async function startProxy(cluster: TestCluster): Promise<number> {
  const port = await freePort()
  const users = join(dir.path, 'users.json')
  writeFileSync(users, usersText())
  const config = {
    topology: cluster.topologyConfig,
    listen: { host: HOST, port },
    http: { enabled: false },
    workers: 1,
    users_file: users,
    backend: cluster.account,
    log_level: 'warn',
  }
  const file = join(dir.path, 'shardgate.yaml')
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(process.execPath, ['dist/shardgate.js', 'serve', '--config', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  stops.unshift(() => void child.kill('SIGKILL'))
  const connect = () => mysql.createConnection({ host: HOST, port, ...PROXY_ACCOUNT, database: 'main' })
  await eventually('the proxy answers', () => connect().then(close, () => false))
  return port
}

async function close(connection: mysql.Connection): Promise<boolean> {
  await connection.end()
  return true
}

/** The slowest of them: what the rest of the machine does shows little here. */
function fastestTenth(us: readonly number[]): number {
  return [...us].sort((a, b) => a - b)[Math.floor(us.length / 10)]!
}

/** Of the COMMIT alone. */
async function timeCommit({ connection, ids, us }: Route): Promise<void> {
  await connection.query('BEGIN')
  for (const id of ids)
    await connection.query(`UPDATE users SET score = COALESCE(score, 0) + 1 WHERE id = ${id}`)
  const startedNs = process.hrtime.bigint()
  await connection.query('COMMIT')
  us.push(Number(process.hrtime.bigint() - startedNs) / 1_000)
}
