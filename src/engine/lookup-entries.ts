import { groupBy } from '../base/group-by.ts'
import { ServerError } from '../errors/server-error.ts'
import { SqlError } from '../errors/sql-error.ts'
import { compareKeyspaceIds, printKeyspaceId } from '../key/keyspace-id.ts'
import { shardIndexOf } from '../key/shard-ranges.ts'
import type { Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { StreamRows } from './outer-rows.ts'
import { keyspaceIdOf, type ShardsOf } from './resolve.ts'
import type { LeftRows, LookedThrough, LookupEntry, ShardPort } from './shard-port.ts'
import { readShard } from './shard-read.ts'
import { ValueRows } from './value-rows.ts'

export interface LookupContext {
  readonly bindings: Bindings
  readonly shards: { readonly shardsOf: ShardsOf }
  readonly port: ShardPort
}

/** A value that another row of the owner has, and the shard of that. */
export interface TakenValue {
  readonly entry: LookupEntry
  readonly shard: number
}

/** NULL is in no lookup table: nothing is found by it. */
export function isEntered({ values: [first] }: LookupEntry): boolean {
  return first !== undefined && first.type !== 'NULL'
}

/** Whether the owner has the rows already that are entered. */
export type Entering = 'new rows' | 'written rows'

/**
 * Enters rows in lookup tables, all at once where no value is taken. One that is may be left from a row that is gone: one that goes in
 * the same transaction, or for a process or a server has died between two commits. Then it becomes the new row's. Answers the first
 * that is not.
 */
export async function enter(
  entries: readonly LookupEntry[],
  rows: Entering,
  context: LookupContext,
): Promise<TakenValue | undefined> {
  const { lookups } = context.port
  for (const own of byLookup(entries.filter(isEntered))) {
    try {
      await lookups.add(own)
    } catch (error) {
      if (!(error instanceof ServerError && error.errno === ER_DUP_ENTRY)) throw error
      const taken = await enterEach(own, rows, context)
      if (taken !== undefined) return taken
    }
  }
  return undefined
}

const ER_DUP_ENTRY = 1062

async function enterEach(
  entries: readonly LookupEntry[],
  rows: Entering,
  context: LookupContext,
): Promise<TakenValue | undefined> {
  const { lookups } = context.port
  const entered: LookupEntry[] = []
  for (const entry of entries) {
    const found = await takenBy(entry, context)
    if (found === 'nobody') await lookups.add([entry])
    else {
      const isSame = compareKeyspaceIds(found.id, entry.id) === 0
      const own = rows === 'written rows' && isSame ? 1 : 0
      const isEnteredNow = entered.some(({ id }) => compareKeyspaceIds(id, found.id) === 0)
      if (found.owners > own || (rows === 'new rows' && isEnteredNow)) return { entry, shard: found.shard }
      await lookups.change(entry)
    }
    entered.push(entry)
  }
  return undefined
}

interface Found {
  readonly id: LookupEntry['id']
  readonly shard: number
  /** How many rows the owner has there with the value. */
  readonly owners: number
}

/** Who has the value of a unique lookup vindex, once nobody else can take it or give it up. */
export async function takenBy(
  { lookup, values }: LookupEntry,
  { port, shards, bindings }: LookupContext,
): Promise<Found | 'nobody'> {
  const [id] = await port.lookups.find(lookup, values)
  if (id === undefined) return 'nobody'
  const shard = shardIndexOf(shards.shardsOf(lookup.owner), id)
  const at = { keyspace: lookup.owner, shard }
  const outer = new ValueRows([values])
  const { rows, columns, format } = await readShard(
    lookup.owners,
    at,
    { bindings, outer },
    { port, waits: true },
  )
  const owners = rows.filter((row) => {
    const own = new StreamRows([row], columns, format, lookup.charsets)
    const owner = keyspaceIdOf(lookup.routing, own, bindings)
    return owner !== undefined && compareKeyspaceIds(owner, id) === 0
  })
  return { id, shard, owners: owners.length }
}

/** Takes rows out of lookup tables, but for those that other rows of the owner have alike. */
export async function remove(entries: readonly LookupEntry[], context: LookupContext): Promise<void> {
  const { bindings, shards, port } = context
  const isLeft: LeftRows = (own, through) => leftRows(own, { bindings, shards }, through)
  for (const own of byLookup(entries.filter(isEntered))) await port.lookups.remove(own, isLeft)
}

async function leftRows(
  entries: readonly LookupEntry[],
  { bindings, shards }: Pick<LookupContext, 'bindings' | 'shards'>,
  through: LookedThrough,
): Promise<ReadonlySet<LookupEntry>> {
  const left = new Set<LookupEntry>()
  const ask = (own: readonly LookupEntry[]) => ownersOf(own, { bindings, shards }, through)
  const shardOf = ({ lookup, id }: LookupEntry) => shardIndexOf(shards.shardsOf(lookup.owner), id)
  for (const own of groupBy(entries, shardOf).values()) {
    const known = await ask(own)
    for (const entry of own) {
      const key = keyOf(entry)
      if (!known.has(key)) continue
      // Where the id alone tells, the row may have the value of another entry.
      const isSure = entry.lookup.isExact || own.length === 1
      if (isSure || (await ask([entry])).has(key)) left.add(entry)
    }
  }
  return left
}

/** Rows of the owner on the shard of these entries that may be alike. */
async function ownersOf(
  entries: readonly LookupEntry[],
  { bindings, shards }: Pick<LookupContext, 'bindings' | 'shards'>,
  through: LookedThrough,
): Promise<ReadonlySet<string>> {
  const [{ lookup, id: first }] = entries as readonly [LookupEntry]
  const { owner, owners, alike, routing, charsets, placingWidth } = lookup
  const isTold = alike !== undefined && entries.every(({ placing }) => placing !== undefined)
  const outer = new ValueRows(
    entries.map(({ values, placing = [] }) => (isTold ? [...values, ...placing] : values)),
  )
  const at = { keyspace: owner, shard: shardIndexOf(shards.shardsOf(owner), first) }
  const { rows, columns, format } = await readShard(isTold ? alike : owners, at, { bindings, outer }, through)
  const known = new Set<string>()
  for (const row of rows) {
    const own = new StreamRows([row], columns, format, charsets)
    const id = keyspaceIdOf(routing, own, bindings)
    const values = columns.slice(placingWidth).map((_, i) => own.cell(0, placingWidth + i))
    if (id !== undefined) known.add(keyOf({ lookup, values, id }))
  }
  return known
}

/** Equal for entries that may be one. */
function keyOf({ lookup, values, id }: LookupEntry): string {
  const texts = lookup.isExact ? values.map(textOf) : []
  return JSON.stringify([printKeyspaceId(id), ...texts])
}

function byLookup(entries: readonly LookupEntry[]): Iterable<readonly LookupEntry[]> {
  return groupBy(entries, ({ lookup }) => lookup).values()
}

/** As a server says it that has all rows. */
export function duplicateEntry({ lookup, values }: LookupEntry, isMariadb: boolean): SqlError {
  const { table, key } = lookup.told
  const text = values.map(textOf).join('-')
  return new SqlError(
    'ER_DUP_ENTRY',
    `Duplicate entry '${text}' for key '${isMariadb ? key : `${table}.${key}`}'`,
  )
}

function textOf({ type, bytes }: Value): string {
  return type === 'NULL' ? 'NULL' : Buffer.from(bytes).toString()
}
