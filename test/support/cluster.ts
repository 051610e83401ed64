import { type LocalCluster, startCluster as startLocal } from '../../src/cli/local/cluster.ts'
import { inspectMysqld } from '../../src/cli/local/mysql-program.ts'
import { readSchemaDir } from '../../src/cli/local/schema-dir.ts'
import { followTopology } from '../../src/cli/open-topology.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import type { TopologyFollower } from '../../src/topology/follower.ts'
import { etcdCommand } from './etcd.ts'
import { mariadbCommand, mysqlCommand } from './mysql.ts'
import { tempDir } from './temp-dir.ts'

export interface TestClusterOptions {
  /** Shards of each sharded keyspace. Default 2. */
  readonly shards?: number
  /** Default `mariadb`. */
  readonly server?: 'mariadb' | 'mysql'
  readonly replicas?: number
  /** Every shard a database on one server: starts faster. */
  readonly isOneMysqld?: boolean
  /** Default `files`: no etcd is started. */
  readonly topology?: 'etcd' | 'files'
  /** Folder with one folder a keyspace. Default: the sample in `vschema/`, without its rows. */
  readonly schemaDir?: string
  /** Kept after `close` when given; otherwise a folder of its own that is removed. */
  readonly dataDir?: string
}

export interface TestCluster extends LocalCluster {
  /** Started, with the whole topology in it. */
  readonly topology: TopologyFollower
}

/** The cluster that `shardgate local` starts, without the proxy: servers, schema, topology. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const command = options.server === 'mysql' ? mysqlCommand : mariadbCommand
  if (!command) throw new Error(`no ${options.server ?? 'mariadb'} server on this machine`)
  if (options.topology === 'etcd' && !etcdCommand) throw new Error('no etcd on this machine')
  const schemaDir = options.schemaDir ?? new URL('../../vschema', import.meta.url).pathname
  const dir = options.dataDir === undefined ? tempDir('cluster') : undefined
  const cluster = await startLocal({
    dataDir: options.dataDir ?? dir!.path,
    program: await inspectMysqld(command),
    keyspaces: await readSchemaDir(schemaDir, options.shards ?? 2),
    replicas: options.replicas ?? 0,
    isOneMysqld: options.isOneMysqld ?? false,
    topology: options.topology === 'etcd' ? { kind: 'etcd', command: etcdCommand! } : { kind: 'files' },
    progress: () => {},
  })
  const topology = followTopology(cluster.store, undefined, silentLogger)
  await topology.start()
  return {
    ...cluster,
    topology,
    close: async () => {
      await topology.close()
      // Data that goes away with the cluster needs no orderly end.
      if (dir)
        await Promise.all([...cluster.servers.values()].map((server) => server.process.stop('SIGKILL')))
      await cluster.close()
      dir?.remove()
    },
  }
}
