import { join } from 'node:path'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { type MysqlServer, REPLICATION_USER, startMysqlServer } from '../../../src/cli/local/mysql-server.ts'
import type { ServerAccess } from '../../../src/reparent/managed-server.ts'
import { type ManagerOptions, manage } from '../../../src/reparent/manager.ts'
import { withShardPermit } from '../../../src/reparent/shard-permit.ts'
import { type ReparentStep, ShardReparent } from '../../../src/reparent/shard-reparent.ts'
import { ShardServers } from '../../../src/reparent/shard-servers.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { TopologyAdmin } from '../../../src/topology/admin.ts'
import { printAlias } from '../../../src/topology/alias.ts'
import { EtcdStore } from '../../../src/topology/etcd/etcd-store.ts'
import { readEvents } from '../../../src/topology/events.ts'
import { FilesStore } from '../../../src/topology/files/files-store.ts'
import type { Durability, Tablet } from '../../../src/topology/records.ts'
import { readReparentWork } from '../../../src/topology/reparent-work.ts'
import type { ShardState } from '../../../src/topology/snapshot.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { pause, resume } from '../../support/pause.ts'
import { startTestProxy, type TestProxy } from '../../support/proxy.ts'
import { ledgerSchema } from '../failover/ledger-schema.ts'
import { FreezableClock } from './freezable-clock.ts'

/** As docs/design/promotion.md lists them: no SUPER. */
const PRIVILEGES = {
  mysql: [
    'SYSTEM_VARIABLES_ADMIN, REPLICATION_SLAVE_ADMIN, CONNECTION_ADMIN, REPLICATION CLIENT, PROCESS, RELOAD ON *.*',
    'INSERT ON mysql.plugin',
  ],
  mariadb: [
    'READ_ONLY ADMIN, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, SLAVE MONITOR, CONNECTION ADMIN, PROCESS, RELOAD ON *.*',
  ],
} as const
const ACCOUNT = { user: 'shardgate_manage', password: 'manage it' } as const
const LEASE_MS = 2_000

/** A controller, or a command, that a test can stop as SIGSTOP and SIGKILL would. */
export interface Actor {
  /** Its clock stands, and with it its lease; `onStep` may keep it where it is. */
  freeze(): void
  thaw(): void
  /** Asks it to end, and waits. */
  stop(): Promise<void>
}

/** Keyspace `main` with one shard: a primary and two replicas, managed, and a proxy over them. */
export class Managed {
  readonly cluster: TestCluster
  readonly proxy: TestProxy
  readonly admin: TopologyAdmin
  readonly #flavor: 'mysql' | 'mariadb'
  readonly #servers = new Map<string, MysqlServer>()
  readonly #actors = new Set<Actor>()
  readonly #restarted: MysqlServer[] = []
  readonly #removeDir: () => void

  static async start(flavor: 'mysql' | 'mariadb', durability: Durability): Promise<Managed> {
    const dir = ledgerSchema()
    const cluster = await startCluster({
      ...{ shards: 1, replicas: 2, server: flavor, schemaDir: dir.path, topology: 'etcd' },
    })
    const admin = new TopologyAdmin(cluster.store)
    await admin.setDurability('main', durability)
    for (const { alias } of cluster.topology.current().tablets.values()) await admin.setManaged(alias, true)
    for (const server of cluster.servers.values()) await createAccount(server, flavor)
    const proxy = await startTestProxy(cluster, {
      config: { health: { interval: '500ms', timeout: '1s' }, timeouts: { silence: '3s', connect: '1s' } },
    })
    return new Managed({ cluster, proxy, admin, flavor, removeDir: () => dir.remove() })
  }

  private constructor(of: {
    readonly cluster: TestCluster
    readonly proxy: TestProxy
    readonly admin: TopologyAdmin
    readonly flavor: 'mysql' | 'mariadb'
    readonly removeDir: () => void
  }) {
    this.cluster = of.cluster
    this.proxy = of.proxy
    this.admin = of.admin
    this.#flavor = of.flavor
    this.#removeDir = of.removeDir
    for (const [alias, { mysql_port }] of of.cluster.topology.current().tablets) {
      const server = [...of.cluster.servers.values()].find(({ port }) => port === mysql_port)!
      this.#servers.set(alias, server)
    }
  }

  async shard(): Promise<ShardState> {
    const [shard] = (await this.admin.snapshot()).keyspaces.get('main')!.shards.values()
    return shard!
  }

  /** Printed alias of whom the topology names. */
  async primary(): Promise<string> {
    return printAlias((await this.shard()).primary!.alias)
  }

  async replicas(): Promise<readonly string[]> {
    const { tablets, primary } = await this.shard()
    return tablets.filter((tablet) => tablet !== primary).map(({ alias }) => printAlias(alias))
  }

  async tablet(alias: string): Promise<Tablet> {
    return (await this.admin.snapshot()).tablets.get(alias)!
  }

  /** A connection as root. The caller ends it. */
  root(alias: string): Promise<Connection> {
    return this.#servers.get(alias)!.connectAsRoot()
  }

  async ask(alias: string, sql: string): Promise<readonly RowDataPacket[]> {
    const root = await this.root(alias)
    try {
      return (await root.query<RowDataPacket[]>(sql))[0]
    } finally {
      root.destroy()
    }
  }

  async isWritable(alias: string): Promise<boolean> {
    const [row] = await this.ask(alias, 'SELECT @@global.read_only AS is_read_only')
    return Number(row!['is_read_only']) === 0
  }

  /** Whether it replicates from the primary. */
  async isFollowing(alias: string): Promise<boolean> {
    const isMariadb = this.#flavor === 'mariadb'
    const [status] = await this.ask(alias, isMariadb ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS')
    const port = (await this.tablet(await this.primary())).mysql_port
    const text = (mysql: string, mariadb: string) => String(status?.[mysql] ?? status?.[mariadb])
    return (
      text('Source_Port', 'Master_Port') === String(port) &&
      text('Replica_IO_Running', 'Slave_IO_Running') === 'Yes' &&
      text('Replica_SQL_Running', 'Slave_SQL_Running') === 'Yes'
    )
  }

  async stopApplier(alias: string): Promise<void> {
    await this.ask(alias, `STOP ${this.#flavor === 'mariadb' ? 'SLAVE' : 'REPLICA'} SQL_THREAD`)
  }

  /** The primary waits for replicas, and has some. */
  async isSemiSync(): Promise<void> {
    const source = this.#flavor === 'mariadb' ? 'master' : 'source'
    await eventually('replicas that acknowledge', async () => {
      const primary = await this.primary()
      const [clients] = await this.ask(primary, `SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_${source}_clients'`)
      const [enabled] = await this.ask(
        primary,
        `SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_${source}_enabled'`,
      )
      return enabled?.['Value'] === 'ON' && clients?.['Value'] === '2'
    })
  }

  /** One takes writes, and the others follow it. */
  async settled(primary?: string): Promise<void> {
    await eventually(
      'one primary, and the others follow it',
      async () => {
        const named = await this.primary()
        if (primary !== undefined && named !== primary) return false
        const replicas = await this.replicas()
        const follow = await Promise.all(replicas.map((alias) => this.isFollowing(alias).catch(() => false)))
        const writable = await Promise.all(replicas.map((alias) => this.isWritable(alias).catch(() => true)))
        const { keyspace, name } = await this.shard()
        return (
          (await this.isWritable(named)) &&
          follow.every(Boolean) &&
          !writable.some(Boolean) &&
          (await readReparentWork(this.cluster.store, keyspace, name)) === undefined
        )
      },
      20_000,
    ).catch(async (error) => {
      throw new Error(`${error.message}\n${(await this.events()).join('\n')}`)
    })
  }

  async events(): Promise<readonly string[]> {
    return (await readEvents(this.cluster.store)).map(({ text }) => text)
  }

  kill(alias: string): Promise<void> {
    return this.#servers.get(alias)!.process.stop('SIGKILL')
  }

  pause(alias: string): Promise<void> {
    return pause(this.#servers.get(alias)!.process)
  }

  resume(alias: string): void {
    resume(this.#servers.get(alias)!.process)
  }

  /** Starts it on its port, with its data, and takes writes as a primary would. */
  async restart(alias: string): Promise<void> {
    const { program, port } = this.#servers.get(alias)!
    const [name] = [...this.cluster.servers].find(([, server]) => server.port === port)!
    const server = await startMysqlServer({
      ...{ program, name, port, account: this.cluster.account },
      dir: join(this.cluster.dataDir, 'servers', name),
      replication: {
        serverId: this.cluster.layout.servers.find((each) => each.name === name)!.serverId,
        isReplica: false,
      },
    })
    this.#restarted.push(server)
    this.#servers.set(alias, server)
  }

  /** A controller in this process, with a lease and a clock of its own. */
  manage(more: Partial<ManagerOptions> = {}): Actor {
    const clock = new FreezableClock()
    const store = this.#openStore(clock)
    const giveUp = new AbortController()
    const ended = manage(
      {
        ...{
          store,
          clock,
          access: this.#access(),
          logger: silentLogger,
          by: `controller ${this.#actors.size}`,
        },
        ...{ intervalMs: 300, failuresMin: 3, leaseMs: LEASE_MS, emergencyPauseMs: 0, catchUpMs: 10_000 },
        ...more,
      },
      giveUp.signal,
    )
    return this.#actor(clock, async () => {
      giveUp.abort(new Error('the test is over'))
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2_000))])
      await store.close()
    })
  }

  /** What `ctl reparent planned` does. `onStep` may keep it where it is for ever: then `ended` never resolves. */
  planned(
    to?: string,
    onStep?: (step: ReparentStep) => Promise<void>,
  ): Actor & { readonly ended: Promise<string> } {
    const clock = new FreezableClock()
    const store = this.#openStore(clock)
    const servers = new ShardServers(this.#access())
    const { name } = { name: 'main' }
    const run = async () => {
      const shard = await this.shard()
      return withShardPermit(
        { store, name: `${name}/${shard.name}`, by: 'ctl', ttlMs: LEASE_MS, waitMs: 15_000, clock },
        async (permit) => {
          const reparent = async () => {
            const keyspace = (await this.admin.snapshot()).keyspaces.get(name)!.record
            const now = await this.shard()
            return new ShardReparent({
              store,
              permit,
              keyspace,
              shard: now,
              servers,
              clock,
              by: 'ctl',
              onStep,
            })
          }
          const work = await readReparentWork(store, name, shard.name)
          if (work !== undefined) {
            const { isFinished, text } = await (await reparent()).resume(work)
            if (isFinished) return text
          }
          return (await reparent()).planned({ to, limitMs: 5_000 })
        },
      )
    }
    const ended = run()
    ended.catch(() => {})
    const actor = this.#actor(clock, async () => {
      servers.close()
      await store.close()
    })
    return { ...actor, ended }
  }

  #actor(clock: FreezableClock, stop: () => Promise<void>): Actor {
    const actor: Actor = {
      freeze: () => clock.freeze(),
      thaw: () => clock.thaw(),
      stop: async () => {
        this.#actors.delete(actor)
        clock.thaw()
        await stop()
      },
    }
    this.#actors.add(actor)
    return actor
  }

  #openStore(clock: FreezableClock) {
    const { topologyConfig } = this.cluster
    if (topologyConfig.type === 'files') return new FilesStore({ dir: topologyConfig.dir!, clock })
    return new EtcdStore({ endpoints: topologyConfig.endpoints, prefix: topologyConfig.prefix, clock })
  }

  #access(): ServerAccess {
    return {
      account: { ...ACCOUNT, connectTimeoutMs: 1_000 },
      replication: { user: REPLICATION_USER, password: this.cluster.account.password, isTls: false },
      clock: {
        now: () => Date.now(),
        after: (ms, fn) =>
          (
            (timer) => () =>
              clearTimeout(timer)
          )(setTimeout(fn, ms)),
      },
      timeoutMs: 1_000,
    }
  }

  async close(): Promise<void> {
    for (const actor of [...this.#actors]) await actor.stop()
    for (const server of this.#servers.values()) resume(server.process)
    await this.proxy.close()
    for (const each of this.#restarted) await each.process.stop('SIGKILL')
    await this.cluster.close()
    this.#removeDir()
  }
}

async function createAccount(server: MysqlServer, flavor: 'mysql' | 'mariadb'): Promise<void> {
  const root = await server.connectAsRoot()
  try {
    const { user, password } = ACCOUNT
    await root.query(`SET SESSION sql_log_bin = 0; CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
    for (const privileges of PRIVILEGES[flavor]) await root.query(`GRANT ${privileges} TO '${user}'@'%'`)
  } finally {
    root.destroy()
  }
}
