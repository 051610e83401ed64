import type { ServedTabletType } from '../topology/records.ts'

/** Whom a statement is for: a shard, and which of its tablets. Names, so that who that is can be asked again at any time. */
export interface ShardTarget {
  readonly keyspace: string
  readonly shard: string
  readonly tabletType: ServedTabletType
  /** `shop/-80@primary`: equal for equal targets, and what messages call them. */
  readonly key: string
  /** A connection of its own to the same tablet, whose transaction commits ahead of the others. */
  readonly commitsFirst?: true
}

export function shardTarget(keyspace: string, shard: string, tabletType: ServedTabletType): ShardTarget {
  return { keyspace, shard, tabletType, key: `${keyspace}/${shard}@${tabletType.toLowerCase()}` }
}

export function committingFirst(target: ShardTarget): ShardTarget {
  return { ...target, key: `${target.key}, committing first`, commitsFirst: true }
}
