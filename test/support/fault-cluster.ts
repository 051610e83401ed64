import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { type MysqlServer, startMysqlServer } from '../../src/cli/local/mysql-server.ts'
import { startCluster, type TestCluster } from './cluster.ts'
import { pause, resume } from './pause.ts'
import { ProtocolClient, type ProtocolClientOptions } from './protocol-client.ts'
import { startTestProxy, type TestProxy, type TestProxyOptions } from './proxy.ts'

/** Two shards of `main`, each on a server of its own, and a proxy over them. */
export interface FaultCluster {
  readonly cluster: TestCluster
  readonly proxy: TestProxy
  /** A client of the proxy, in `main`. */
  connect(options?: Partial<ProtocolClientOptions>): Promise<ProtocolClient>
  /** The server of a shard, as root. The caller ends the connection. */
  rootOf(shard: Shard): Promise<Connection>
  /** Ends a shard's server without a word. */
  kill(shard: Shard): Promise<void>
  /** Stops a shard's server as a machine that hangs would, until `resume`. */
  pause(shard: Shard): Promise<void>
  resume(shard: Shard): void
  /** Starts it again on its port, with its data. */
  restart(shard: Shard): Promise<void>
  /** Another proxy over the same cluster. */
  startProxy(options: TestProxyOptions): Promise<TestProxy>
  close(): Promise<void>
}

export type Shard = '-80' | '80-'

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

export interface FaultClusterOptions extends TestProxyOptions {
  readonly server?: 'mysql' | 'mariadb'
  readonly schemaDir?: string
}

/**
 * `server`: MariaDB unless told otherwise. Nobody waits for a primary that is lost, unless a test says so: what is looked at here is
 * how statements end that are under way.
 */
export async function startFaultCluster({
  server = 'mariadb',
  schemaDir = SCHEMA_DIR,
  ...options
}: FaultClusterOptions = {}): Promise<FaultCluster> {
  const cluster = await startCluster({ shards: 2, schemaDir, server })
  const proxies: TestProxy[] = []
  const startProxy = async (more: TestProxyOptions) => {
    const config = { buffer: { window: '0' }, ...more.config }
    const started = await startTestProxy(cluster, { ...more, config })
    proxies.push(started)
    return started
  }
  const proxy = await startProxy(options)
  const servers = new Map<string, MysqlServer>(cluster.servers)
  const nameOf = (shard: Shard) => `main_${shard}-primary`
  const restarted: MysqlServer[] = []
  return {
    cluster,
    proxy,
    startProxy,
    connect: (more = {}) => connectTo(proxy, more),
    rootOf: (shard) => servers.get(nameOf(shard))!.connectAsRoot(),
    kill: (shard) => servers.get(nameOf(shard))!.process.stop('SIGKILL'),
    pause: (shard) => pause(servers.get(nameOf(shard))!.process),
    resume: (shard) => resume(servers.get(nameOf(shard))!.process),
    restart: async (shard) => {
      const name = nameOf(shard)
      const { program, port } = servers.get(name)!
      const dir = join(cluster.dataDir, 'servers', name)
      const server = await startMysqlServer({ program, name, dir, port, account: cluster.account })
      restarted.push(server)
      servers.set(name, server)
    },
    close: async () => {
      for (const started of proxies) await started.close()
      for (const server of restarted) await server.process.stop('SIGKILL')
      await cluster.close()
    },
  }
}

/** A client of a proxy, in `main`. */
export function connectTo(
  { port, user, password }: TestProxy,
  more: Partial<ProtocolClientOptions> = {},
): Promise<ProtocolClient> {
  return ProtocolClient.connect({ port, user, password, database: 'main', ...more })
}

/** Threads of a server that run a statement with `marker` in it. */
export async function threadsRunning(root: Connection, marker: string): Promise<readonly number[]> {
  const [rows] = await root.query(
    'SELECT id FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID()',
    [`%${marker}%`],
  )
  return (rows as { id: number }[]).map(({ id }) => id)
}
