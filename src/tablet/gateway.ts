import type mysql from 'mysql2/promise'
import type { Cancellation } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { isRefusedConnection } from '../errors/refused-connection.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Logger } from '../telemetry/log.ts'
import { addressOf, cellDistance, databaseOf, type Tablet, type TabletType } from '../topology/records.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { Endpoint, type EndpointOptions } from './endpoint.ts'
import type { TabletHealth } from './health.ts'
import type { HealthExchange } from './health-exchange.ts'
import type { Renaming } from './keyspace-names.ts'
import {
  type KeyspaceShards,
  type ServedKeyspace,
  type ShardEndpoints,
  serveKeyspace,
} from './keyspace-shards.ts'
import type { Lease } from './lease.ts'
import { chooseReplica, type ReplicaChoiceOptions } from './replica-choice.ts'
import type { ServingTablet } from './serving-tablet.ts'
import type { Settings } from './settings.ts'
import { type BufferOptions, type Need, type ServedPrimary, ShardPrimary } from './shard-primary.ts'
import type { ShardTarget } from './shard-target.ts'
import { tabletState } from './tablet-state.ts'

export interface GatewayOptions extends EndpointOptions, ReplicaChoiceOptions {
  /** Replicas of this cell are asked first, then those of cells that share an alias with it. */
  readonly cell: string
  readonly buffer: BufferOptions
  /** Where other processes look at the same servers. */
  readonly exchange?: HealthExchange
}

/**
 * The one door to the databases: connections to shards are leased here and nowhere else. It knows, as the topology has it
 * at this moment, which shards a keyspace has and which tablets serve each. A change of the topology keeps the pools of
 * tablets that it leaves alone.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onHealth: () => void
  readonly #endpoints = new Map<string, Endpoint>()
  /** By keyspace and shard. */
  readonly #primaries = new Map<string, ShardPrimary>()
  readonly #view: TopologyView
  readonly #unsubscribe: () => void
  #served: ReadonlyMap<string, ServedKeyspace> = new Map()
  #keyspaces: ReadonlyMap<string, KeyspaceShards> = new Map()
  #renamed: readonly Renaming[] = []

  /** `onHealth` is called when some tablet's health has changed. */
  constructor(
    view: TopologyView,
    options: GatewayOptions,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
    onHealth: () => void = () => {},
  ) {
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#onHealth = onHealth
    this.#view = view
    const { exchange } = options
    if (exchange !== undefined)
      exchange.onHeard = (key, health) => this.#endpoints.get(key)?.checker.hear(health)
    this.#apply(view.current())
    this.#unsubscribe = view.onChange((snapshot) => this.#apply(snapshot))
  }

  get keyspaces(): ReadonlyMap<string, KeyspaceShards> {
    return this.#keyspaces
  }

  /** Databases that have another name than their keyspace; none is part of the name of a later one. */
  get renamed(): readonly Renaming[] {
    return this.#renamed
  }

  /** The account on the servers, whose name no client is told. */
  get backendUser(): string {
    return this.#options.user
  }

  get tablets(): readonly ServingTablet[] {
    return [...this.#endpoints.values()]
  }

  /** What a tablet serves as at this moment. */
  typeOf({ record, alias }: Pick<ServingTablet, 'record' | 'alias'>): TabletType {
    const primary = this.#primaries.get(`${record.keyspace}/${record.shard}`)?.endpoint
    if (primary?.alias === alias) return 'PRIMARY'
    return record.type === 'PRIMARY' ? 'REPLICA' : record.type
  }

  get primaries(): readonly ServedPrimary[] {
    return [...this.#primaries.values()]
  }

  /** Resolves when every tablet's health has been looked at once, for better or worse. */
  async firstChecks(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.checker.firstCheck))
  }

  /** Throws what keeps the keyspace from serving. */
  shardsOf(keyspace: string): KeyspaceShards {
    const shards = this.#keyspaces.get(keyspace)
    if (shards === undefined) throw new SqlError('ER_BAD_DB_ERROR', `Unknown database '${keyspace}'`)
    if (shards.problem !== undefined) throw shards.problem
    return shards
  }

  /**
   * An idle connection with exactly these settings, without waiting: the fast path. Undefined while the primary is away. Throws where no
   * tablet can serve.
   */
  take(target: ShardTarget, settings: Settings): Lease | undefined {
    return this.#ready(target)?.pool.take(settings)
  }

  /**
   * A connection with these settings to whoever serves the target when it is there: that is asked again after every wait,
   * for a shard may have moved meanwhile, and a row must not go to its old owner. While the shard has lost its primary, it is
   * waited for. Throws where no tablet can serve, and the reason of `cancel` when that comes first: KILL, a deadline, a client that
   * is gone. `scratch`: for temporary tables, beside all traffic.
   */
  async acquire(
    target: ShardTarget,
    settings: Settings,
    cancel?: Cancellation,
    pool: 'pool' | 'scratch' = 'pool',
  ): Promise<Lease> {
    const ready = this.#ready(target)?.[pool].take(settings)
    if (ready !== undefined) return ready
    const signal = cancel?.signal
    let refusing: Endpoint | undefined
    for (let turn = 1; ; turn++) {
      if (target.tabletType === 'PRIMARY') await this.#shardOf(target).primary.wait('answers', cancel)
      const endpoint = this.#find(target)
      let lease: Lease
      try {
        lease = await endpoint[pool].acquire(settings, cancel)
      } catch (error) {
        // It has been removed, or is away: another may have its place, or will.
        const mayMove = this.waits || target.tabletType !== 'PRIMARY'
        const isHere = this.#serves(endpoint, target) && (!mayMove || !endpoint.isAway)
        const isRefused = target.tabletType !== 'PRIMARY' && isRefusedConnection(error)
        if (isRefused && refusing !== endpoint) {
          refusing = endpoint
          endpoint.doubt() // others go first
          continue
        }
        if (isHere || signal?.aborted === true || turn === TURNS_MAX) throw error
        continue
      }
      if (this.#serves(endpoint, target)) return lease
      lease.release()
      if (turn === TURNS_MAX) throw noTablet(target, `it has moved ${TURNS_MAX} times while being waited for`)
    }
  }

  /**
   * Changes when another tablet, or the same one anew, has become the target's primary; undefined while the shard does not
   * serve, and '' for other tablet types.
   */
  termOf(target: ShardTarget): string | undefined {
    if (target.tabletType !== 'PRIMARY') return ''
    const primary = this.#endpointsOf(target)?.primary
    return primary?.endpoint && primary.term
  }

  /** The target's primary is away: where another shard will do, too, it is the better one. */
  isWaitedFor(target: ShardTarget): boolean {
    if (target.tabletType !== 'PRIMARY') return false
    return this.#endpointsOf(target)?.primary.can('answers') !== true
  }

  /** A primary that is lost is waited for. */
  get waits(): boolean {
    return this.#options.buffer.windowMs > 0
  }

  /** Whether a statement that its primary has refused, for it takes no writes, may wait for one that does. */
  mayWaitForWrites(target: ShardTarget): boolean {
    if (target.tabletType !== 'PRIMARY') return false
    return this.#endpointsOf(target)?.primary.mayWait('writes') === true
  }

  /** A primary has refused a write. Resolves when the target has one that takes writes; throws as `acquire`. */
  async writesAgain(target: ShardTarget, cancel?: Cancellation): Promise<void> {
    const { primary } = this.#shardOf(target)
    primary.endpoint?.doubt()
    await primary.wait('answers', cancel)
    await primary.wait('writes', cancel)
  }

  /**
   * The same for a statement over several shards, of which it is not known whose primary it was: all of the keyspaces are looked at.
   * Those that cannot be waited for are passed over.
   */
  async allAgain(need: Need, cancel?: Cancellation): Promise<void> {
    const primaries = [...this.#primaries.values()].filter((primary) => primary.mayWait(need))
    for (const { endpoint } of primaries) endpoint?.doubt()
    const wait = async (primary: ShardPrimary) => {
      await primary.wait('answers', cancel)
      if (primary.mayWait(need)) await primary.wait(need, cancel)
    }
    await Promise.all(primaries.map(wait))
  }

  /** Whether some tablet serves the target, as far as is known. */
  hasTablet(target: ShardTarget): boolean {
    const shard = this.#endpointsOf(target)
    return shard !== undefined && this.#choose(shard, target) !== undefined
  }

  /**
   * How far the last of the shard's replicas is behind, of those that answer and replicate; 0 where there are none. One whose
   * replication is broken catches up by no waiting.
   */
  replicaLagSeconds(target: ShardTarget): number {
    const endpoints = this.#endpointsOf(target)
    let most = 0
    for (const endpoint of endpoints?.replicas ?? []) {
      const { state, lagSeconds = 0 } = endpoint.health
      const counts = endpoint !== endpoints!.primary.endpoint && endpoint.record.draining !== true
      if (counts && state === 'healthy' && lagSeconds < Number.POSITIVE_INFINITY)
        most = Math.max(most, lagSeconds)
    }
    return most
  }

  /** max_allowed_packet of the target's primary; Infinity where it is not known. */
  packetBytesMax(target: ShardTarget): number {
    const endpoints = this.#endpointsOf(target)
    return endpoints?.primary.endpoint?.health.packetBytesMax ?? Number.POSITIVE_INFINITY
  }

  /** Does some work that is no traffic on a control connection to the target's tablet. */
  control<T>(target: ShardTarget, work: (connection: mysql.Connection) => Promise<T>): Promise<T> {
    return this.#find(target).control.run(work, CONTROL_MS)
  }

  close(): void {
    this.#unsubscribe()
    if (this.#options.exchange !== undefined) this.#options.exchange.onHeard = undefined
    for (const endpoint of this.#endpoints.values()) endpoint.close()
    this.#endpoints.clear()
  }

  #endpointsOf({ keyspace, shard }: Pick<ShardTarget, 'keyspace' | 'shard'>): ShardEndpoints | undefined {
    return this.#served.get(keyspace)?.endpoints.get(shard)
  }

  #shardOf(target: ShardTarget): ShardEndpoints {
    const shard = this.#endpointsOf(target)
    if (shard === undefined) throw noTablet(target, 'the shard does not serve (any more)')
    return shard
  }

  /** The tablet that serves the target and may be asked at once; undefined while its primary is away. Throws as `find`. */
  #ready(target: ShardTarget): Endpoint | undefined {
    if (target.tabletType !== 'PRIMARY') return this.#find(target)
    const { primary } = this.#shardOf(target)
    if (primary.can('answers')) return primary.endpoint
    return primary.isNamed ? undefined : this.#find(target)
  }

  /** The tablet that serves the target. Throws when none can. */
  #find(target: ShardTarget): Endpoint {
    const shard = this.#shardOf(target)
    const { primary } = shard
    if (target.tabletType === 'PRIMARY') {
      if (primary.endpoint === undefined) throw noTablet(target, primary.trouble ?? '')
      return primary.endpoint
    }
    const chosen = this.#choose(shard, target)
    if (chosen !== undefined) return chosen
    const all = readersOf(shard, target).filter((each) => each !== primary.endpoint)
    throw noTablet(target, all.length === 0 ? 'the topology has none' : all.map(whyNot).join('; '))
  }

  #choose(shard: ShardEndpoints, target: ShardTarget): Endpoint | undefined {
    const primary = shard.primary.endpoint
    if (target.tabletType === 'PRIMARY') return primary
    return chooseReplica(readersOf(shard, target), primary, this.#options, Math.random)
  }

  #serves(endpoint: Endpoint, target: ShardTarget): boolean {
    const shard = this.#endpointsOf(target)
    if (shard === undefined) return false
    const isPrimary = shard.primary.endpoint === endpoint
    if (target.tabletType === 'PRIMARY') return isPrimary
    return !isPrimary && readersOf(shard, target).includes(endpoint)
  }

  #checked(endpoint: Endpoint, before: TabletHealth): void {
    const { record, health } = endpoint
    if (before.server !== '' && health.server !== before.server) return this.#replace(endpoint)
    this.#endpointsOf(record)?.primary.evaluate()
    this.#noteState(endpoint)
    const { state, readOnly, sqlMode } = before
    if (health.state !== state || health.readOnly !== readOnly || health.sqlMode !== sqlMode) this.#onHealth()
  }

  /** Each change is told once. Whoever becomes the primary or is one no more is looked at with its next check. */
  #noteState(endpoint: Endpoint): void {
    const isPrimary = this.typeOf(endpoint) === 'PRIMARY'
    const state = tabletState(endpoint, isPrimary, this.#options.replicaLagMaxSeconds)
    const before = endpoint.state
    if (state === before) return
    endpoint.state = state
    endpoint.stateChanges++
    const { lagSeconds, lastError } = endpoint.health
    const why = state === 'lagging' ? { lagSeconds } : state === 'not serving' ? { reason: lastError } : {}
    const told = { tablet: endpoint.name, state, before, ...why }
    if (state === 'lagging') this.#log.warn('a tablet is in another state', told)
    else this.#log.info('a tablet is in another state', told)
  }

  /** The name of a tablet leads to another server: what is connected to the one before is not to be used any more. */
  #replace(endpoint: Endpoint): void {
    this.#log.warn('a tablet is another server than before', { tablet: endpoint.name })
    for (const [key, each] of this.#endpoints) if (each === endpoint) this.#endpoints.delete(key)
    this.#apply(this.#view.current())
    endpoint.close()
    this.#onHealth()
  }

  #apply(snapshot: TopologySnapshot): void {
    const seen = new Set<string>()
    const endpointOf = (tablet: Tablet): Endpoint => {
      const key = JSON.stringify([tablet.alias, addressOf(tablet), databaseOf(tablet)])
      seen.add(key)
      let endpoint = this.#endpoints.get(key)
      if (endpoint === undefined) {
        const tools = { clock: this.#clock, log: this.#log }
        const { exchange } = this.#options
        endpoint = new Endpoint(
          tablet,
          this.#options,
          tools,
          (...checked) => this.#checked(...checked),
          (health) => exchange?.tell(key, health),
        )
        this.#endpoints.set(key, endpoint)
      } else if (endpoint.record !== tablet) endpoint.record = tablet
      endpoint.distance = cellDistance(this.#options.cell, tablet.alias.cell, snapshot.cellAliases)
      return endpoint
    }
    const shards = new Set<string>()
    const primaryOf = (keyspace: string, shard: string): ShardPrimary => {
      const name = `${keyspace}/${shard}`
      shards.add(name)
      let primary = this.#primaries.get(name)
      if (primary === undefined) {
        primary = new ShardPrimary(name, this.#options.buffer, { clock: this.#clock, log: this.#log })
        this.#primaries.set(name, primary)
      }
      return primary
    }
    this.#served = new Map(
      [...snapshot.keyspaces.values()].map((keyspace) => [
        keyspace.name,
        serveKeyspace(keyspace, { endpointOf, primaryOf }),
      ]),
    )
    this.#keyspaces = new Map([...this.#served].map(([name, { shards }]) => [name, shards]))
    // Behind the new state: whoever waited for a connection of these asks it who serves now.
    for (const [key, endpoint] of this.#endpoints) {
      if (seen.has(key)) continue
      this.#endpoints.delete(key)
      endpoint.close()
    }
    for (const [name, primary] of this.#primaries) {
      if (shards.has(name)) continue
      this.#primaries.delete(name)
      primary.close()
    }
    for (const endpoint of this.#endpoints.values()) this.#noteState(endpoint)
    const renamed = this.tablets.filter(({ database, record }) => database !== record.keyspace)
    this.#renamed = [...new Map(renamed.map(({ database, record }) => [database, record.keyspace]))]
      .map(([database, keyspace]) => ({ database, keyspace }))
      .sort((a, b) => b.database.length - a.database.length)
  }
}

/** How often a request follows a shard that moves while it waits. */
const TURNS_MAX = 8
/** Reading the schema of thousands of tables takes a second. */
const CONTROL_MS = 30_000

/** Whoever is the primary at this moment may be among them. */
function readersOf({ replicas, rdonly }: ShardEndpoints, { tabletType }: ShardTarget): readonly Endpoint[] {
  return tabletType === 'REPLICA' ? replicas : rdonly
}

function whyNot({ alias, record, health }: Endpoint): string {
  return record.draining === true ? `${alias} is being drained` : health.lastError
}

function noTablet({ keyspace, shard, tabletType }: ShardTarget, why: string): SqlError {
  const target = `${keyspace}.${shard}.${tabletType.toLowerCase()}`
  return new SqlError('ER_UNKNOWN_ERROR', `target: ${target}: no healthy tablet available: ${why}`)
}
