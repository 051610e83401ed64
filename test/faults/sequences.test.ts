import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import { PROXY_ACCOUNT } from '../support/proxy.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Proxies that end at any moment, two at a time on the same sequence: no id is given twice, and none that was acknowledged is lost. */
const dirs = [tempDir('sequences'), tempDir('sequences')] as const
let cluster: TestCluster
let proxies: ProxyProcess[] = []

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true, schemaDir: 'test/differential/schema' })
})
afterAll(async () => {
  for (const proxy of proxies) await proxy.close()
  await cluster?.close()
  for (const dir of dirs) dir.remove()
})

const KILLS = 4
/** More than a block of the sequence. */
const ROWS_BEFORE_KILL = 150

function start(i: number): Promise<ProxyProcess> {
  const config = { topology: cluster.topologyConfig, backend: cluster.account }
  return ProxyProcess.start({ dir: dirs[i]!.path, heapMb: 150, config })
}

function client({ port }: ProxyProcess): Promise<ProtocolClient> {
  return connectTo({ port, ...PROXY_ACCOUNT } as Parameters<typeof connectTo>[0])
}

test(`${KILLS} kills of a proxy among inserts`, async () => {
  proxies = await Promise.all([start(0), start(1)])
  const acknowledged: bigint[] = []
  const refused: string[] = []
  /** Until its proxy is gone, or `isEnough`. */
  const insert = async (proxy: ProxyProcess, isEnough: () => boolean) => {
    const session = await client(proxy)
    try {
      while (!isEnough()) {
        const [answer] = await session.query(`INSERT INTO users (name) VALUES ('a'), ('b'), ('c')`)
        if (answer!.kind === 'ok') for (let i = 0n; i < 3n; i++) acknowledged.push(answer!.lastInsertId + i)
        else if (answer!.kind === 'error') refused.push(answer!.message)
      }
    } catch {
      // its proxy is gone
    }
    session.destroy()
  }
  for (let kill = 0; kill < KILLS; kill++) {
    const until = acknowledged.length + ROWS_BEFORE_KILL
    const isEnough = () => acknowledged.length >= until
    const [victim, other] = kill % 2 === 0 ? proxies : [...proxies].reverse()
    const working = [victim!, victim!, other!, other!].map((proxy) => insert(proxy, isEnough))
    while (!isEnough()) await new Promise((resolve) => setImmediate(resolve))
    await victim!.close()
    await Promise.all(working)
    proxies[proxies.indexOf(victim!)] = await start(kill % 2)
  }
  expect(refused).toEqual([])
  expect(new Set(acknowledged).size).toBe(acknowledged.length)
  const session = await client(proxies[0]!)
  const [rows] = await session.query('SELECT id FROM users')
  const stored = rows!.kind === 'rows' ? rows!.rows.map((row) => textRow(row)[0]!) : []
  expect(new Set(stored).size).toBe(stored.length)
  const lost = acknowledged.filter((id) => !stored.includes(id.toString()))
  expect(lost).toEqual([])
  session.close()
}, 120_000)
