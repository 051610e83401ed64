/**
 * What clients cost the proxy that are mostly idle: so many connections without work and so many with, over few connections to the
 * server. Prints the memory of the proxy's process before, with the idle, and with all at work, and what those at work get.
 *
 *   npm run bench -- many-clients [--idle N] [--active N] [--backend N] [--seconds N] [--server mysql|mariadb]
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startMariadb, startMysql } from '../test/support/mysql.ts'
import { ProtocolClient } from '../test/support/protocol-client.ts'
import { PROXY_ACCOUNT } from '../test/support/proxy.ts'
import { ProxyProcess } from '../test/support/proxy-process.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { writeOneShard } from './support/one-shard.ts'
import { readOptions } from './support/options.ts'

const options = readOptions('many-clients', {
  idle: '10000',
  active: '500',
  backend: '50',
  seconds: '10',
  server: 'mysql',
})
/** Logins at once: more would only wait for each other. */
const LOGINS_AT_ONCE = 50
const MB = 1024 ** 2

const dir = tempDir('many-clients')
const stops: (() => void | Promise<void>)[] = [dir.remove]
try {
  const server = await (options.server === 'mysql' ? startMysql() : startMariadb())
  stops.unshift(() => server.close())
  const setup = await server.connect()
  await setup.query('CREATE DATABASE shop')
  await setup.query('CREATE TABLE shop.counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)')
  await setup.query('INSERT INTO shop.counters VALUES (7, 0)')
  const { topology, backend } = writeOneShard(dir.path, server, { keyspace: 'shop', table: 'counters' })
  const connectionsMax = Number(options.idle) + Number(options.active) + 100
  const config = {
    topology,
    backend,
    max_connections: connectionsMax,
    pool: { size: Number(options.backend) },
  }
  const proxy = await ProxyProcess.start({ dir: dir.path, heapMb: 2_048, config })
  stops.unshift(() => proxy.close())
  const connect = () => ProtocolClient.connect({ port: proxy.port, ...PROXY_ACCOUNT, database: 'shop' })
  const warm = await connect()
  for (let i = 0; i < 2_000; i++) await warm.query('SELECT n FROM counters WHERE id = 7')
  const clients = [warm]
  stops.unshift(() => {
    for (const client of clients) client.destroy()
  })
  const toldMb = () => `${(proxy.rssBytes / MB).toFixed(0)} MB`
  const empty = proxy.rssBytes
  console.log(`the proxy alone: ${toldMb()}`)
  // Each has asked for something once, as clients of a pool have.
  await login(Number(options.idle), async () => {
    const client = await connect()
    await client.query('SELECT n FROM counters WHERE id = 7')
    clients.push(client)
  })
  await pause(3_000)
  const perClient = (proxy.rssBytes - empty) / Number(options.idle) / 1024
  console.log(`with ${options.idle} idle clients: ${toldMb()}, ${perClient.toFixed(1)} KB each`)
  const active: ProtocolClient[] = []
  await login(Number(options.active), async () => {
    const client = await connect()
    clients.push(client)
    active.push(client)
  })
  const untilMs = performance.now() + Number(options.seconds) * 1000
  const times: number[] = []
  await Promise.all(
    active.map(async (client) => {
      while (performance.now() < untilMs) {
        const beganMs = performance.now()
        const [result] = await client.query('SELECT n FROM counters WHERE id = 7')
        if (result?.kind !== 'rows') throw new Error(JSON.stringify(result))
        times.push(performance.now() - beganMs)
      }
    }),
  )
  times.sort((a, b) => a - b)
  const [rows] = await setup.query("SHOW STATUS LIKE 'Threads_connected'")
  const [{ Value: threads }] = rows as [{ readonly Value: string }]
  console.log(`and ${options.active} at work: ${toldMb()}, ${threads} connections to the server in all`)
  const at = (part: number) => times[Math.floor(times.length * part)]!.toFixed(1)
  console.log(
    `${(times.length / Number(options.seconds)).toFixed(0)} statements/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
  await setup.end()
} finally {
  for (const stop of stops) await stop()
}

async function login(count: number, one: () => Promise<void>): Promise<void> {
  let left = count
  const turn = async () => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, turn))
}
