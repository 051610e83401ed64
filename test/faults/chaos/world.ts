import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { freePort } from '../../../src/cli/local/free-port.ts'
import { type MysqlServer, startMysqlServer } from '../../../src/cli/local/mysql-server.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { ProtocolClient } from '../../support/protocol-client.ts'
import { PROXY_ACCOUNT, usersText } from '../../support/proxy.ts'
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
const PROGRAM = 'scripts/start.mjs'
const HEAP_MB = 192

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

  static async start(): Promise<World> {
    const cluster = await startCluster({ shards: 2, schemaDir: SCHEMA_DIR })
    const backends = await Promise.all([...cluster.servers].map((entry) => backendOf(cluster, entry)))
    const dir = tempDir('chaos')
    try {
      const topologyDir = topologyThrough(cluster, backends, dir.path)
      const proxy = await ProxyProcess.start(dir.path, topologyDir, cluster.account)
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

/** `serve`, seen from outside. */
export class ProxyProcess {
  readonly port: number
  readonly logFile: string
  readonly #httpPort: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: readonly [number, number], logFile: string) {
    this.#child = child
    this.port = ports[0]
    this.#httpPort = ports[1]
    this.logFile = logFile
  }

  static async start(dir: string, topologyDir: string, account: TestCluster['account']) {
    const [port, httpPort] = [await freePort(), await freePort()]
    writeFileSync(join(dir, 'users.json'), usersText())
    const config = {
      topology: { type: 'files', dir: topologyDir },
      listen: { host: '127.0.0.1', port },
      http: { host: '127.0.0.1', port: httpPort },
      users_file: join(dir, 'users.json'),
      backend: account,
      pool: { size: LIMITS.poolSize, wait_timeout: '3s' },
      health: { interval: '200ms', timeout: '1s' },
      timeouts: { connect: '1s', silence: LIMITS.silenceMs, query: LIMITS.queryMs, auth: '3s' },
      log_level: 'warn',
    }
    const file = join(dir, 'shardgate.yaml')
    writeFileSync(file, JSON.stringify(config))
    const logFile = join(dir, 'proxy.log')
    const log = openSync(logFile, 'a')
    const args = [`--max-old-space-size=${HEAP_MB}`, PROGRAM, 'serve', '--config', file]
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] })
    process.once('exit', () => child.kill('SIGKILL'))
    const proxy = new ProxyProcess(child, [port, httpPort], logFile)
    await eventually('the proxy serves', async () => {
      if (!proxy.isRunning) throw new Error(`the proxy ended:\n${proxy.log()}`)
      const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined)
      return (await answer?.text())?.trim() === 'ok' && answer?.ok
    })
    return proxy
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get ending(): string {
    const { exitCode, signalCode } = this.#child
    return `exit code ${exitCode}, signal ${signalCode}; the end of its log:\n${this.log().slice(-2_000)}`
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  get rssBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  /** Sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`)).text()
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
    if (values.length === 0) throw new Error(`/metrics has no ${name}`)
    return values.reduce((sum, [, value]) => sum + Number(value), 0)
  }

  async close(): Promise<void> {
    if (!this.isRunning) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
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
