import type { RoutedColumns, Routing } from '../../plan/routing.ts'
import type { PlanList, PlanValue } from '../../plan/values.ts'
import type { ColumnVindex } from '../../vschema/model.ts'
import type { Member } from '../semantics/analysis.ts'
import { routedColumns } from '../semantics/column-type.ts'
import type { Facts } from '../semantics/equalities.ts'
import { columnKey } from '../semantics/source.ts'
import { type Group, primaryVindex } from './group.ts'

/** How much a routing asks of the shards; Vitess's figures for its opcodes. */
const costs: Readonly<Record<Routing['kind'], number>> = {
  Unsharded: 0,
  AnyShard: 0,
  SystemSchema: 0,
  None: 0,
  Shard: 0,
  Union: 0,
  Pinned: 0,
  Equal: 1,
  In: 10,
  MultiEqual: 10,
  Product: 10,
  Scatter: 20,
}
const partialCost = 5

interface Candidate {
  readonly routing: Routing
  readonly cost: number
}

/** The cheapest way to all shards that can hold rows of the answer. */
export function chooseRouting(group: Group): Routing {
  const { keyspace } = group
  const row = group.members.find((member) => member.role === 'row')
  const candidates =
    row === undefined
      ? candidatesOf(group.members[0], group.members[0].level.facts(), keyspace)
      : group.members.flatMap((member) => candidatesOf(member, row.level.facts(), keyspace))
  let best: Candidate = { routing: { kind: 'Scatter', keyspace }, cost: costs.Scatter }
  for (const candidate of candidates) if (candidate.cost < best.cost) best = candidate
  return best.routing
}

/**
 * `facts` are those of the answer's rows, which tell of all tables of the group. Conditions on the inner side of an
 * outer join or in a subquery tell nothing of the rows around it, unless there are none: then all is where the first
 * of these tables is.
 */
function candidatesOf(member: Member, facts: Facts, keyspace: string): readonly Candidate[] {
  const { table } = member.instance
  if (table.pinned !== undefined) {
    return [{ routing: { kind: 'Pinned', keyspace, keyspaceId: table.pinned }, cost: costs.Pinned }]
  }
  const primary = primaryVindex(member)
  return table.columnVindexes
    .filter((vindex) => vindex.vindex === primary.vindex)
    .flatMap((vindex) => candidateOf(member, vindex, facts, keyspace) ?? [])
}

function candidateOf(
  member: Member,
  vindex: ColumnVindex,
  facts: Facts,
  keyspace: string,
): Candidate | undefined {
  const columns = vindex.columns.map((name) =>
    columnKey({ instance: member.instance, name: name.toLowerCase() }),
  )
  const routing = routingOf(vindex, columns, facts, keyspace, routedColumns(member.instance.table, vindex))
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
  const values = columns.map((column) => facts.valueOf(column))
  if (values.every((value) => value !== undefined))
    return { kind: 'Equal', keyspace, vindex, values, ...known }
  const lists = columns.map((column, i) => listOf(values[i], facts.listOf(column)))
  if (lists.every((list) => list !== undefined)) {
    if (lists.length === 1) return { kind: 'In', keyspace, vindex, list: lists[0], ...known }
    return { kind: 'Product', keyspace, vindex, lists, ...known }
  }
  const tuples = tuplesOf(columns, values, facts)
  if (tuples === undefined) return undefined
  if (columns.length > 1) return { kind: 'MultiEqual', keyspace, vindex, tuples, ...known }
  const list: PlanList = { kind: 'Values', values: tuples.map((tuple) => tuple[0]) }
  return { kind: 'In', keyspace, vindex, list, ...known }
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
): readonly (readonly PlanValue[])[] | undefined {
  for (const alternatives of facts.alternatives) {
    const tuples = alternatives.map((alternative): readonly (PlanValue | undefined)[] =>
      columns.map((column, i) => {
        const known = [...alternative].find(([key]) => facts.areEqual(key, column))
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
