import type mysql from 'mysql2/promise'
import type { Cancellation } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Logger } from '../telemetry/log.ts'
import { addressOf, databaseOf, type Tablet } from '../topology/records.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { Endpoint, type EndpointOptions } from './endpoint.ts'
import type { Renaming } from './keyspace-names.ts'
import {
  type KeyspaceShards,
  type ServedKeyspace,
  type ShardEndpoints,
  serveKeyspace,
} from './keyspace-shards.ts'
import type { Lease } from './lease.ts'
import { type BalanceOptions, leastLoaded } from './least-loaded.ts'
import type { ServingTablet } from './serving-tablet.ts'
import type { Settings } from './settings.ts'
import type { ShardTarget } from './shard-target.ts'

export interface GatewayOptions extends EndpointOptions, BalanceOptions {}

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

  /** An idle connection with exactly these settings, without waiting: the fast path. Throws where no tablet can serve. */
  take(target: ShardTarget, settings: Settings): Lease | undefined {
    return this.#find(target).pool.take(settings)
  }

  /**
   * A connection with these settings to whoever serves the target when it is there: that is asked again after every wait,
   * for a shard may have moved meanwhile, and a row must not go to its old owner. Throws where no tablet can serve, and the
   * reason of `cancel` when that comes first: KILL, a deadline, a client that is gone. `scratch`: for temporary tables, beside
   * all traffic.
   */
  async acquire(
    target: ShardTarget,
    settings: Settings,
    cancel?: Cancellation,
    pool: 'pool' | 'scratch' = 'pool',
  ): Promise<Lease> {
    const ready = this.#find(target)[pool].take(settings)
    if (ready !== undefined) return ready
    const signal = cancel?.signal
    for (let turn = 1; ; turn++) {
      // Here statements are held back while a primary is away: whoever cannot be found now may be found later.
      const endpoint = this.#find(target)
      let lease: Lease
      try {
        lease = await endpoint[pool].acquire(settings, signal)
      } catch (error) {
        if (this.#serves(endpoint, target) || signal?.aborted === true || turn === TURNS_MAX) throw error
        continue // its tablet was removed while it waited
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
    return this.#served.get(target.keyspace)?.endpoints.get(target.shard)?.term
  }

  /** max_allowed_packet of the target's primary; Infinity where it is not known. */
  packetBytesMax(target: ShardTarget): number {
    const endpoints = this.#served.get(target.keyspace)?.endpoints.get(target.shard)
    return endpoints?.primary?.health.packetBytesMax ?? Number.POSITIVE_INFINITY
  }

  /** Does some work that is no traffic on a control connection to the target's tablet. */
  control<T>(target: ShardTarget, work: (connection: mysql.Connection) => Promise<T>): Promise<T> {
    return this.#find(target).control.run(work, CONTROL_MS)
  }

  close(): void {
    this.#unsubscribe()
    for (const endpoint of this.#endpoints.values()) endpoint.close()
    this.#endpoints.clear()
  }

  #endpointsOf(target: ShardTarget): ShardEndpoints {
    const endpoints = this.#served.get(target.keyspace)?.endpoints.get(target.shard)
    if (endpoints === undefined) throw noTablet(target, 'the shard does not serve (any more)')
    return endpoints
  }

  /** The tablet that serves the target. Throws when none can. */
  #find(target: ShardTarget): Endpoint {
    const { primary, replicas, rdonly } = this.#endpointsOf(target)
    if (target.tabletType === 'PRIMARY') {
      if (primary === undefined) throw noTablet(target, 'the topology names no primary')
      return primary
    }
    const all = target.tabletType === 'REPLICA' ? replicas : rdonly
    const reachable = all.filter(({ health }) => health.state !== 'unreachable')
    if (reachable.length > 0) return leastLoaded(reachable, this.#options)
    throw noTablet(
      target,
      all.length === 0 ? 'the topology has none' : all.map(({ health }) => health.lastError).join('; '),
    )
  }

  #serves(endpoint: Endpoint, target: ShardTarget): boolean {
    const endpoints = this.#served.get(target.keyspace)?.endpoints.get(target.shard)
    if (target.tabletType === 'PRIMARY') return endpoints?.primary === endpoint
    const all = target.tabletType === 'REPLICA' ? endpoints?.replicas : endpoints?.rdonly
    return all?.includes(endpoint) === true
  }

  #apply(snapshot: TopologySnapshot): void {
    const seen = new Set<string>()
    const endpointOf = (tablet: Tablet): Endpoint => {
      const key = JSON.stringify([tablet.alias, addressOf(tablet), databaseOf(tablet)])
      seen.add(key)
      let endpoint = this.#endpoints.get(key)
      if (endpoint === undefined) {
        endpoint = new Endpoint(tablet, this.#options, { clock: this.#clock, log: this.#log }, this.#onHealth)
        this.#endpoints.set(key, endpoint)
      } else endpoint.record = tablet
      return endpoint
    }
    this.#served = new Map(
      [...snapshot.keyspaces.values()].map((keyspace) => [
        keyspace.name,
        serveKeyspace(keyspace, endpointOf),
      ]),
    )
    this.#keyspaces = new Map([...this.#served].map(([name, { shards }]) => [name, shards]))
    // Behind the new state: whoever waited for a connection of these asks it who serves now.
    for (const [key, endpoint] of this.#endpoints) {
      if (seen.has(key)) continue
      this.#endpoints.delete(key)
      endpoint.close()
    }
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

function noTablet({ keyspace, shard, tabletType }: ShardTarget, why: string): SqlError {
  const target = `${keyspace}.${shard}.${tabletType.toLowerCase()}`
  return new SqlError('ER_UNKNOWN_ERROR', `target: ${target}: no healthy tablet available: ${why}`)
}
