import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import { readSnapshot } from '../topology/read-snapshot.ts'
import type { KeyspaceState, ShardState } from '../topology/snapshot.ts'
import type { Leadership, TopologyStore } from '../topology/store.ts'
import type { ServerAccess } from './managed-server.ts'
import type { ReparentStep } from './shard-reparent.ts'
import { ShardWatch } from './shard-watch.ts'

export interface ManagerOptions {
  readonly store: TopologyStore
  readonly access: ServerAccess
  readonly clock: Clock
  readonly logger: Logger
  /** Which process: `host pid`. */
  readonly by: string
  /** Pause between two looks at all servers. */
  readonly intervalMs: number
  readonly failuresMin: number
  /** Leadership ends by itself so long after this process was last heard of. */
  readonly leaseMs: number
  /** Between two changes of a shard's primary, when the second is an emergency. */
  readonly emergencyPauseMs: number
  /** For what a replica has to catch up with before it becomes the primary. */
  readonly catchUpMs: number
  readonly onStep?: (step: ReparentStep) => Promise<void>
}

const ELECTION = 'manage'
const AGAIN_MS = 1_000

/**
 * Looks after the managed shards, as long as this process leads; until `signal` is aborted. Several may run: one acts. What it does is
 * fenced twice, by the leadership of all and by the lock of the shard, which somebody's `ctl reparent` takes as well.
 */
export async function manage(options: ManagerOptions, signal: AbortSignal): Promise<void> {
  const { store, by, clock, logger, leaseMs } = options
  while (!signal.aborted)
    try {
      const leadership = await store.campaign(ELECTION, by, { ttlMs: leaseMs, signal })
      logger.info('this controller acts', { by })
      try {
        await lead(options, leadership, signal)
      } finally {
        await leadership.resign().catch(() => {}) // it ends by itself
      }
      if (!signal.aborted) logger.warn('this controller does not act any more', { by })
    } catch (error) {
      if (signal.aborted) return
      logger.error('the election failed', { error })
      await sleep(clock, AGAIN_MS)
    }
}

async function lead(options: ManagerOptions, leadership: Leadership, signal: AbortSignal): Promise<void> {
  const { store, clock, logger, intervalMs } = options
  const watches = new Map<string, ShardWatch>()
  const goesOn = () => leadership.isHeld() && !signal.aborted
  try {
    while (goesOn()) {
      try {
        const managed = managedShards([...(await readSnapshot(store)).keyspaces.values()])
        for (const [name, { keyspace, shard }] of managed) {
          const watch = watches.get(name) ?? new ShardWatch(name, options, leadership)
          watches.set(name, watch)
          watch.look(keyspace, shard)
        }
        for (const [name, watch] of watches)
          if (!managed.has(name)) {
            watch.close()
            watches.delete(name)
          }
      } catch (error) {
        logger.error('the topology cannot be read', { error })
      }
      await sleep(clock, intervalMs)
    }
  } finally {
    for (const watch of watches.values()) watch.close()
    await Promise.all([...watches.values()].map((watch) => watch.ended()))
  }
}

/** By name, `keyspace/shard`: those whose tablets are all managed. */
function managedShards(keyspaces: readonly KeyspaceState[]) {
  const managed = new Map<string, { readonly keyspace: KeyspaceState; readonly shard: ShardState }>()
  for (const keyspace of keyspaces)
    for (const shard of keyspace.shards.values())
      if (isManaged(shard)) managed.set(`${keyspace.name}/${shard.name}`, { keyspace, shard })
  return managed
}

export function isManaged({ tablets }: ShardState): boolean {
  return tablets.length > 0 && tablets.every(({ managed }) => managed === true)
}
