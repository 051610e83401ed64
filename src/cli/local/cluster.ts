import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { TopologyStore } from '../../topology/store.ts'
import { configSchema } from '../config.ts'
import { openStore, type TopologyConfig } from '../open-topology.ts'
import { applySchema } from './apply-schema.ts'
import { openDataDir } from './data-dir.ts'
import { startEtcdServer } from './etcd-server.ts'
import { freePort } from './free-port.ts'
import { type Layout, planLayout, topologyChanges } from './layout.ts'
import { differences, type FixedSettings, type LocalState, loadState, saveState } from './local-state.ts'
import type { ManagedProcess } from './managed-process.ts'
import type { MysqlProgram } from './mysql-program.ts'
import { type BackendAccount, type MysqlServer, startMysqlServer } from './mysql-server.ts'
import { startReplication, waitForReplica } from './replication.ts'
import { digestOf, type KeyspaceSpec } from './schema-dir.ts'

export interface ClusterOptions {
  readonly dataDir: string
  readonly program: MysqlProgram
  readonly keyspaces: readonly KeyspaceSpec[]
  readonly replicas: number
  readonly isOneMysqld: boolean
  readonly topology: { readonly kind: 'etcd'; readonly command: string } | { readonly kind: 'files' }
  /** Gives up the start; what was started is stopped. */
  readonly signal?: AbortSignal
  /** One line about what is being done. */
  readonly progress: (message: string) => void
}

/** A running cluster: servers, replication, schemas and topology, without a proxy. */
export interface LocalCluster {
  readonly dataDir: string
  readonly topologyConfig: TopologyConfig
  readonly store: TopologyStore
  readonly account: BackendAccount
  readonly layout: Layout
  /** By name, `shop_-80-primary`. */
  readonly servers: ReadonlyMap<string, MysqlServer>
  readonly isSampleLoaded: boolean
  /** Resolves with a description when a child ends that was not asked to. */
  readonly crashed: Promise<string>
  markSampleLoaded(): Promise<void>
  /** Stops everything; the data stays. */
  close(): Promise<void>
}

/** The proxy's account on the servers. */
export const BACKEND_USER = 'shardgate'

/** Starts a cluster, making what is not there yet. When anything fails, what was started is stopped again. */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  const starting = new ClusterStart(options)
  try {
    return await starting.run()
  } catch (error) {
    await starting.close()
    throw error
  }
}

class ClusterStart {
  readonly #options: ClusterOptions
  readonly #dataDir: string
  readonly #layout: Layout
  readonly #servers = new Map<string, MysqlServer>()
  /** What is to be ended, one group after the other. */
  readonly #toClose: Record<'store' | 'replica' | 'server' | 'lock', (() => Promise<unknown>)[]> = {
    store: [],
    replica: [],
    server: [],
    lock: [],
  }
  #crash: (description: string) => void = () => {}
  readonly #crashed = new Promise<string>((resolve) => {
    this.#crash = resolve
  })

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#dataDir = resolve(options.dataDir)
    this.#layout = planLayout(options.keyspaces, options)
  }

  async run(): Promise<LocalCluster> {
    const { program, progress, keyspaces } = this.#options
    const lock = await openDataDir(this.#dataDir)
    this.#toClose.lock.push(() => lock.release())
    let state = await this.#choosePorts(await this.#readState())
    await saveState(this.#dataDir, state)
    const account = { user: BACKEND_USER, password: state.backendPassword }
    progress(`starting ${this.#countServers()} (${program.flavor} ${program.version})`)
    const topologyConfig = this.#topologyConfig(state)
    await settleAll([
      this.#startEtcd(state),
      ...this.#layout.servers.map((s) => this.#startServer(s.name, state, account)),
    ])
    this.#options.signal?.throwIfAborted()
    await this.#eachReplica((replica, primary) => startReplication(replica, primary, account))
    const changed = new Set(keyspaces.filter((k) => state.applied[k.name] !== digestOf(k)).map((k) => k.name))
    if (changed.size > 0) progress(`applying the schema of ${[...changed].join(', ')}`)
    await this.#applySchemas(changed)
    await this.#eachReplica(waitForReplica)
    const store = openStore(topologyConfig)
    this.#toClose.store.push(() => store.close())
    await this.#writeTopology(store, state, changed)
    state = { ...state, applied: Object.fromEntries(keyspaces.map((k) => [k.name, digestOf(k)])) }
    await saveState(this.#dataDir, state)
    return {
      dataDir: this.#dataDir,
      topologyConfig,
      store,
      account,
      layout: this.#layout,
      servers: this.#servers,
      isSampleLoaded: state.isSampleLoaded,
      crashed: this.#crashed,
      markSampleLoaded: () => saveState(this.#dataDir, { ...state, isSampleLoaded: true }),
      close: () => this.close(),
    }
  }

  /** Replicas before their primaries: a MySQL primary is slow to end while replicas hold on to it. */
  async close(): Promise<void> {
    for (const group of ['store', 'replica', 'server', 'lock'] as const)
      await Promise.allSettled(this.#toClose[group].splice(0).map((close) => close()))
  }

  async #readState(): Promise<LocalState> {
    const { program, keyspaces, replicas, isOneMysqld, topology } = this.#options
    const asked: FixedSettings = {
      flavor: program.flavor,
      topology: topology.kind,
      replicas,
      isOneMysqld,
      keyspaces: Object.fromEntries(keyspaces.map((k) => [k.name, [...k.shards]])),
    }
    const made = await loadState(this.#dataDir)
    if (made) {
      const differing = differences(made, asked)
      if (differing.length === 0) return { ...made, version: program.version }
      const list = differing.map((difference) => `  ${difference}\n`).join('')
      throw new Error(
        `${this.#dataDir} was made with other settings:\n${list}` +
          'Start with those, take another --data-dir, or begin anew with --reset.',
      )
    }
    return {
      format: 1,
      ...asked,
      version: program.version,
      backendPassword: randomBytes(16).toString('hex'),
      ports: {},
      applied: {},
      isSampleLoaded: false,
    }
  }

  /** The ports of the last time, where they are still free. */
  async #choosePorts(state: LocalState): Promise<LocalState> {
    const ports: Record<string, number> = {}
    const names = ['etcd', 'etcd-peer', ...this.#layout.servers.map((server) => server.name)]
    for (const name of names) {
      const taken = Object.values(ports)
      do ports[name] = await freePort(taken.includes(state.ports[name] ?? 0) ? undefined : state.ports[name])
      while (taken.includes(ports[name]))
    }
    return { ...state, ports }
  }

  #topologyConfig(state: LocalState): TopologyConfig {
    const topology =
      state.topology === 'files'
        ? { type: 'files', dir: join(this.#dataDir, 'topology') }
        : { type: 'etcd', endpoints: [`http://127.0.0.1:${state.ports['etcd']}`] }
    return configSchema.shape.topology.parse(topology)
  }

  async #startEtcd(state: LocalState): Promise<void> {
    const { topology } = this.#options
    if (topology.kind !== 'etcd') return
    const child = await startEtcdServer({
      command: topology.command,
      dir: join(this.#dataDir, 'etcd'),
      port: state.ports['etcd']!,
      peerPort: state.ports['etcd-peer']!,
      ...this.#signal(),
    })
    this.#watch(child, 'server')
  }

  async #startServer(name: string, state: LocalState, account: BackendAccount): Promise<void> {
    const plan = this.#layout.servers.find((server) => server.name === name)!
    const server = await startMysqlServer({
      program: this.#options.program,
      name: plan.title,
      dir: join(this.#dataDir, 'servers', name),
      port: state.ports[name]!,
      account,
      databases: this.#layout.tablets.filter(({ server: on }) => on === name).map(({ database }) => database),
      ...this.#signal(),
      ...(this.#options.replicas > 0 && {
        replication: { serverId: plan.serverId, isReplica: plan.follows !== undefined },
      }),
    })
    this.#servers.set(name, server)
    this.#watch(server.process, plan.follows === undefined ? 'server' : 'replica')
  }

  #signal(): { signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {}
  }

  #watch(child: ManagedProcess, group: 'replica' | 'server'): void {
    this.#toClose[group].push(() => child.stop())
    void child.exited.then((exit) => {
      if (!child.isStopping) this.#crash(child.describeEnd(exit))
    })
  }

  async #eachReplica(work: (replica: MysqlServer, primary: MysqlServer) => Promise<void>): Promise<void> {
    const followers = this.#layout.servers.filter((server) => server.follows !== undefined)
    await settleAll(
      followers.map(({ name, follows }) => work(this.#servers.get(name)!, this.#servers.get(follows!)!)),
    )
  }

  async #applySchemas(changed: ReadonlySet<string>): Promise<void> {
    const primaries = this.#layout.tablets.filter((tablet) => tablet.isPrimary)
    await settleAll(
      primaries.map((plan) =>
        applySchema(plan, this.#servers.get(plan.server)!, changed.has(plan.keyspace.name)),
      ),
    )
  }

  async #writeTopology(store: TopologyStore, state: LocalState, changed: ReadonlySet<string>): Promise<void> {
    const records = await this.#currentRecords(store)
    const changes = topologyChanges(this.#layout, state.ports, records, changed)
    for (let i = 0; i < changes.length; i += 100) await store.commit(changes.slice(i, i + 100))
  }

  async #currentRecords(store: TopologyStore) {
    if (this.#options.topology.kind === 'files')
      await mkdir(join(this.#dataDir, 'topology'), { recursive: true })
    return (await store.list()).records
  }

  #countServers(): string {
    const servers = this.#layout.servers.length
    const mysqlds = `${servers} ${servers === 1 ? 'server' : 'servers'}`
    return this.#options.topology.kind === 'etcd' ? `etcd and ${mysqlds}` : mysqlds
  }
}

/** Waits for all, also when one fails: nothing may be still starting while what was started is stopped. */
async function settleAll(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
