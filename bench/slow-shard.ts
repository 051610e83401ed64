/**
 * Whether a shard that takes its time takes others' too: clients of one shard read by its vindex, alone first and then beside clients
 * whose statements take ten seconds on another shard, more of them than its pool has connections. Prints the latency of the first, and
 * how it changes: the rounds take turns.
 *
 *   npm run bench -- slow-shard [--clients N] [--slow N] [--seconds N] [--rounds N] [--server mysql|mariadb]
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startCluster } from '../test/support/cluster.ts'
import { ProtocolClient } from '../test/support/protocol-client.ts'
import { PROXY_ACCOUNT } from '../test/support/proxy.ts'
import { ProxyProcess } from '../test/support/proxy-process.ts'
import { tempDir } from '../test/support/temp-dir.ts'
import { readOptions } from './support/options.ts'
import { median } from './support/process-cpu.ts'

const options = readOptions('slow-shard', {
  clients: '8',
  slow: '200',
  seconds: '6',
  rounds: '3',
  server: 'mysql',
})
/** From the root of the repository, for this is bundled, too. Ids of users on -80 and on 80-. */
const SCHEMA_DIR = 'test/differential/schema'
const [SLOW_ID, QUICK_ID] = [1, 4]
const PAUSE_MS = 2

const dir = tempDir('slow-shard')
const stops: (() => void | Promise<void>)[] = [dir.remove]
try {
  const server = options.server === 'mariadb' ? 'mariadb' : 'mysql'
  const cluster = await startCluster({ shards: 2, schemaDir: SCHEMA_DIR, server })
  stops.unshift(() => cluster.close())
  const config = { topology: cluster.topologyConfig, backend: cluster.account, pool: { wait_timeout: '20s' } }
  const proxy = await ProxyProcess.start({ dir: dir.path, heapMb: 512, config })
  stops.unshift(() => proxy.close())
  const connect = () => ProtocolClient.connect({ port: proxy.port, ...PROXY_ACCOUNT, database: 'main' })
  const clients = (count: number) => Promise.all(Array.from({ length: count }, connect))
  const [quick, slow] = [await clients(Number(options.clients)), await clients(Number(options.slow))]
  stops.unshift(() => {
    for (const client of [...quick, ...slow]) client.destroy()
  })
  await quick[0]!.query(`INSERT INTO users (id, name) VALUES (${SLOW_ID}, 'a'), (${QUICK_ID}, 'b')`)
  await read(quick, 2)
  const [alone, beside] = [measured(), measured()]
  for (let round = 0; round < Number(options.rounds); round++) {
    note(alone, await read(quick, Number(options.seconds)))
    const asked = Promise.all(
      slow.map((client) => client.query(`SELECT SLEEP(10) FROM users WHERE id = ${SLOW_ID}`)),
    )
    await pause(500)
    note(beside, await read(quick, Number(options.seconds)))
    await asked
  }
  console.log(
    `${server}, ${options.clients} clients of a shard, ${options.slow} of another that answers after 10 s`,
  )
  console.log('            per s    p50 ms    p99 ms')
  for (const [name, of] of [
    ['alone', alone],
    ['beside', beside],
  ] as const)
    console.log(
      `${name.padEnd(9)}${median(of.perSecond).toFixed(0).padStart(8)}${median(of.p50Ms).toFixed(2).padStart(10)}${median(of.p99Ms).toFixed(2).padStart(10)}`,
    )
  console.log(`p99 × ${(median(beside.p99Ms) / median(alone.p99Ms)).toFixed(2)}`)
} finally {
  for (const stop of stops) await stop()
}

interface Measured {
  readonly perSecond: number[]
  readonly p50Ms: number[]
  readonly p99Ms: number[]
}

function measured(): Measured {
  return { perSecond: [], p50Ms: [], p99Ms: [] }
}

function note({ perSecond, p50Ms, p99Ms }: Measured, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b)
  perSecond.push(times.length / Number(options.seconds))
  p50Ms.push(sorted[Math.floor(sorted.length / 2)]!)
  p99Ms.push(sorted[Math.floor(sorted.length * 0.99)]!)
}

/** Milliseconds of each. */
async function read(clients: readonly ProtocolClient[], seconds: number): Promise<readonly number[]> {
  const untilMs = performance.now() + seconds * 1000
  const times: number[] = []
  const run = async (client: ProtocolClient) => {
    while (performance.now() < untilMs) {
      const beganMs = performance.now()
      const [result] = await client.query(`SELECT name FROM users WHERE id = ${QUICK_ID}`)
      if (result?.kind !== 'rows') throw new Error(JSON.stringify(result))
      times.push(performance.now() - beganMs)
      await pause(PAUSE_MS)
    }
  }
  await Promise.all(clients.map(run))
  return times
}
