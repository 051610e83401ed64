import type {
  ConstantCondition,
  LookupRouting,
  RangeRouting,
  RoutedColumn,
  RoutedColumns,
  Routing,
} from '../../../plan/routing.ts'
import type { PlanList, PlanValue } from '../../../plan/values.ts'
import { isBinary, isIntegral } from '../../../values/value.ts'
import { domainOf } from '../../../vindex/domain.ts'
import type { LookupVindex, Vindex } from '../../../vindex/vindex.ts'
import type { ColumnVindex } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { routedColumns } from '../../binding/column-type.ts'
import type { Facts, Level } from '../../binding/level.ts'
import { columnKey } from '../../binding/source.ts'
import { functionalVindex } from '../../binding/vindexes.ts'

/** How much a routing asks of the shards; Vitess's figures for its opcodes. */
const costs: Readonly<Record<Routing['kind'], number>> = {
  Unsharded: 0,
  AnyShard: 0,
  SystemSchema: 0,
  None: 0,
  Shard: 0,
  Union: 0,
  Unless: 0,
  Pinned: 0,
  Equal: 1,
  Prefix: 5,
  In: 10,
  Range: 12,
  Lookup: 15,
  MultiEqual: 10,
  Product: 10,
  Scatter: 20,
}
const partialCost = 5

interface Candidate {
  readonly routing: Routing
  readonly cost: number
}

/**
 * The cheapest way to all shards that can hold rows of tables which are together.
 *
 * What holds for rows of `level` tells of all of them. Conditions on the inner side of an outer join or in a subquery tell
 * nothing of the rows around it, unless there are none: then all is where the first of the tables is.
 */
export function routingOfTables(tables: readonly BoundTable[], level: Level): Routing {
  const [first] = tables
  const { keyspace } = first.instance.table
  const hasRows = tables.some((table) => table.level.is(level))
  const facts = (hasRows ? level : first.level).facts()
  const candidates = (hasRows ? tables : [first]).flatMap((table) => candidatesOf(table, facts, keyspace))
  let best: Candidate = { routing: { kind: 'Scatter', keyspace }, cost: costs.Scatter }
  for (const candidate of candidates) if (candidate.cost < best.cost) best = candidate
  return unlessNever(best.routing, (hasRows ? level : first.level).constants)
}

/** All shards of rows of which nothing is known, whatever conditions say of constants. */
export function isScatter(routing: Routing | undefined): boolean {
  return routing?.kind === 'Unless' ? isScatter(routing.routing) : routing?.kind === 'Scatter'
}

/** One shard is asked anyhow, or it depends on what conditions say of constants. */
function unlessNever(routing: Routing, conditions: readonly ConstantCondition[]): Routing {
  const isOne = routing.kind === 'Equal' || routing.kind === 'Pinned'
  if (isOne || conditions.length === 0) return routing
  return { kind: 'Unless', keyspace: routing.keyspace, conditions, routing }
}

function candidatesOf(table: BoundTable, facts: Facts, keyspace: string): readonly Candidate[] {
  const { pinned, columnVindexes } = table.instance.table
  if (pinned !== undefined)
    return [{ routing: { kind: 'Pinned', keyspace, keyspaceId: pinned }, cost: costs.Pinned }]
  const primary = functionalVindex(table.instance.table)
  return columnVindexes
    .filter((each) => each.vindex === primary?.vindex || isKept(each))
    .filter(({ name }) => !table.instance.unusedVindexes?.has(name))
    .flatMap((vindex) => candidateOf(table, vindex, facts, keyspace) ?? [])
}

/** Whoever writes the table's rows writes its lookup table, too. */
function isKept({ vindex, owned, backfilling }: ColumnVindex): boolean {
  return vindex.kind === 'lookup' && owned && !backfilling
}

function candidateOf(
  { instance }: BoundTable,
  vindex: ColumnVindex,
  facts: Facts,
  keyspace: string,
): Candidate | undefined {
  const columns = vindex.columns.map((name) => columnKey({ instance, name: name.toLowerCase() }))
  const routing = routingOf(vindex, columns, facts, keyspace, routedColumns(instance.table, vindex))
  if (routing === undefined) return undefined
  const base = vindex.partial && routing.kind === 'Equal' ? partialCost : costs[routing.kind]
  // Fractions keep a vindex's own cost below the difference between two ways of routing.
  return { routing, cost: base + vindex.cost / 1000 }
}

function routingOf(
  { vindex }: ColumnVindex,
  columns: readonly string[],
  facts: Facts,
  keyspace: string,
  types: RoutedColumns | undefined,
): Routing | undefined {
  const known = types === undefined ? {} : { columns: types }
  const isTold = columns.map((_, i) => (value: PlanValue) => routes(value, types?.[i]))
  if (vindex.kind === 'lookup') return lookupOf(vindex, columns[0], facts, { keyspace, ...known }, isTold[0])
  const values = columns.map((column, i) => facts.valueOf(column, isTold[i]))
  if (values.every((value) => value !== undefined))
    return { kind: 'Equal', keyspace, vindex, values, ...known }
  const lists = columns.map((column, i) => listOf(values[i], facts.listOf(column, isTold[i])))
  if (lists.every((list) => list !== undefined)) {
    if (lists.length === 1) return { kind: 'In', keyspace, vindex, list: lists[0], ...known }
    return { kind: 'Product', keyspace, vindex, lists, ...known }
  }
  const tuples = tuplesOf(columns, values, facts, isTold)
  if (tuples === undefined) {
    const pattern = vindex.kind === 'single' && vindex.prefix ? facts.patternOf(columns[0]) : undefined
    if (pattern !== undefined) return { kind: 'Prefix', keyspace, vindex, pattern, ...known }
    return rangeOf(vindex, columns[0], facts, { keyspace, ...known }, isTold[0])
  }
  if (columns.length > 1) return { kind: 'MultiEqual', keyspace, vindex, tuples, ...known }
  const list: PlanList = { kind: 'Values', values: tuples.map((tuple) => tuple[0]) }
  return { kind: 'In', keyspace, vindex, list, ...known }
}

/** Only of columns that are known to be ordered as the vindex orders ids: by number, or byte by byte. */
function rangeOf(
  vindex: Vindex,
  column: string,
  facts: Facts,
  place: Pick<RangeRouting, 'keyspace' | 'columns'>,
  isTold: (value: PlanValue) => boolean,
): RangeRouting | undefined {
  const type = place.columns?.[0]?.type
  if (vindex.kind !== 'single' || vindex.rangeMap === undefined || type === undefined) return undefined
  const isNumber = isIntegral(type) && type !== 'YEAR'
  const isOrdered = domainOf(vindex, 0) === 'integer' ? isNumber : isBinary(type)
  const low = facts.boundOf(column, 'low', isTold)
  const high = facts.boundOf(column, 'high', isTold)
  if (!isOrdered || (low === undefined && high === undefined)) return undefined
  return { kind: 'Range', vindex, ...(low && { low }), ...(high && { high }), ...place }
}

/** By its first column; not by rows that another primitive gives, which come after the lookup table has been read. */
function lookupOf(
  vindex: LookupVindex,
  column: string,
  facts: Facts,
  place: Pick<LookupRouting, 'keyspace' | 'columns'>,
  isTold: (value: PlanValue) => boolean,
): LookupRouting | undefined {
  const value = facts.valueOf(column, isTold)
  const list = listOf(value, facts.listOf(column, isTold)) ?? alternativesOf(column, facts, isTold)
  const isLate =
    list?.kind === 'Cells' || (list?.kind === 'Values' && list.values.some(({ kind }) => kind === 'Cell'))
  return list === undefined || isLate ? undefined : { kind: 'Lookup', vindex, list, ...place }
}

function alternativesOf(
  column: string,
  facts: Facts,
  isTold: (value: PlanValue) => boolean,
): PlanList | undefined {
  const tuples = tuplesOf([column], [undefined], facts, [isTold])
  return tuples && { kind: 'Values', values: tuples.map(([value]) => value!) }
}

/**
 * Whether the value alone decides how it is compared. A text that MySQL computes may bring a collation of its own to columns in
 * other character sets than utf8mb4, and of a column of unknown type it is not known that it has none.
 */
function routes(value: PlanValue, column: RoutedColumn | undefined): boolean {
  if (value.kind !== 'Computed') return true
  if (column === undefined) return false
  const { type, collation } = column
  return (
    isIntegral(type) || type === 'DECIMAL' || isBinary(type) || collation?.startsWith('utf8mb4_') === true
  )
}

function listOf(value: PlanValue | undefined, list: PlanList | undefined): PlanList | undefined {
  if (value === undefined) return list
  const isNullSafe = value.kind !== 'Negated' && value.nullSafe === true
  return isNullSafe ? undefined : { kind: 'Values', values: [value] }
}

/** Each way that an OR can be true gives all columns a value, if need be one that holds in any case. */
function tuplesOf(
  columns: readonly string[],
  values: readonly (PlanValue | undefined)[],
  facts: Facts,
  isTold: readonly ((value: PlanValue) => boolean)[],
): readonly (readonly PlanValue[])[] | undefined {
  for (const alternatives of facts.alternatives) {
    const tuples = alternatives.map((alternative): readonly (PlanValue | undefined)[] =>
      columns.map((column, i) => {
        const known = [...alternative].find(
          ([key, value]) => facts.areEqual(key, column) && isTold[i]!(value),
        )
        return known?.[1] ?? values[i]
      }),
    )
    if (tuples.every(isComplete)) return tuples
  }
  return undefined
}

function isComplete(tuple: readonly (PlanValue | undefined)[]): tuple is readonly PlanValue[] {
  return tuple.every((value) => value !== undefined)
}
