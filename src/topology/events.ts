import { z } from 'zod'
import type { Change, Fence, TopologyStore } from './store.ts'
import { TopologyError } from './store.ts'

/** Something that was done to a shard's servers, or found out about them: for people who ask what happened. */
export interface TopologyEvent {
  /** ISO 8601, in UTC. */
  readonly at: string
  readonly keyspace: string
  readonly shard: string
  /** A sentence. */
  readonly text: string
  /** Which process: `host pid`. */
  readonly by: string
}

/** Begins the path of these records; the rest is a number that grows, in `DIGITS` digits. Nobody follows them. */
export const EVENTS = 'events/'
/** Beyond these the oldest go. */
const EVENTS_MAX = 500
const DIGITS = 12
/** Whoever is beaten has been beaten by one who went on. */
const TURNS_MAX = 16
/** Of one commit, beside the new one. */
const PRUNED_MAX = 50

const schema = z.object({
  at: z.string(),
  keyspace: z.string(),
  shard: z.string(),
  text: z.string(),
  by: z.string(),
})

/** The oldest first. */
export async function readEvents(store: TopologyStore): Promise<readonly TopologyEvent[]> {
  return (await stored(store)).flatMap(({ value }) => {
    const parsed = schema.safeParse(JSON.parse(value))
    return parsed.success ? [parsed.data] : []
  })
}

/** Adds an event behind all others. */
export async function appendEvent(
  store: TopologyStore,
  event: TopologyEvent,
  fences: readonly Fence[] = [],
): Promise<void> {
  for (let turn = 1; ; turn++) {
    const before = await stored(store)
    const number = Number(before.at(-1)?.path.slice(EVENTS.length) ?? 0) + 1
    const path = `${EVENTS}${String(number).padStart(DIGITS, '0')}`
    const excess = Math.min(PRUNED_MAX, Math.max(0, before.length + 1 - EVENTS_MAX))
    const changes: Change[] = [
      { kind: 'put', path, value: JSON.stringify(event), expect: { kind: 'absent' } },
      ...before.slice(0, excess).map(({ path: old }): Change => ({ kind: 'delete', path: old })),
    ]
    try {
      return await store.commit(changes, fences)
    } catch (error) {
      const isConflict = error instanceof TopologyError && error.kind === 'conflict'
      if (!isConflict || turn === TURNS_MAX) throw error
    }
  }
}

async function stored(store: TopologyStore) {
  const { records } = await store.list()
  return records.filter(({ path }) => path.startsWith(EVENTS)).sort((a, b) => (a.path < b.path ? -1 : 1))
}
