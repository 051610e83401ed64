import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { type MysqlServer, startMysqlServer } from '../../../src/cli/local/mysql-server.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { ProtocolClient } from '../../support/protocol-client.ts'
import { PROXY_ACCOUNT } from '../../support/proxy.ts'
import { ProxyProcess } from '../../support/proxy-process.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { Forwarder } from './forwarder.ts'

/** What the invariants are stated with; short, so that a run meets every limit often. */
export const LIMITS = {
  poolSize: 8,
  queryMs: 5_000,
  silenceMs: 2_000,
  /** A statement is answered within its time-out; the rest is for a machine that has other things to do. */
  answerMs: 15_000,
} as const

/** From the root of the repository, for this is bundled, too. */
const SCHEMA_DIR = 'test/differential/schema'
export const HEAP_MB = 192

export type TestClusterServer = 'mariadb' | 'mysql'

/** A server of the cluster, and the network before it. */
export interface Backend {
  readonly name: string
  readonly network: Forwarder
  process(): MysqlServer
  /** Starts it again after a kill: on its port, with its data. */
  restart(): Promise<void>
  root(): Promise<Connection>
}

/** Servers, networks, and the program `serve` in a process of its own. */
export class World {
  readonly backends: readonly Backend[]
  readonly proxy: ProxyProcess
  readonly #cluster: TestCluster
  readonly #removeDir: () => void

  private constructor(
    cluster: TestCluster,
    backends: readonly Backend[],
    proxy: ProxyProcess,
    removeDir: () => void,
  ) {
    this.#cluster = cluster
    this.backends = backends
    this.proxy = proxy
    this.#removeDir = removeDir
  }

  static async start(server: TestClusterServer): Promise<World> {
    const cluster = await startCluster({ shards: 2, schemaDir: SCHEMA_DIR, server })
    const backends = await Promise.all([...cluster.servers].map((entry) => backendOf(cluster, entry)))
    const dir = tempDir('chaos')
    try {
      const topologyDir = topologyThrough(cluster, backends, dir.path)
      const proxy = await ProxyProcess.start({
        dir: dir.path,
        heapMb: HEAP_MB,
        config: configOf(cluster, topologyDir),
      })
      return new World(cluster, backends, proxy, () => dir.remove())
    } catch (error) {
      await cluster.close()
      dir.remove()
      throw error
    }
  }

  connect(): Promise<ProtocolClient> {
    return ProtocolClient.connect({ port: this.proxy.port, ...PROXY_ACCOUNT, database: 'main' })
  }

  async close(): Promise<void> {
    await this.proxy.close()
    for (const { network, process } of this.backends) {
      network.close()
      await process().process.stop('SIGKILL')
    }
    await this.#cluster.close()
    this.#removeDir()
  }
}

async function backendOf(cluster: TestCluster, [name, started]: [string, MysqlServer]): Promise<Backend> {
  let server = started
  return {
    name,
    network: await Forwarder.to(server.port),
    process: () => server,
    root: () => server.connectAsRoot(),
    restart: async () => {
      const { program, port } = server
      const dir = join(cluster.dataDir, 'servers', name)
      server = await startMysqlServer({ program, name, dir, port, account: cluster.account })
    },
  }
}

/** The cluster's topology, but for the ports. */
function topologyThrough(cluster: TestCluster, backends: readonly Backend[], dir: string): string {
  const target = join(dir, 'topology')
  mkdirSync(target)
  cpSync(cluster.topologyConfig.dir!, target, { recursive: true })
  const file = join(target, 'topology.json')
  const ports = new Map(backends.map(({ network, process }) => [process().port, network.port]))
  const topology = JSON.parse(readFileSync(file, 'utf8'))
  for (const tablet of Object.values<{ mysql_port: number }>(topology.tablets))
    tablet.mysql_port = ports.get(tablet.mysql_port)!
  writeFileSync(file, JSON.stringify(topology))
  return target
}

function configOf({ account }: TestCluster, topologyDir: string): Record<string, unknown> {
  return {
    topology: { type: 'files', dir: topologyDir },
    backend: account,
    pool: { size: LIMITS.poolSize, wait_timeout: '3s' },
    health: { interval: '200ms', timeout: '1s' },
    timeouts: { connect: '1s', silence: LIMITS.silenceMs, query: LIMITS.queryMs, auth: '3s' },
  }
}
