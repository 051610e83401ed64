import type { ShardPort } from '../../../src/engine/shard-port.ts'
import type { Shards } from '../../../src/engine/shard-set.ts'
import type { ShardsView } from '../../../src/engine/shards-view.ts'

/** One keyspace `ks` with these shards; where any will do, the second is picked. */
export function viewOf(shards: Shards): ShardsView {
  return {
    shardsOf: () => shards,
    pick: (_keyspace, count) => Math.min(1, count - 1),
    isKeyspace: (name) => name === 'ks',
    databaseOf: (keyspace) => keyspace,
    insertMode: { noAutoValueOnZero: false, isStrict: true },
    countsFound: false,
    noBackslashEscapes: false,
    isIdPassed: () => true,
    packetBytesMax: () => Number.POSITIVE_INFINITY,
  }
}

/** A port of which a test uses some doors; the others are not expected to be opened. */
export function portOf(doors: Partial<ShardPort>): ShardPort {
  const unexpected = (): never => {
    throw new Error('nobody should ask')
  }
  return {
    openStreams: unexpected,
    write: unexpected,
    outside: unexpected,
    exclusively: unexpected,
    definition: unexpected,
    commit: unexpected,
    schemaChanged: unexpected,
    asStored: unexpected,
    saysNullsOnce: true,
    askForFile: unexpected,
    openLoad: unexpected,
    leave: unexpected,
    openStage: unexpected,
    get copying() {
      return unexpected()
    },
    nextIds: unexpected,
    lookups: { add: unexpected, find: unexpected, change: unexpected, remove: unexpected },
    own: { depth: 0, rows: unexpected, change: unexpected },
    attempt: (work) => work(),
    passId: unexpected,
    openScratch: unexpected,
    openScratchOn: unexpected,
    warnings: 0,
    conditions: () => ({ conditions: [], count: 0 }),
    lostDates: async () => false,
    hidesLostDates: false,
    isInCondition: () => false,
    ...doors,
  }
}
