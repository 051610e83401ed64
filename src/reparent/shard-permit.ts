import type { Clock } from '../base/clock.ts'
import type { Leadership, TopologyStore } from '../topology/store.ts'
import { Permit } from './permit.ts'

/** Of a shard, so that two processes do not change its primary at once: `manage` and somebody's `ctl` are two. */
export async function withShardPermit<T>(
  {
    store,
    name,
    by,
    ttlMs,
    waitMs,
    clock,
    under = [],
  }: {
    readonly store: TopologyStore
    /** `keyspace/shard`. */
    readonly name: string
    readonly by: string
    readonly ttlMs: number
    /** For whoever has it now. */
    readonly waitMs: number
    readonly clock: Clock
    /** Leaderships that must go on, too. */
    readonly under?: readonly Leadership[]
  },
  work: (permit: Permit) => Promise<T>,
): Promise<T> {
  const giveUp = new AbortController()
  const cancel = clock.after(waitMs, () =>
    giveUp.abort(
      new Error(`${name}: somebody else has been changing its servers for ${waitMs} ms; see ctl events`),
    ),
  )
  let leadership: Leadership
  try {
    leadership = await store.campaign(`reparent/${name}`, by, { ttlMs, signal: giveUp.signal })
  } finally {
    cancel()
  }
  try {
    return await work(new Permit([...under, leadership]))
  } finally {
    await leadership.resign().catch(() => {}) // it ends by itself
  }
}
