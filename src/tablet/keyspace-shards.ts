import { SqlError } from '../errors/sql-error.ts'
import { type ShardRange, shardRangeOf, tileShards } from '../key/shard-ranges.ts'
import type { ServedTabletType, Tablet } from '../topology/records.ts'
import type { KeyspaceState, ShardState } from '../topology/snapshot.ts'
import type { Endpoint } from './endpoint.ts'
import { type ShardTarget, shardTarget } from './shard-target.ts'

/** The serving shards of a keyspace, sorted so that they tile the space of keyspace ids. */
export interface KeyspaceShards {
  readonly keyspace: string
  readonly ranges: readonly ShardRange[]
  readonly shards: readonly ServedShard[]
  /** Why the keyspace cannot serve: no shards, a gap, an overlap. */
  readonly problem?: SqlError
}

/** A shard, as others may know it. */
export interface ServedShard {
  readonly keyspace: string
  readonly name: string
  /** Its name in MySQL, on all of its tablets; the keyspace's name while it has none. */
  readonly database: string
  readonly targets: Readonly<Record<ServedTabletType, ShardTarget>>
}

/** Who serves a shard. */
export interface ShardEndpoints {
  readonly primary: Endpoint | undefined
  /** Changes with every change of primary, also back to the same tablet: what was open under another term is lost. */
  readonly term: string
  readonly replicas: readonly Endpoint[]
  readonly rdonly: readonly Endpoint[]
}

export interface ServedKeyspace {
  readonly shards: KeyspaceShards
  /** By the shard's name. */
  readonly endpoints: ReadonlyMap<string, ShardEndpoints>
}

/** Shards that exist but do not serve (the targets of a resharding) are left out. */
export function serveKeyspace(
  keyspace: KeyspaceState,
  endpointOf: (tablet: Tablet) => Endpoint,
): ServedKeyspace {
  const serving = [...keyspace.shards.values()].filter((shard) => shard.record.is_primary_serving !== false)
  const endpoints = new Map(serving.map((shard) => [shard.name, endpointsOf(shard, endpointOf)]))
  const shards = new Map(
    serving.map((shard) => [shard.name, servedShard(keyspace.name, shard.name, endpoints.get(shard.name)!)]),
  )
  try {
    const ranges = tileShards(serving.map((shard) => shardRangeOf(shard.name)))
    const tiled = ranges.map((range) => shards.get(range.name)!)
    return { endpoints, shards: { keyspace: keyspace.name, ranges, shards: tiled } }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const problem = new SqlError(
      'ER_UNKNOWN_ERROR',
      `Keyspace '${keyspace.name}' cannot be served: ${error.message}`,
    )
    return { endpoints, shards: { keyspace: keyspace.name, ranges: [], shards: [], problem } }
  }
}

function endpointsOf(shard: ShardState, endpointOf: (tablet: Tablet) => Endpoint): ShardEndpoints {
  const { primary, record, tablets } = shard
  // The shard's record wins over the tablets' own types: who is its primary serves as nothing else.
  const ofType = (type: ServedTabletType) =>
    tablets.filter((tablet) => tablet.type === type && tablet !== primary).map(endpointOf)
  const endpoint = primary === undefined ? undefined : endpointOf(primary)
  return {
    primary: endpoint,
    term: `${endpoint?.alias} ${JSON.stringify(record.primary_term_start_time)}`,
    replicas: ofType('REPLICA'),
    rdonly: ofType('RDONLY'),
  }
}

function servedShard(keyspace: string, name: string, endpoints: ShardEndpoints): ServedShard {
  const { primary, replicas, rdonly } = endpoints
  const [some] = primary === undefined ? [...replicas, ...rdonly] : [primary]
  return {
    keyspace,
    name,
    database: some?.database ?? keyspace,
    targets: {
      PRIMARY: shardTarget(keyspace, name, 'PRIMARY'),
      REPLICA: shardTarget(keyspace, name, 'REPLICA'),
      RDONLY: shardTarget(keyspace, name, 'RDONLY'),
    },
  }
}
