import { shardIndexOf } from '../key/shard-ranges.ts'
import type { Route } from '../plan/primitives.ts'
import type { Routing } from '../plan/routing.ts'
import { isIntegral, type Value } from '../values/value.ts'
import { domainOf } from '../vindex/domain.ts'
import type { SingleColumnVindex } from '../vindex/vindex.ts'
import type { bindQuery } from './bind.ts'
import type { Bindings, BoundQuery } from './bindings.ts'
import { equalForm } from './routable.ts'
import type { RowFormat } from './row-stream.ts'
import type { Shards } from './shard-set.ts'

interface OwnQueryContext {
  readonly bindings: Bindings
  /** Of the route's keyspace. */
  readonly shards: Shards
  /** The client's protocol. */
  readonly format: RowFormat
}

/** What each of `met`, in this order, is to be asked; undefined where all get the same. */
export function ownQueries(
  { routing, query }: Route,
  met: readonly number[],
  { bindings, shards, format }: OwnQueryContext,
  bind: typeof bindQuery,
): readonly BoundQuery[] | undefined {
  const list = ownList(routing)
  // The client's own packet has its params; texts without them can be put together here.
  if (list === undefined || met.length < 2 || (query.kind === 'Verbatim' && format === 'binary'))
    return undefined
  const values = valuesOfShards(list, bindings, shards)
  if (values === undefined || met.some((shard) => !values.has(shard))) return undefined
  return met.map((shard) => {
    const texts = new Map([[list.slot, values.get(shard)!.join(', ')]])
    if (query.kind === 'Verbatim') return { kind: 'Text', sql: bindings.textWith(texts), params: [] }
    return bind(query, bindings.withSlotTexts(texts))
  })
}

interface SplitList {
  readonly routing: Routing & { readonly kind: 'In' }
  readonly vindex: SingleColumnVindex
  readonly slot: number
}

/** `column IN (1, 2, 3)`, which stands in the statement as one slot. */
function ownList(routing: Routing): SplitList | undefined {
  if (routing.kind === 'Unless') return ownList(routing.routing)
  if (routing.kind !== 'In' || routing.list.kind !== 'Slot' || routing.vindex.kind !== 'single')
    return undefined
  return { routing, vindex: routing.vindex, slot: routing.list.slot }
}

/**
 * The values that rows of each shard can have, in their order. Only of integers, for a list of them is compared in the same way
 * when it is shorter; undefined where one of them may be on several shards.
 */
function valuesOfShards(
  { routing, vindex, slot }: SplitList,
  bindings: Bindings,
  shards: Shards,
): ReadonlyMap<number, readonly string[]> | undefined {
  const texts = new Map<number, string[]>()
  for (const value of bindings.listValues(slot)) {
    if (value.type === 'NULL') continue // which nothing is equal to
    const shard = shardOf(value, routing, vindex, shards)
    if (shard === undefined) return undefined
    const text = Buffer.from(value.bytes).latin1Slice()
    const known = texts.get(shard)
    if (known === undefined) texts.set(shard, [text])
    else known.push(text)
  }
  return texts
}

function shardOf(
  value: Value,
  { columns }: SplitList['routing'],
  vindex: SingleColumnVindex,
  shards: Shards,
): number | undefined {
  const form = isIntegral(value.type) ? equalForm(domainOf(vindex, 0), columns?.[0], value) : undefined
  const destination = form && vindex.map(form)
  return destination?.kind === 'KeyspaceId' ? shardIndexOf(shards, destination.id) : undefined
}
