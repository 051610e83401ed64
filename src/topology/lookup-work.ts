import { z } from 'zod'
import type { Change, TopologyStore } from './store.ts'
import { TopologyError } from './store.ts'

/**
 * How far the backfill of a lookup vindex has come. A record beside those of the topology that nobody follows: writing it is no news
 * to proxies.
 */
export interface LookupWork {
  /** Its table was made with the vindex, and goes with it if that is wanted. */
  readonly createdTable: boolean
  /** Its table was declared with the vindex. */
  readonly declaredTable: boolean
  /** What is filled, as text: what is known of another definition does not count. */
  readonly of: string
  /** By the owner's shards. */
  readonly shards: Readonly<Record<string, ShardWork>>
}

export interface ShardWork {
  /** Primary key of the last row that is done: type and hexadecimal bytes of each column. Absent: none is. */
  readonly after?: readonly (readonly [type: string, hex: string])[]
  readonly isDone: boolean
  readonly rows: number
  /** Values of a unique vindex that rows with several keyspace ids have. */
  readonly duplicates: number
}

const schema = z.object({
  createdTable: z.boolean(),
  declaredTable: z.boolean(),
  of: z.string(),
  shards: z.record(
    z.string(),
    z.object({
      after: z.array(z.tuple([z.string(), z.string()])).exactOptional(),
      isDone: z.boolean(),
      rows: z.number(),
      duplicates: z.number(),
    }),
  ),
})

export interface StoredLookupWork {
  readonly work: LookupWork
  readonly version: string
}

/** Begins the path of these records; the rest is `keyspace/vindex`. */
export const LOOKUP_WORK = 'lookups/'

/** Undefined where there is none. */
export async function readLookupWork(
  store: TopologyStore,
  keyspace: string,
  vindex: string,
): Promise<StoredLookupWork | undefined> {
  const path = pathOf(keyspace, vindex)
  const found = await store.get(path)
  if (found === undefined) return undefined
  const parsed = schema.safeParse(JSON.parse(found.value))
  if (!parsed.success)
    throw new TopologyError('invalid', `${path}: ${parsed.error.issues[0]?.message}; remove the record`)
  return { work: parsed.data, version: found.version }
}

/** `version`: of the record that it replaces, if there is one. */
export function putLookupWork(
  keyspace: string,
  vindex: string,
  work: LookupWork,
  version: string | undefined,
): Change {
  return {
    kind: 'put',
    path: pathOf(keyspace, vindex),
    value: JSON.stringify(work),
    expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
  }
}

export function deleteLookupWork(keyspace: string, vindex: string): Change {
  return { kind: 'delete', path: pathOf(keyspace, vindex) }
}

function pathOf(keyspace: string, vindex: string): string {
  return `${LOOKUP_WORK}${keyspace}/${encodeURIComponent(vindex)}`
}
