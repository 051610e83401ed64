import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCluster, type TestCluster } from './cluster.ts'
import { KEPT_STATISTICS, keepStatistics } from './keep-statistics.ts'
import { startMariadb, startMysql, type TestServer } from './mysql.ts'
import { ProtocolClient, type ProtocolClientOptions } from './protocol-client.ts'
import { PROXY_ACCOUNT, PROXY_ADMIN, startTestProxy, type TestProxy, type TestProxyOptions } from './proxy.ts'

export interface PairOptions {
  readonly server: 'mariadb' | 'mysql'
  /** One proxy for each: over clusters of so many shards. */
  readonly shardCounts: readonly number[]
  /** A server for every shard instead of a database for every shard. */
  readonly isOneMysqld?: boolean
  /** Folder with one folder a keyspace; the reference gets a database of the same name for each. */
  readonly schemaDir: string
  readonly keyspaces: readonly string[]
  /** Of the proxies. */
  readonly config?: TestProxyOptions['config']
}

export interface SideOptions extends Partial<ProtocolClientOptions> {
  /** With role `admin` at a proxy; the reference's account may do everything. */
  readonly isAdmin?: boolean
}

/** Somebody who answers statements. */
export interface Side {
  readonly name: string
  connect(options?: SideOptions): Promise<ProtocolClient>
}

/** One plain server that holds all rows, and proxies over shards that hold the same ones. */
export interface Pair {
  readonly flavor: 'mariadb' | 'mysql'
  readonly reference: Side
  readonly proxies: readonly (Side & { readonly proxy: TestProxy; readonly cluster: TestCluster })[]
  readonly server: TestServer
  close(): Promise<void>
}

export async function startPair(options: PairOptions): Promise<Pair> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    await Promise.allSettled(closers.reverse().map((closer) => closer()))
  }
  try {
    const server = await startReference(options)
    closers.push(() => server.close())
    const proxies: Pair['proxies'][number][] = []
    for (const shards of options.shardCounts) {
      const { schemaDir, isOneMysqld = true } = options
      const cluster = await startCluster({ shards, server: options.server, isOneMysqld, schemaDir })
      for (const mysqld of cluster.servers.values()) await keepStatistics(mysqld)
      const { config } = options
      const proxy = await startTestProxy(cluster, config === undefined ? {} : { config })
      closers.push(async () => {
        await proxy.close()
        await cluster.close()
      })
      proxies.push({ name: `${shards} shards`, proxy, cluster, connect: connectTo(proxy) })
    }
    const reference = { name: 'reference', connect: connectTo({ port: server.port, ...server.account }) }
    return { flavor: options.server, reference, proxies, server, close }
  } catch (error) {
    await close()
    throw error
  }
}

function connectTo({
  port,
  user,
  password,
}: {
  port: number
  user: string
  password: string
}): Side['connect'] {
  return ({ isAdmin = false, ...more } = {}) => {
    const account = isAdmin && user === PROXY_ACCOUNT.user ? PROXY_ADMIN : { user, password }
    return ProtocolClient.connect({ port, ...account, ...more })
  }
}

async function startReference({ server, schemaDir, keyspaces }: PairOptions): Promise<TestServer> {
  const started = await (server === 'mysql' ? startMysql : startMariadb)({ args: [KEPT_STATISTICS] })
  const connection = await started.connect({ multipleStatements: true })
  try {
    for (const name of keyspaces) {
      await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
      await connection.query(`USE ${name}`)
      await connection.query(readFileSync(join(schemaDir, name, 'schema.sql'), 'utf8'))
    }
  } catch (error) {
    await started.close()
    throw error
  } finally {
    connection.destroy()
  }
  return started
}
