import { join } from 'node:path'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { type MysqlServer, startMysqlServer } from '../../../src/cli/local/mysql-server.ts'
import { startReplication, waitForReplica } from '../../../src/cli/local/replication.ts'
import { TopologyAdmin } from '../../../src/topology/admin.ts'
import { printPath } from '../../../src/topology/paths.ts'
import type { PrimarySource, TabletAlias } from '../../../src/topology/records.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { pause, resume } from '../../support/pause.ts'
import { startTestProxy, type TestProxy } from '../../support/proxy.ts'
import { ledgerSchema } from './ledger-schema.ts'
import { Link } from './link.ts'

/** The shard that fails over. */
export type Role = 'primary' | 'replica1'
const ROLES: readonly Role[] = ['primary', 'replica1']

/**
 * Keyspace `main`, two shards, each a primary and a replica with semi-synchronous replication: what is acknowledged is on both. Shard
 * `-80` is the one to fail over, by hands of the test: nothing else knows how.
 */
export interface ReplicatedCluster {
  readonly cluster: TestCluster
  readonly proxy: TestProxy
  readonly admin: TopologyAdmin
  /** The proxy's way to a server, of a cluster that is linked. */
  link(to: Role): Link
  /** A connection as root to a server of `-80`. The caller ends it. */
  root(of: Role): Promise<Connection>
  ask(of: Role, sql: string): Promise<readonly RowDataPacket[]>
  kill(of: Role): Promise<void>
  pause(of: Role): Promise<void>
  resume(of: Role): void
  /** Starts it on its port, with its data, as it was started first. */
  restart(of: Role): Promise<void>
  aliasOf(of: Role): TabletAlias
  portOf(of: Role): number
  /** Makes it take writes, once it has applied what it has received. */
  promote(of: Role): Promise<void>
  /** As somebody does it on purpose: no writes to `primary`, and `replica1` takes them when it has everything. */
  handOver(): Promise<void>
  /** `of` follows `source` from now on, read-only. */
  follow(of: Role, source: Role): Promise<void>
  catchUp(of: Role, source: Role): Promise<void>
  close(): Promise<void>
}

export interface ReplicatedOptions {
  readonly primary: PrimarySource
  /** The proxy comes to the servers of `-80` by these. */
  readonly linked?: true
}

export async function startReplicated(
  server: 'mysql' | 'mariadb',
  { primary, linked }: ReplicatedOptions,
): Promise<ReplicatedCluster> {
  const dir = ledgerSchema()
  const cluster = await startCluster({ shards: 2, replicas: 1, server, schemaDir: dir.path })
  const servers = (of: Role): MysqlServer => cluster.servers.get(`main_-80-${of}`)!
  const admin = new TopologyAdmin(cluster.store)
  if (primary === 'discover') await admin.setPrimarySource('main', primary)
  const onServer = async <T>(name: string, work: (connection: Connection) => Promise<T>) => {
    const connection = await cluster.servers.get(name)!.connectAsRoot()
    try {
      return await work(connection)
    } finally {
      connection.destroy()
    }
  }
  const [primaries, replicas] = ['-primary', '-replica1'].map((end) =>
    [...cluster.servers.keys()].filter((name) => name.endsWith(end)),
  )
  // A replica tells its source what it is when it connects.
  for (const name of [...primaries!, ...replicas!])
    await onServer(name, (root) => setUpSemiSync(root, server))
  for (const name of primaries!) await onServer(name, (root) => hasSemiSyncReplica(root))
  const aliases = new Map(ROLES.map((of) => [of, aliasAt(cluster, servers(of).port)]))
  const links = new Map<Role, Link>()
  if (linked)
    for (const of of ROLES) {
      const link = await Link.open(servers(of).port)
      links.set(of, link)
      await moveTablet(cluster, aliases.get(of)!, { host: '127.0.0.1', port: link.port })
    }
  const proxy = await startTestProxy(cluster, {
    config: { health: { interval: '500ms', timeout: '1s' }, timeouts: { silence: '3s', connect: '1s' } },
  })
  const ask = (of: Role, sql: string) =>
    onServer(`main_-80-${of}`, async (root) => (await root.query<RowDataPacket[]>(sql))[0])
  const isMariadb = server === 'mariadb'
  const restarted: MysqlServer[] = []
  const shards: ReplicatedCluster = {
    cluster,
    proxy,
    admin,
    ask,
    root: (of) => servers(of).connectAsRoot(),
    kill: (of) => servers(of).process.stop('SIGKILL'),
    pause: (of) => pause(servers(of).process),
    resume: (of) => resume(servers(of).process),
    async restart(of) {
      const { program, port } = servers(of)
      const name = `main_-80-${of}`
      const dir = join(cluster.dataDir, 'servers', name)
      const replication = { serverId: of === 'primary' ? 1 : 2, isReplica: of !== 'primary' }
      restarted.push(
        await startMysqlServer({
          program,
          name,
          dir,
          port,
          account: cluster.account,
          replication,
        }),
      )
    },
    aliasOf: (of) => aliases.get(of)!,
    portOf: (of) => servers(of).port,
    link: (to) => links.get(to)!,
    async promote(of) {
      const words = isMariadb ? 'SLAVE' : 'REPLICA'
      await ask(of, `STOP ${words} IO_THREAD`)
      await eventually('what has been received is applied', async () => {
        const [status] = await ask(of, `SHOW ${words} STATUS`)
        return /has read all relay log/i.test(
          String(status?.['Slave_SQL_Running_State'] ?? status?.['Replica_SQL_Running_State']),
        )
      })
      await ask(of, `STOP ${words}`)
      // Its own replica is not there yet.
      await ask(of, `SET GLOBAL ${SEMI_SYNC[server].source}enabled = 0`)
      await ask(of, 'SET GLOBAL read_only = 0')
    },
    async handOver() {
      await ask('primary', 'SET GLOBAL read_only = 1')
      await shards.catchUp('replica1', 'primary')
      // A commit that the replica has not acknowledged yet waits no longer.
      await ask('primary', `SET GLOBAL ${SEMI_SYNC[server].source}enabled = 0`)
      await shards.promote('replica1')
    },
    async follow(of, source) {
      await ask(of, 'SET GLOBAL read_only = 1')
      await startReplication(servers(of), servers(source), cluster.account)
    },
    catchUp: (of, source) => waitForReplica(servers(of), servers(source)),
    async close() {
      for (const of of ROLES) resume(servers(of).process)
      await proxy.close()
      for (const link of links.values()) link.close()
      for (const each of restarted) await each.process.stop('SIGKILL')
      await cluster.close()
      dir.remove()
    },
  }
  return shards
}

function aliasAt(cluster: TestCluster, port: number): TabletAlias {
  const tablets = [...cluster.topology.current().tablets.values()]
  return tablets.find((tablet) => tablet.mysql_port === port)!.alias
}

/** Where the proxy finds a tablet from now on. */
export async function moveTablet(
  { store, topology }: Pick<TestCluster, 'store' | 'topology'>,
  alias: TabletAlias,
  to: { readonly host: string; readonly port: number },
): Promise<void> {
  const path = printPath({ kind: 'Tablet', alias })
  const { value } = (await store.get(path))!
  const record = { ...JSON.parse(value), mysql_hostname: to.host, mysql_port: to.port }
  await store.commit([{ kind: 'put', path, value: JSON.stringify(record) }])
  const isThere = () => {
    const tablets = [...topology.current().tablets.values()]
    return tablets.some(({ mysql_hostname: host, mysql_port: port }) => host === to.host && port === to.port)
  }
  await eventually('the topology says where the tablet is', isThere)
}

const SEMI_SYNC = {
  mysql: { source: 'rpl_semi_sync_source_', replica: 'rpl_semi_sync_replica_' },
  mariadb: { source: 'rpl_semi_sync_master_', replica: 'rpl_semi_sync_slave_' },
} as const

async function setUpSemiSync(root: Connection, server: 'mysql' | 'mariadb'): Promise<void> {
  const { source, replica } = SEMI_SYNC[server]
  if (server === 'mysql') {
    await root.query("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
    await root.query("INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'")
  }
  // SET GLOBAL read_only waits for whoever waits for a row, and who has the row waits for it.
  await root.query('SET GLOBAL innodb_lock_wait_timeout = 2')
  const [[{ isReplica }]] = (await root.query('SELECT @@read_only AS isReplica')) as unknown as [
    [{ isReplica: number }],
  ]
  if (isReplica) {
    await root.query(`SET GLOBAL ${replica}enabled = 1`)
    const words = server === 'mysql' ? 'REPLICA' : 'SLAVE'
    await root.query(`STOP ${words}`)
    await root.query(`START ${words}`)
    return
  }
  await root.query(`SET GLOBAL ${source}enabled = 1, GLOBAL ${source}timeout = 60000`)
  if (server === 'mariadb') await root.query(`SET GLOBAL ${source}wait_point = 'AFTER_SYNC'`)
}

/** Before that, commits would wait for nobody until their time-out. */
async function hasSemiSyncReplica(root: Connection): Promise<void> {
  await eventually('a semi-synchronous replica', async () => {
    const [rows] = await root.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%clients'")
    return Number(rows[0]?.['Value']) > 0
  })
}
