/**
 * What clients notice of a rolling restart: two proxies behind HAProxy, which asks /readyz twice a second; one after the other
 * is stopped by SIGTERM and started again while 16 clients work, half of them on connections that they keep. Prints how many
 * statements failed, which is to be none; the exit code says so, too.
 *
 *   npm run bench -- rolling-restart [--rounds N]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { findProgram } from '../src/cli/local/find-program.ts'
import { freePort } from '../src/cli/local/free-port.ts'
import { startCluster } from '../test/support/cluster.ts'
import { eventually } from '../test/support/eventually.ts'
import { PROXY_ACCOUNT, usersText } from '../test/support/proxy.ts'
import { tempDir } from '../test/support/temp-dir.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const CLIENTS = 16
const ROWS = 100

if (findProgram('haproxy') === undefined) {
  process.stderr.write('no haproxy on PATH: apt-get install haproxy\n')
  process.exit(1)
}

interface Proxy {
  readonly name: string
  readonly port: number
  readonly httpPort: number
  child: ChildProcess | undefined
}

const dir = tempDir('rolling')
const cluster = await startCluster({ isOneMysqld: true, schemaDir: 'test/differential/schema' })
writeFileSync(join(dir.path, 'users.json'), usersText())
const proxies = [await newProxy('a'), await newProxy('b')] as const
const [frontPort, statsPort] = [await freePort(), await freePort()]
let haproxy: ChildProcess | undefined
const failures = new Map<string, number>()
let [statements, connections] = [0, 0]
try {
  for (const proxy of proxies) await start(proxy)
  haproxy = startHaproxy()
  for (const proxy of proxies) await isUp(proxy)
  await insertRows()
  let goesOn = true
  const working = Array.from({ length: CLIENTS }, (_, i) => work(i % 2 === 0, () => goesOn))
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const proxy of proxies) {
      await stop(proxy)
      await start(proxy)
      await isUp(proxy)
    }
    const failed = [...failures.values()].reduce((sum, count) => sum + count, 0)
    console.log(`round ${round}: ${statements} statements, ${connections} connections, ${failed} failed`)
  }
  goesOn = false
  await Promise.all(working)
} finally {
  haproxy?.kill('SIGKILL')
  for (const { child } of proxies) child?.kill('SIGKILL')
  await cluster.close()
  dir.remove()
}
for (const [message, count] of failures) console.log(`${count} times: ${message}`)
process.exit(failures.size === 0 ? 0 : 1)

async function newProxy(name: string): Promise<Proxy> {
  return { name, port: await freePort(), httpPort: await freePort(), child: undefined }
}

async function start(proxy: Proxy): Promise<void> {
  const config = {
    topology: cluster.topologyConfig,
    listen: { host: '127.0.0.1', port: proxy.port },
    http: { host: '127.0.0.1', port: proxy.httpPort },
    users_file: join(dir.path, 'users.json'),
    backend: cluster.account,
    log_level: 'warn',
  }
  const file = join(dir.path, `${proxy.name}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  proxy.child = spawn(process.execPath, ['dist/shardgate.js', 'serve', '--config', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

async function stop({ child }: Proxy): Promise<void> {
  const exited = new Promise((resolve) => child!.once('exit', resolve))
  child!.kill('SIGTERM')
  await exited
}

function startHaproxy(): ChildProcess {
  const servers = proxies.map(
    ({ name, port, httpPort }) => `  server ${name} 127.0.0.1:${port} check port ${httpPort}`,
  )
  const lines = [
    'defaults',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen mysql',
    '  mode tcp',
    `  bind 127.0.0.1:${frontPort}`,
    '  option httpchk GET /readyz',
    '  default-server inter 500ms',
    ...servers,
    'listen stats',
    '  mode http',
    `  bind 127.0.0.1:${statsPort}`,
    '  stats enable',
    '  stats uri /',
  ]
  const config = join(dir.path, 'haproxy.cfg')
  writeFileSync(config, `${lines.join('\n')}\n`)
  return spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' })
}

/** HAProxy sends clients to it. */
async function isUp({ name }: Proxy): Promise<void> {
  await eventually(
    `HAProxy uses ${name}`,
    async () => {
      const answer = await fetch(`http://127.0.0.1:${statsPort}/;csv`).catch(() => undefined)
      return new RegExp(`^mysql,${name},.*,UP,`, 'm').test((await answer?.text()) ?? '')
    },
    30_000,
  )
}

/** A connection, and whether the server has closed it meanwhile, which pools look at before they hand one out. */
async function connect(): Promise<{ readonly db: mysql.Connection; isClosed: boolean }> {
  const account = { user: PROXY_ACCOUNT.user, password: PROXY_ACCOUNT.password, database: 'main' }
  const db = await mysql.createConnection({ host: '127.0.0.1', port: frontPort, ...account })
  connections++
  const connection = { db, isClosed: false }
  for (const event of ['error', 'end'] as const)
    db.on(event, () => {
      connection.isClosed = true
    })
  return connection
}

async function insertRows(): Promise<void> {
  const { db } = await connect()
  const rows = Array.from({ length: ROWS }, (_, i) => `(${i + 1}, 'user ${i + 1}')`)
  await db.query(`INSERT INTO users (id, name) VALUES ${rows.join(', ')}`)
  await db.end()
}

/** Reads, writes and transactions, on a connection that is kept as long as it lives, or on a new one for each. */
async function work(isKept: boolean, goesOn: () => boolean): Promise<void> {
  let connection: Awaited<ReturnType<typeof connect>> | undefined
  for (let turn = 0; goesOn(); turn++) {
    try {
      if (connection === undefined || connection.isClosed) connection = await connect()
      await ask(connection.db, turn)
      if (isKept) await pause(Math.random() * 20)
      else await connection.db.end()
    } catch (error) {
      const { message } = error as Error
      failures.set(message, (failures.get(message) ?? 0) + 1)
      connection?.db.destroy()
      connection = undefined
    }
    if (!isKept) connection = undefined
  }
  await connection?.db.end()
}

async function ask(db: mysql.Connection, turn: number): Promise<void> {
  const id = 1 + Math.floor(Math.random() * ROWS)
  const texts =
    turn % 4 === 0
      ? ['BEGIN', `UPDATE users SET score = ${turn} WHERE id = ${id}`, 'COMMIT']
      : turn % 4 === 1
        ? ['SELECT COUNT(*) FROM users']
        : [`SELECT name FROM users WHERE id = ${id}`]
  for (const text of texts) {
    await db.query(text)
    statements++
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
