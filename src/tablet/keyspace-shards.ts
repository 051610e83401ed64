import { SqlError } from '../errors/sql-error.ts'
import { type ShardRange, shardRangeOf, tileShards } from '../key/shard-ranges.ts'
import type { ServedTabletType, Tablet, TabletType } from '../topology/records.ts'
import type { KeyspaceState, ShardState } from '../topology/snapshot.ts'
import type { Endpoint } from './endpoint.ts'
import type { ShardPrimary } from './shard-primary.ts'
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
  readonly primary: ShardPrimary
  /** Whoever of them is the primary at this moment serves as nothing else. */
  readonly replicas: readonly Endpoint[]
  readonly rdonly: readonly Endpoint[]
}

/** The objects that stand for tablets and shards, and stay the same as long as these do. */
export interface ShardParts {
  endpointOf(tablet: Tablet): Endpoint
  primaryOf(keyspace: string, shard: string): ShardPrimary
}

export interface ServedKeyspace {
  readonly shards: KeyspaceShards
  /** By the shard's name. */
  readonly endpoints: ReadonlyMap<string, ShardEndpoints>
}

/** Shards that exist but do not serve (the targets of a resharding) are left out. */
export function serveKeyspace(keyspace: KeyspaceState, parts: ShardParts): ServedKeyspace {
  const serving = [...keyspace.shards.values()].filter((shard) => shard.record.is_primary_serving !== false)
  const isDiscovered = keyspace.record.primary === 'discover'
  const endpoints = new Map(serving.map((shard) => [shard.name, endpointsOf(shard, isDiscovered, parts)]))
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

function endpointsOf(
  { keyspace, name, primary, record, tablets }: ShardState,
  isDiscovered: boolean,
  { endpointOf, primaryOf }: ShardParts,
): ShardEndpoints {
  const ofTypes = (...types: TabletType[]) =>
    tablets.filter(({ type }) => types.includes(type)).map(endpointOf)
  const named = primary === undefined ? undefined : endpointOf(primary)
  const mayWrite = ofTypes('PRIMARY', 'REPLICA')
  const served = primaryOf(keyspace, name)
  served.update({
    named,
    namedTerm: JSON.stringify(record.primary_term_start_time) ?? '',
    candidates: isDiscovered ? mayWrite : undefined,
  })
  // The shard's record wins over the tablets' own types.
  const replicas = isDiscovered ? mayWrite : ofTypes('REPLICA').filter((each) => each !== named)
  return { primary: served, replicas, rdonly: ofTypes('RDONLY').filter((each) => each !== named) }
}

function servedShard(keyspace: string, name: string, endpoints: ShardEndpoints): ServedShard {
  const { primary, replicas, rdonly } = endpoints
  const some = primary.endpoint ?? [...replicas, ...rdonly][0]
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
