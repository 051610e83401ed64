import { assert, unreachable } from '../base/assert.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Destination } from '../key/destination.ts'
import type { KeyspaceId } from '../key/keyspace-id.ts'
import { resolveDestination, shardIndexOf } from '../key/shard-ranges.ts'
import type { LookupRouting, RangeRouting, RoutedColumns, Routing } from '../plan/routing.ts'
import type { PlanList, PlanValue } from '../plan/values.ts'
import { isBinary, isIntegral, isNumber, isSigned, type Value } from '../values/value.ts'
import { domainOf, type VindexDomain } from '../vindex/domain.ts'
import type { SingleColumnVindex, Vindex } from '../vindex/vindex.ts'
import type { Bindings, OuterRows } from './bindings.ts'
import { mayBeTrue } from './constant-condition.ts'
import { equalInteger, exactDigits } from './integer-value.ts'
import { likePrefix } from './like-prefix.ts'
import { beneath, outerRowsOf } from './outer-rows.ts'
import { bindValue, isNullSafe } from './plan-value.ts'
import { equalForm, isCharacters } from './routable.ts'
import { anyShardIndex, ShardSet, type Shards, type ShardsOf } from './shard-set.ts'
import { heldForm, storedForm } from './stored-form.ts'

export { anyShardIndex, type Shards, type ShardsOf } from './shard-set.ts'

/**
 * The shards a statement goes to: the position of the only one, `anyShardIndex`, or the positions of several (two at
 * least, ascending). Nothing that could hold a row is left out: a value that does not surely map to the id of the rows
 * it equals sends the statement to all shards.
 *
 * Synchronous and nearly free of allocation: it runs once for every statement.
 */
export function resolveRouting(
  routing: Routing,
  bindings: Bindings,
  shardsOf: ShardsOf,
): number | readonly number[] {
  const shards = shardsOf(routing.keyspace)
  switch (routing.kind) {
    case 'Unsharded':
      assert(shards.length === 1, `unsharded keyspace ${routing.keyspace} has ${shards.length} shards`)
      return 0
    case 'AnyShard':
    case 'SystemSchema':
    case 'None':
      return anyShardIndex
    case 'Scatter':
      return everyShard(shards)
    case 'Union':
      return resolveUnion(routing.parts, bindings, shardsOf, shards)
    case 'Unless':
      if (!routing.conditions.every((condition) => mayBeTrue(condition, bindings))) return anyShardIndex
      return resolveRouting(routing.routing, bindings, shardsOf)
    case 'Shard':
      return namedShard(routing.shard, shards)
    case 'Pinned':
      return shardIndexOf(shards, routing.keyspaceId as KeyspaceId)
    case 'Equal':
      if (routing.written !== undefined) return resolveWritten(routing, bindings, shards)
      return resolveEqual(routing.vindex, routing.values, routing.columns, bindings, shards)
    case 'In':
      return resolveList(routing, bindings, shards)
    case 'Lookup':
      return resolveLookup(routing, bindings, shards)
    case 'Range':
      return resolveRange(routing, bindings, shards)
    case 'Prefix':
      return resolvePrefix(routing, bindings, shards)
    case 'MultiEqual':
      return resolveTuples(routing.vindex, routing.tuples, routing.columns, bindings, shards)
    case 'Product':
      return resolveProduct(routing, bindings, shards)
    default:
      return unreachable(routing)
  }
}

function resolveUnion(
  parts: readonly Routing[],
  bindings: Bindings,
  shardsOf: ShardsOf,
  shards: Shards,
): number | readonly number[] {
  const set = new ShardSet(shards)
  for (const part of parts) set.add(resolveRouting(part, bindings, shardsOf))
  return set.result()
}

function namedShard(name: string, shards: Shards): number {
  const position = shards.findIndex((shard) => shard.name === name)
  if (position < 0) throw new SqlError('ER_BAD_DB_ERROR', `Unknown shard '${name}'`)
  return position
}

function everyShard(shards: Shards): number | readonly number[] {
  return shards.length === 1 ? 0 : shards.map((_, i) => i)
}

// ------------------------------------------------------------------------------------------------ one value

function resolveEqual(
  vindex: Vindex,
  values: readonly PlanValue[],
  columns: RoutedColumns | undefined,
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  if (vindex.kind !== 'single') return resolveTuple(vindex, values, columns, bindings, shards)
  const value = bindValue(values[0], bindings)
  if (value.type === 'NULL') {
    if (!isNullSafe(values[0])) return anyShardIndex
    return asResult(
      shards,
      destinationOf(() => vindex.map(value)),
      anyShardIndex,
    )
  }
  const form = equalForm(domainOf(vindex, 0), columns?.[0], value)
  const destination = form === undefined ? undefined : mapSingle(vindex, form)
  return asResult(shards, destination, undefined)
}

/** `column LIKE pattern`: the shards of all values that begin as the pattern does. */
function resolvePrefix(
  { vindex, pattern, columns }: Routing & { readonly kind: 'Prefix' },
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const value = bindValue(pattern, bindings)
  if (value.type === 'NULL') return anyShardIndex
  const prefix = vindex.kind === 'single' ? vindex.prefix : undefined
  const begin = prefix === undefined ? undefined : likePrefix(columns?.[0], value)
  return asResult(shards, begin && prefix!.map(begin), undefined)
}

/** What is no number, or no string of bytes, bounds nothing: it is compared in ways of its own. */
function resolveRange(
  { vindex, low, high }: RangeRouting,
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const bounds = [low, high].map((planned) => planned && bindValue(planned, bindings))
  if (bounds.some((value) => value?.type === 'NULL')) return anyShardIndex
  const destination = destinationOf(() => {
    const [first, last] = bounds.map((value) => value && orderedForm(domainOf(vindex, 0), value))
    const start = first && vindex.rangeMap!(first, first)?.start
    const end = last && vindex.rangeMap!(last, last)?.end
    return { kind: 'KeyRange', range: { start: start ?? NO_BYTES, end: end ?? NO_BYTES } }
  })
  return asResult(shards, destination, anyShardIndex)
}

const NO_BYTES = new Uint8Array(0)

/** The value in the order of its column; a negative number is before all ids. */
function orderedForm(domain: VindexDomain, value: Value): Value | undefined {
  if (domain === 'integer') return isIntegral(value.type) ? equalInteger(value) : undefined
  const isText = isCharacters(value.type) && value.bytes.every((byte) => byte < 0x80)
  return isText || isBinary(value.type) ? value : undefined
}

/** All shards where it cannot be told what the columns will hold. */
function resolveWritten(
  routing: Routing & { readonly kind: 'Equal' },
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  if (routing.vindex.kind === 'lookup') return everyShard(shards)
  return asResult(
    shards,
    destinationOf(() => writtenTo(routing, bindings)),
    undefined,
  )
}

/** Of a row that has been read, whose cells are the routing's values; undefined where they do not tell. */
export function keyspaceIdOf(routing: Routing, row: OuterRows, bindings: Bindings): KeyspaceId | undefined {
  if (routing.kind === 'Pinned') return routing.keyspaceId as KeyspaceId
  if (routing.kind !== 'Equal' || routing.vindex.kind === 'lookup') return undefined
  const destination = destinationOf(() => writtenTo(routing, beneath(bindings, row)))
  return destination?.kind === 'KeyspaceId' ? destination.id : undefined
}

/** Where a row with these values belongs; undefined where a lookup vindex tells. */
function writtenTo(
  { vindex, values, columns }: Routing & { readonly kind: 'Equal' },
  bindings: Bindings,
): Destination | undefined {
  if (vindex.kind === 'lookup') return undefined
  const stored = values.map((value, i) => {
    const form = value.kind === 'Cell' ? heldForm : storedForm // cells are of rows that are there
    return form(domainOf(vindex, i), columns?.[i], bindValue(value, bindings), '')
  })
  return vindex.kind === 'multi' ? vindex.map(stored) : vindex.map(stored[0])
}

/** Undefined for a value that the vindex cannot take; MySQL might still find it equal to something. */
function mapSingle(vindex: SingleColumnVindex, value: Value): Destination | undefined {
  // Not by way of `destinationOf`: this runs once for every statement, without a closure.
  try {
    return vindex.map(value)
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

function destinationOf(map: () => Destination | undefined): Destination | undefined {
  try {
    return map()
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

/** `whenNone`: what no destination at all means; undefined: that it cannot be told, so all shards. */
function asResult(
  shards: Shards,
  destination: Destination | undefined,
  whenNone: number | undefined,
): number | readonly number[] {
  if (destination === undefined) return everyShard(shards)
  if (destination.kind === 'KeyspaceId') return shardIndexOf(shards, destination.id)
  const found = resolveDestination(shards, destination, () => 0)
  if (found.length === 0) return whenNone ?? everyShard(shards)
  return found.length === 1 ? found[0] : found
}

// --------------------------------------------------------------------------------------------- many values

function resolveList(
  routing: Routing & { readonly kind: 'In' },
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const { vindex, list, columns } = routing
  const values = listValues(list, bindings)
  const comparison = listComparison(list, values)
  const set = new ShardSet(shards)
  for (const value of values) {
    if (value.type === 'NULL') continue
    set.add(resolveListed(vindex, value, { columns, comparison }, shards))
    if (set.isFull) break
  }
  return set.result()
}

/** The shards of each value of a list by itself, in its order. */
export function resolveEach(
  { keyspace, vindex, list, columns }: Routing & { readonly kind: 'In' },
  bindings: Bindings,
  shardsOf: ShardsOf,
): readonly (number | readonly number[])[] {
  const shards = shardsOf(keyspace)
  const values = listValues(list, bindings)
  const comparison = listComparison(list, values)
  return values.map((value) =>
    value.type === 'NULL' ? anyShardIndex : resolveListed(vindex, value, { columns, comparison }, shards),
  )
}

function resolveListed(
  vindex: Vindex,
  value: Value,
  types: TupleTypes,
  shards: Shards,
): number | readonly number[] {
  if (vindex.kind !== 'single') return resolveValues(vindex, [value], types, shards)
  const form = equalForm(domainOf(vindex, 0), types.columns?.[0], value)
  if (form === undefined || (types.comparison === 'double' && isLong(form))) return everyShard(shards)
  return asResult(shards, mapSingle(vindex, form), undefined)
}

function resolveLookup(
  routing: LookupRouting,
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const ids = bindings.lookedUp(routing)
  if (ids === undefined) return everyShard(shards)
  const set = new ShardSet(shards)
  for (const id of ids) set.add(shardIndexOf(shards, id))
  return set.result()
}

/** Of an In or Lookup. */
export function listValues(list: PlanList, bindings: Bindings): readonly Value[] {
  if (list.kind === 'Slot') return bindings.listValues(list.slot)
  if (list.kind === 'Column') {
    const rows = bindings.rows(list.slot)
    return Array.from({ length: rows.rowCount }, (_, row) => rows.cellValue(row, list.column))
  }
  if (list.kind === 'Cells') return outerRowsOf(bindings).values(list.column)
  return list.values.map((planned) => bindValue(planned, bindings))
}

/** `id IN ('9007199254740993', 5)` compares doubles on MySQL 9.7, a list of one kind compares integers. */
function listComparison(list: PlanList, values: readonly Value[]): TupleTypes['comparison'] {
  if (list.kind === 'Column') return tupleComparison([values])
  let numbers = 0
  let nulls = 0
  for (const { type } of values) {
    if (type === 'NULL') nulls++
    else if (isNumber(type)) numbers++
  }
  return numbers > 0 && numbers + nulls < values.length ? 'double' : 'exact'
}

function isLong(value: Value): boolean {
  return value.bytes.length > exactDigits
}

function resolveTuples(
  vindex: Vindex,
  tuples: readonly (readonly PlanValue[])[],
  columns: RoutedColumns | undefined,
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const bound = tuples.map((tuple) => bindTuple(tuple, bindings)).filter((values) => values !== undefined)
  const comparison = tupleComparison(bound)
  const set = new ShardSet(shards)
  for (const values of bound) {
    set.add(resolveValues(vindex, values, { columns, comparison }, shards))
    if (set.isFull) break
  }
  return set.result()
}

/**
 * In lists of tuples only signed integers are compared exactly by all: MariaDB 10.11 compares text with a BIGINT as
 * doubles there, and MySQL 9.7 takes 18446744073709551615 for -1.
 */
function tupleComparison(tuples: readonly (readonly Value[])[]): TupleTypes['comparison'] {
  const isExact = tuples.every((tuple) => tuple.every(({ type }) => isSigned(type) || type === 'NULL'))
  return isExact ? 'exact' : 'double'
}

function resolveTuple(
  vindex: Vindex,
  tuple: readonly PlanValue[],
  columns: RoutedColumns | undefined,
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const values = bindTuple(tuple, bindings)
  if (values === undefined) return anyShardIndex
  return resolveValues(vindex, values, { columns, comparison: 'exact' }, shards)
}

/** Undefined where a NULL keeps the tuple from being equal to anything; NULLs that are left are meant as values. */
function bindTuple(tuple: readonly PlanValue[], bindings: Bindings): readonly Value[] | undefined {
  const values: Value[] = []
  for (const planned of tuple) {
    const value = bindValue(planned, bindings)
    if (value.type === 'NULL' && !isNullSafe(planned)) return undefined
    values.push(value)
  }
  return values
}

interface TupleTypes {
  readonly columns: RoutedColumns | undefined
  /** How MySQL and MariaDB compare large integers here. */
  readonly comparison: 'exact' | 'double'
}

function resolveValues(
  vindex: Vindex,
  values: readonly Value[],
  types: TupleTypes,
  shards: Shards,
): number | readonly number[] {
  const forms: Value[] = []
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const form = value.type === 'NULL' ? value : equalForm(domainOf(vindex, i), types.columns?.[i], value)
    if (form === undefined || (types.comparison === 'double' && isLong(form))) return everyShard(shards)
    forms.push(form)
  }
  if (vindex.kind === 'lookup') return everyShard(shards)
  const destination = destinationOf(() =>
    vindex.kind === 'single' ? vindex.map(forms[0]) : vindex.map(forms),
  )
  return asResult(shards, destination, undefined)
}

/** More combinations than this would cost more to map than to ask all shards. */
const productMax = 4096

function resolveProduct(
  routing: Routing & { readonly kind: 'Product' },
  bindings: Bindings,
  shards: Shards,
): number | readonly number[] {
  const all = routing.lists.map((list) => listValues(list, bindings))
  const isExact = routing.lists.every((list, i) => listComparison(list, all[i]) === 'exact')
  const types = { columns: routing.columns, comparison: isExact ? 'exact' : 'double' } as const
  const lists = all.map((values) => values.filter((value) => value.type !== 'NULL'))
  const count = lists.reduce((product, list) => product * list.length, 1)
  if (count > productMax) return everyShard(shards)
  const set = new ShardSet(shards)
  for (let n = 0; n < count && !set.isFull; n++) {
    let rest = n
    const values = lists.map((list) => {
      const value = list[rest % list.length]
      rest = Math.floor(rest / list.length)
      return value
    })
    set.add(resolveValues(routing.vindex, values, types, shards))
  }
  return set.result()
}
