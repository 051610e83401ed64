import type { Cell, CellsAlias, Keyspace, RoutingRules, Shard, ShardRoutingRules, Tablet } from './records.ts'

/**
 * The whole topology at one moment. Immutable: a change makes a new snapshot, and parts that did not change
 * keep their identity (a keyspace that is `===` to the one before has the same shards and tablets).
 */
export interface TopologySnapshot {
  /** Counts up by one with each snapshot of this process, from 0 (nothing is known yet). */
  readonly version: number
  /** Revision of the store that the content stands for. */
  readonly revision: string
  /** True while the store cannot be reached: the content is the last that was known. */
  readonly stale: boolean
  readonly cells: ReadonlyMap<string, Cell>
  readonly cellAliases: ReadonlyMap<string, CellsAlias>
  readonly keyspaces: ReadonlyMap<string, KeyspaceState>
  /** By printed alias, `zone1-0000000100`. */
  readonly tablets: ReadonlyMap<string, Tablet>
  /** VSchema of each keyspace as parsed JSON, not validated: `src/vschema` does that. */
  readonly vschemas: ReadonlyMap<string, unknown>
  readonly routingRules: RoutingRules
  readonly shardRoutingRules: ShardRoutingRules
  /** Rules about statements as parsed JSON, not validated: `src/session/rules` does that. */
  readonly queryRules: unknown
  /** Records that could not be read; each keeps its last good content, or is left out when there was none. */
  readonly problems: readonly TopologyProblem[]
}

export interface KeyspaceState {
  readonly name: string
  readonly record: Keyspace
  /** In order of key range. */
  readonly shards: ReadonlyMap<string, ShardState>
}

export interface ShardState {
  readonly keyspace: string
  readonly name: string
  readonly record: Shard
  /** The tablet of `primary_alias`; without that field, the shard's only tablet of type PRIMARY. */
  readonly primary?: Tablet
  /** In order of alias. */
  readonly tablets: readonly Tablet[]
}

export interface TopologyProblem {
  readonly path: string
  readonly message: string
}

/** How the proxy sees the topology: always ready, never awaited. */
export interface TopologyView {
  current(): TopologySnapshot
  /** Called after each new snapshot, in the same tick; the returned function ends it. */
  onChange(listener: (snapshot: TopologySnapshot, previous: TopologySnapshot) => void): () => void
  status(): TopologyStatus
}

export interface TopologyStatus {
  readonly state: 'connecting' | 'following' | 'stale' | 'closed'
  /** Epoch ms of the last news or sign of life from the store; 0 for never. */
  readonly lastContactMs: number
  /** Where the current content came from. */
  readonly source: 'nothing' | 'cache' | 'store'
  readonly lists: number
  readonly watchEnds: number
  readonly lastError?: string
}
