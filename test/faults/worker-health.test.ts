import { execFileSync } from 'node:child_process'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { PROXY_ACCOUNT } from '../support/proxy.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { tempDir } from '../support/temp-dir.ts'

const WORKERS = 3
/** All of one server: `main` of the sample has as many. */
let tablets: number
let cluster: TestCluster
let proxy: ProxyProcess
const dir = tempDir('worker-health')

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true, replicas: 1 })
  tablets = cluster.topology.current().tablets.size / 2
  proxy = await ProxyProcess.start({
    dir: dir.path,
    heapMb: 256,
    config: {
      topology: cluster.topologyConfig,
      backend: cluster.account,
      workers: WORKERS,
      health: { interval: '200ms', timeout: '1s' },
    },
  })
}, 120_000)
afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
  dir.remove()
})

/** Health checks that the replica's server gets in a second. */
async function checksPerSecond(): Promise<number> {
  const root = await cluster.servers.get('shared-replica1')!.connectAsRoot()
  const count = async () => {
    const [[row]] = await root.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_show_slave_status'")
    return Number(row!['Value'])
  }
  const before = await count()
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const checks = (await count()) - before
  root.destroy()
  return checks / 2
}

/** Processes below the proxy, by their place: the first looks for all. */
function workers(): Map<string, number> {
  const pids = execFileSync('pgrep', ['-P', String(proxy.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return new Map(
    pids.map((pid) => {
      const environment = execFileSync('cat', [`/proc/${pid}/environ`], { encoding: 'utf8' })
      return [/SHARDGATE_WORKER_SLOT=(\d+)/.exec(environment)![1]!, Number(pid)]
    }),
  )
}

test('one worker looks at the servers for all, and others when it is lost', async () => {
  const rate = await checksPerSecond()
  expect(rate).toBeGreaterThan(tablets * 2)
  expect(rate, 'of five a second, by one').toBeLessThan(tablets * 6)
  const first = workers().get('1')!
  process.kill(first, 'SIGSTOP')
  try {
    // What has happened meanwhile the others find by themselves.
    await cluster.servers.get('shared-replica1')!.process.stop('SIGKILL')
    const answers = async () => {
      const client = await createConnection({
        host: '127.0.0.1',
        port: proxy.port,
        ...PROXY_ACCOUNT,
        connectTimeout: 500,
      })
      const [rows] = await client.query<RowDataPacket[]>('SHOW VITESS_TABLETS')
      client.destroy()
      return rows.filter((row) => row['State'] === 'NOT_SERVING').length
    }
    await eventually('it is not serving', async () => (await answers().catch(() => 0)) === tablets)
  } finally {
    process.kill(first, 'SIGCONT')
  }
}, 30_000)
