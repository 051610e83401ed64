import { z } from 'zod'
import type { Change, TopologyStore } from './store.ts'
import { TopologyError } from './store.ts'

/**
 * A change of a shard's primary that is under way: written before a server is touched, and removed when all is done or undone, so
 * that whoever comes after one that was killed can end it. Nobody follows it.
 */
export interface ReparentWork {
  readonly kind: 'planned' | 'emergency'
  /** Printed alias of the primary before; absent where there was none. */
  readonly from?: string | undefined
  /** Printed alias of the next one; absent until it is chosen. */
  readonly to?: string | undefined
  /** Who began it, and when: `host pid`, ISO 8601. */
  readonly by: string
  readonly since: string
}

/** Begins the path of these records; the rest is `keyspace/shard`. */
export const REPARENT_WORK = 'reparents/'

const schema = z.object({
  kind: z.enum(['planned', 'emergency']),
  from: z.string().optional(),
  to: z.string().optional(),
  by: z.string(),
  since: z.string(),
})

/** Undefined where nothing is under way. */
export async function readReparentWork(
  store: TopologyStore,
  keyspace: string,
  shard: string,
): Promise<ReparentWork | undefined> {
  const path = pathOf(keyspace, shard)
  const found = await store.get(path)
  if (found === undefined) return undefined
  const parsed = schema.safeParse(JSON.parse(found.value))
  if (!parsed.success)
    throw new TopologyError('invalid', `${path}: ${parsed.error.issues[0]?.message}; remove the record`)
  return parsed.data
}

/** `undefined` for nothing under way any more. */
export function putReparentWork(keyspace: string, shard: string, work: ReparentWork | undefined): Change {
  const path = pathOf(keyspace, shard)
  return work === undefined ? { kind: 'delete', path } : { kind: 'put', path, value: JSON.stringify(work) }
}

function pathOf(keyspace: string, shard: string): string {
  return `${REPARENT_WORK}${keyspace}/${shard}`
}
