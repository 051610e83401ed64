import mysql from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import { type ShardRange, shardRangeOf, tileShards } from '../key/shard-ranges.ts'
import { connectBackend } from '../mysql/client/connect.ts'
import { printAlias } from '../topology/alias.ts'
import { addressOf, databaseOf, type ServedTabletType, type Tablet } from '../topology/records.ts'
import type { KeyspaceState, TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { HealthChecker, type HealthOptions, type TabletHealth } from './health.ts'
import { type PoolOptions, TabletPool } from './tablet-pool.ts'

export interface GatewayOptions {
  readonly user: string
  readonly password: string
  readonly tls?: mysql.SslOptions
  readonly connectTimeoutMs: number
  /** Replicas of this cell are asked first. */
  readonly cell: string
  /** Replicas further behind serve only when no better one is left. */
  readonly replicaLagMaxSeconds: number
  readonly pool: PoolOptions
  readonly health: HealthOptions
}

/** One MySQL endpoint: its record, its pool, its health. */
export interface TabletEndpoint {
  readonly tablet: Tablet
  readonly alias: string
  /** Database that holds the shard's tables. */
  readonly database: string
  readonly pool: TabletPool
  readonly health: TabletHealth
}

/** The serving shards of a keyspace, sorted so that they tile the space of keyspace ids. */
export interface KeyspaceShards {
  readonly keyspace: string
  readonly ranges: readonly ShardRange[]
  readonly shards: readonly ShardEndpoints[]
  /** Why the keyspace cannot serve: no shards, a gap, an overlap. */
  readonly problem?: SqlError
}

export interface ShardEndpoints {
  readonly keyspace: string
  readonly name: string
  readonly primary?: TabletEndpoint
  readonly replicas: readonly TabletEndpoint[]
  readonly rdonly: readonly TabletEndpoint[]
}

class Endpoint implements TabletEndpoint {
  readonly tablet: Tablet
  readonly alias: string
  readonly database: string
  readonly pool: TabletPool
  readonly checker: HealthChecker

  constructor(tablet: Tablet, options: GatewayOptions, clock: Clock, onHealth: () => void) {
    this.tablet = tablet
    this.alias = printAlias(tablet.alias)
    this.database = databaseOf(tablet)
    const address = addressOf(tablet)
    const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
    const { user, password, connectTimeoutMs } = options
    this.pool = new TabletPool(
      { name: `${this.alias} (${where})`, database: this.database },
      (foundRows) =>
        connectBackend({
          address,
          user,
          password,
          database: this.database,
          ...(options.tls === undefined ? {} : { tls: options.tls }),
          connectTimeoutMs,
          foundRows,
        }),
      options.pool,
      clock,
    )
    this.checker = new HealthChecker(() => this.connectControl(options), options.health, clock, onHealth)
  }

  get health(): TabletHealth {
    return this.checker.health
  }

  /** A connection of mysql2 for control work: health, KILL, schema reading. */
  connectControl(options: GatewayOptions): Promise<mysql.Connection> {
    const address = addressOf(this.tablet)
    return mysql.createConnection({
      ...(address.kind === 'unix'
        ? { socketPath: address.path }
        : { host: address.host, port: address.port }),
      user: options.user,
      password: options.password,
      database: this.database,
      ...(options.tls === undefined ? {} : { ssl: options.tls }),
      connectTimeout: options.connectTimeoutMs,
      connectAttributes: { program_name: 'shardgate-control' },
    })
  }

  close(): void {
    this.checker.close()
    this.pool.close()
  }
}

/**
 * The databases behind the proxy, as the topology has them at this moment: which shards a keyspace has, and for each
 * the tablets that serve it, with pools and health. A change of the topology keeps the pools of tablets it leaves alone.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #clock: Clock
  readonly #onHealth: () => void
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #unsubscribe: () => void
  #keyspaces: ReadonlyMap<string, KeyspaceShards> = new Map()
  #renamed: readonly TabletEndpoint[] = []
  #turn = 0

  /** `onHealth` is called when some tablet's health has changed. */
  constructor(view: TopologyView, options: GatewayOptions, clock: Clock, onHealth: () => void = () => {}) {
    this.#options = options
    this.#clock = clock
    this.#onHealth = onHealth
    this.#apply(view.current())
    this.#unsubscribe = view.onChange((snapshot) => this.#apply(snapshot))
  }

  get keyspaces(): ReadonlyMap<string, KeyspaceShards> {
    return this.#keyspaces
  }

  /** Those whose database has another name than the keyspace; none is part of the name of a later one. */
  get renamed(): readonly TabletEndpoint[] {
    return this.#renamed
  }

  get endpoints(): readonly TabletEndpoint[] {
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

  /** The tablet that serves a shard for a tablet type. Throws when none can. */
  endpointFor(shard: ShardEndpoints, type: ServedTabletType): TabletEndpoint {
    if (type === 'PRIMARY') {
      if (shard.primary === undefined) throw noTablet(shard, type, 'the topology names no primary')
      return shard.primary
    }
    return this.#balance(shard, type)
  }

  /** Runs one control statement on a new connection to the tablet: KILL, for one. */
  async control(endpoint: TabletEndpoint, sql: string): Promise<void> {
    const connection = await (endpoint as Endpoint).connectControl(this.#options)
    try {
      await connection.query(sql)
    } finally {
      connection.destroy()
    }
  }

  connectControl(endpoint: TabletEndpoint): Promise<mysql.Connection> {
    return (endpoint as Endpoint).connectControl(this.#options)
  }

  close(): void {
    this.#unsubscribe()
    for (const endpoint of this.#endpoints.values()) endpoint.close()
    this.#endpoints.clear()
  }

  /** Least outstanding requests among the best: healthy and not lagging, own cell, then other cells, then lagging. */
  #balance(shard: ShardEndpoints, type: 'REPLICA' | 'RDONLY'): TabletEndpoint {
    const all = type === 'REPLICA' ? shard.replicas : shard.rdonly
    const reachable = all.filter((e) => e.health.state !== 'unreachable')
    if (reachable.length === 0) {
      const why = all.length === 0 ? 'the topology has none' : all.map((e) => e.health.lastError).join('; ')
      throw noTablet(shard, type, why)
    }
    const best = Math.min(...reachable.map((e) => this.#rank(e)))
    const candidates = reachable.filter((e) => this.#rank(e) === best)
    const least = Math.min(...candidates.map((e) => e.pool.outstanding))
    const idlest = candidates.filter((e) => e.pool.outstanding === least)
    return idlest[this.#turn++ % idlest.length]!
  }

  #rank(endpoint: TabletEndpoint): number {
    const { lagSeconds } = endpoint.health
    if (lagSeconds !== undefined && lagSeconds > this.#options.replicaLagMaxSeconds) return 2
    return endpoint.tablet.alias.cell === this.#options.cell ? 0 : 1
  }

  #apply(snapshot: TopologySnapshot): void {
    const seen = new Set<string>()
    const endpointOf = (tablet: Tablet): Endpoint => {
      const key = JSON.stringify([tablet.alias, addressOf(tablet), databaseOf(tablet)])
      seen.add(key)
      let endpoint = this.#endpoints.get(key)
      if (endpoint === undefined) {
        endpoint = new Endpoint(tablet, this.#options, this.#clock, this.#onHealth)
        this.#endpoints.set(key, endpoint)
      }
      return endpoint
    }
    this.#keyspaces = new Map(
      [...snapshot.keyspaces.values()].map((keyspace) => [
        keyspace.name,
        keyspaceShards(keyspace, endpointOf),
      ]),
    )
    for (const [key, endpoint] of this.#endpoints) {
      if (seen.has(key)) continue
      this.#endpoints.delete(key)
      endpoint.close()
    }
    this.#renamed = this.endpoints
      .filter(({ database, tablet }) => database !== tablet.keyspace)
      .sort((a, b) => b.database.length - a.database.length)
  }
}

function keyspaceShards(keyspace: KeyspaceState, endpointOf: (tablet: Tablet) => Endpoint): KeyspaceShards {
  const serving = [...keyspace.shards.values()].filter((shard) => shard.record.is_primary_serving !== false)
  const shards = new Map<string, ShardEndpoints>(
    serving.map((shard) => [
      shard.name,
      {
        keyspace: keyspace.name,
        name: shard.name,
        ...(shard.primary === undefined ? {} : { primary: endpointOf(shard.primary) }),
        // The shard's record wins over the tablets' own types: who is its primary serves as nothing else.
        replicas: shard.tablets.filter((t) => t.type === 'REPLICA' && t !== shard.primary).map(endpointOf),
        rdonly: shard.tablets.filter((t) => t.type === 'RDONLY' && t !== shard.primary).map(endpointOf),
      },
    ]),
  )
  try {
    const ranges = tileShards(serving.map((shard) => shardRangeOf(shard.name)))
    return { keyspace: keyspace.name, ranges, shards: ranges.map((range) => shards.get(range.name)!) }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const problem = new SqlError(
      'ER_UNKNOWN_ERROR',
      `Keyspace '${keyspace.name}' cannot be served: ${error.message}`,
    )
    return { keyspace: keyspace.name, ranges: [], shards: [], problem }
  }
}

function noTablet(shard: ShardEndpoints, type: ServedTabletType, why: string): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `target: ${shard.keyspace}.${shard.name}.${type.toLowerCase()}: no healthy tablet available: ${why}`,
  )
}
