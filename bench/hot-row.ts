/**
 * What waiting for one row in the proxy is worth: clients that all add to the same row, through a proxy without hot row protection
 * and through others with it, interleaved in one run; by single statements and by BEGIN, UPDATE, COMMIT; beside them some who read other
 * rows through the same proxy. Prints statements (or transactions) per second, the 99th percentile, and the ratio to the first. The server
 * flushes its logs with each commit.
 *
 *   npm run bench -- hot-row [--clients N] [--seconds N] [--rounds N] [--server mysql|mariadb] [--concurrency 1,2,5]
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../src/cli/local/free-port.ts'
import { eventually } from '../test/support/eventually.ts'
import { startMariadb, startMysql, type TestServer } from '../test/support/mysql.ts'
import { ProtocolClient } from '../test/support/protocol-client.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { writeOneShard } from './support/one-shard.ts'
import { readOptions } from './support/options.ts'
import { median } from './support/process-cpu.ts'

const options = readOptions('hot-row', {
  clients: '64',
  seconds: '4',
  rounds: '3',
  server: 'mysql',
  concurrency: '1,2,5',
})

interface Route {
  readonly name: string
  readonly writers: readonly ProtocolClient[]
  readonly readers: readonly ProtocolClient[]
  readonly writes: Measured
  readonly reads: Measured
}

interface Measured {
  readonly perSecond: number[]
  readonly p99Ms: number[]
}

const READERS = 4
/** They want little. */
const READ_PAUSE_MS = 10
const READ = 'SELECT n FROM counters WHERE id = 8'
const ADD = 'UPDATE counters SET n = n + 1 WHERE id = 7'
const works = [
  { name: 'one statement', statements: [ADD] },
  { name: 'BEGIN, UPDATE, COMMIT', statements: ['BEGIN', ADD, 'COMMIT'] },
]

const dir = tempDir('hot-row')
const stops: (() => void | Promise<void>)[] = [dir.remove]
try {
  const args = ['--innodb-flush-log-at-trx-commit=1', '--server-id=1', '--log-bin=binlog', '--sync-binlog=1']
  const server = await (options.server === 'mysql' ? startMysql({ args }) : startMariadb({ args }))
  stops.unshift(() => server.close())
  const setup = await server.connect()
  await setup.query('CREATE DATABASE shop')
  await setup.query('CREATE TABLE shop.counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)')
  await setup.query('INSERT INTO shop.counters VALUES (7, 0), (8, 0)')
  const routes = [await open(server, 'off')]
  for (const concurrency of options.concurrency.split(',')) routes.push(await open(server, concurrency))
  console.log(
    `${options.server} ${server.version}, node ${process.version}, ${options.clients} clients on one row`,
  )
  for (const { name, statements } of works) {
    for (const route of routes) await load(route, statements, 1)
    for (const { writes, reads } of routes)
      for (const { perSecond, p99Ms } of [writes, reads]) perSecond.length = p99Ms.length = 0
    for (let round = 0; round < Number(options.rounds); round++)
      for (const route of routes) await load(route, statements, Number(options.seconds))
    console.log(`\n${name.padEnd(24)}  per s    p99 ms   × off   readers: per s    p99 ms   × off`)
    const [unprotected] = routes
    for (const route of routes) {
      const [writes, reads] = [told(route.writes, unprotected!.writes), told(route.reads, unprotected!.reads)]
      console.log(`${route.name.padEnd(24)}${writes}${''.padStart(9)}${reads}`)
    }
  }
  await setup.end()
} finally {
  for (const stop of stops) await stop()
}

async function load(route: Route, statements: readonly string[], seconds: number): Promise<void> {
  const untilMs = performance.now() + seconds * 1000
  const run = async (
    client: ProtocolClient,
    statements: readonly string[],
    times: number[],
    pauseMs: number,
  ) => {
    for (let beganMs = performance.now(); beganMs < untilMs; ) {
      for (const sql of statements) {
        const [result] = await client.query(sql)
        if (result?.kind === 'error') throw new Error(`${route.name}: ${JSON.stringify(result)}`)
      }
      times.push(performance.now() - beganMs)
      if (pauseMs > 0) await setTimeout(pauseMs)
      beganMs = performance.now()
    }
  }
  const [writing, reading]: [number[], number[]] = [[], []]
  await Promise.all([
    ...route.writers.map((client) => run(client, statements, writing, 0)),
    ...route.readers.map((client) => run(client, [READ], reading, READ_PAUSE_MS)),
  ])
  note(route.writes, writing, seconds)
  note(route.reads, reading, seconds)
}

function note({ perSecond, p99Ms }: Measured, times: number[], seconds: number): void {
  times.sort((a, b) => a - b)
  perSecond.push(times.length / seconds)
  p99Ms.push(times[Math.floor(times.length * 0.99)]!)
}

function told({ perSecond, p99Ms }: Measured, unprotected: Measured): string {
  const rate = median(perSecond)
  const ratio = (rate / median(unprotected.perSecond)).toFixed(2)
  return `${rate.toFixed(0).padStart(7)}${median(p99Ms).toFixed(0).padStart(10)}${ratio.padStart(8)}`
}

async function open(server: TestServer, concurrency: string): Promise<Route> {
  const isOff = concurrency === 'off'
  const port = await freePort()
  const own = writeOneShard(dir.path, server, { keyspace: 'shop', table: 'counters' })
  const config = join(dir.path, `${concurrency}.json`)
  const hotRows = isOff ? { mode: 'off' } : { mode: 'on', concurrency: Number(concurrency) }
  writeFileSync(config, JSON.stringify({ ...own, listen: { host: '127.0.0.1', port }, hot_rows: hotRows }))
  const child = spawn(process.execPath, ['dist/shardgate.js', 'serve', '--config', config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  stops.unshift(() => void child.kill('SIGKILL'))
  const connect = () => ProtocolClient.connect({ port, ...server.account, database: 'shop' })
  const answers = async () => (await connect()).destroy()
  await eventually(`the proxy on port ${port}`, () =>
    answers().then(
      () => true,
      () => false,
    ),
  )
  const clients = (count: number) => Promise.all(Array.from({ length: count }, connect))
  const [writers, readers] = [await clients(Number(options.clients)), await clients(READERS)]
  stops.unshift(() => {
    for (const client of [...writers, ...readers]) client.destroy()
  })
  const measured = (): Measured => ({ perSecond: [], p99Ms: [] })
  const name = isOff ? 'off' : `concurrency ${concurrency}`
  return { name, writers, readers, writes: measured(), reads: measured() }
}
