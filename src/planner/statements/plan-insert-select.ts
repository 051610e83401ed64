import type { Plan, WritePlan } from '../../plan/plan.ts'
import type { Insert, Query } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { chooseRouting } from '../operators/choose-routing.ts'
import type { Group } from '../operators/group.ts'
import { mergeMembers } from '../operators/merge-members.ts'
import type { PlanContext } from '../plan-context.ts'
import { Analysis, hasShardsOfItsOwn } from '../semantics/analysis.ts'
import { analyzeQuery, type SelectInfo } from '../semantics/analyze-query.ts'
import { columnOf, equalMeansSameId, sameKind } from '../semantics/column-type.ts'
import { refOf } from '../semantics/facts-of.ts'
import { columnKey, schemaColumn } from '../semantics/source.ts'
import { unplanned } from '../unplanned.ts'
import { planValue, valueKey } from '../values.ts'
import { placementOf } from './placement.ts'
import { rootPlace } from './plan-query.ts'
import { checkAssignment, checkLookups, replicatedWrite } from './plan-write.ts'

/**
 * INSERT … SELECT: each shard inserts the rows that it selects itself. That is right where the selected vindex columns
 * go straight into those of the table, so that a row stays on its shard.
 */
export function planInsertSelect(
  statement: Insert,
  query: Query,
  table: Table,
  rest: Omit<WritePlan, 'routing'>,
  context: PlanContext,
): Plan {
  const analysis = new Analysis(context)
  const info = analyzeQuery(query, rootPlace(analysis))
  const placement = placementOf(info.members, analysis)
  if (!hasShardsOfItsOwn(table)) return intoOnePlace(statement, table, placement, rest, analysis, context)
  if (placement.kind !== 'sharded' || placement.keyspace !== table.keyspace || table.pinned !== undefined) {
    return unplanned(`${statement.verb} … SELECT from tables that are elsewhere`)
  }
  checkLookups(table, statement.verb)
  for (const assignment of statement.onDuplicate ?? []) checkAssignment(assignment, [table])
  if (!info.isTransparent || !('select' in info))
    return unplanned(`${statement.verb} … SELECT of other than plain rows into a sharded table`)
  const group = mergeMembers(info.members, table.keyspace)
  const stays = staysOnShard(statement, info as SelectInfo, table, group)
  if (stays === undefined) return unplanned(`${statement.verb} … SELECT that moves rows between shards`)
  const isOneOnly = stays === 'by value' || group.singleShardOnly
  return {
    ...rest,
    routing: chooseRouting(group),
    ...(isOneOnly ? { singleShardOnly: `${statement.verb} … SELECT by an equal value` } : {}),
  }
}

function intoOnePlace(
  statement: Insert,
  table: Table,
  placement: ReturnType<typeof placementOf>,
  rest: Omit<WritePlan, 'routing'>,
  analysis: Analysis,
  context: PlanContext,
): Plan {
  const isHere =
    placement.kind === 'one' && analysis.everywhere.every(({ keyspaces }) => keyspaces.has(table.keyspace))
  if (!isHere) return unplanned(`${statement.verb} … SELECT from tables that are elsewhere`)
  if (table.autoIncrement !== undefined && !namesColumn(statement, table.autoIncrement.column)) {
    return unplanned(`${statement.verb} … SELECT into a table with a sequence`)
  }
  if (table.sharded || table.source !== undefined)
    return replicatedWrite(statement.table, statement, rest, context)
  return { ...rest, routing: { kind: 'Unsharded', keyspace: table.keyspace } }
}

function namesColumn({ columns }: Insert, column: string): boolean {
  return columns?.some(({ name }) => sameColumn(name, column)) === true
}

/** Whether the rows that are selected on a shard belong on it; `by value`: if their vindex value maps to one shard. */
function staysOnShard(
  statement: Insert,
  info: SelectInfo,
  table: Table,
  group: Group,
): 'by columns' | 'by value' | undefined {
  const [primary] = table.columnVindexes
  const names =
    statement.columns?.map(({ name }) => name) ??
    (table.columnListAuthoritative ? table.columns.map(({ name }) => name) : [])
  if (
    table.autoIncrement !== undefined &&
    !names.some((name) => sameColumn(name, table.autoIncrement?.column ?? ''))
  ) {
    return undefined
  }
  const [first] = group.members
  const facts = first.level.facts({ byColumnsOnly: true })
  const valueFacts = first.level.facts()
  let how: 'by columns' | 'by value' = 'by columns'
  for (const [i, column] of primary.columns.entries()) {
    const item = info.select.items[names.findIndex((name) => sameColumn(name, column))]
    if (info.select.items.some(({ kind }) => kind !== 'SelectExpr') || item?.kind !== 'SelectExpr')
      return undefined
    const target = columnOf(table, column)
    const places = group.places.filter((place) => place.vindex === primary.vindex)
    const ref = refOf(item.expr, info.scope)
    if (ref !== undefined) {
      const source = schemaColumn(ref)
      const isPassed = places.some((place) => facts.areEqual(place.columns[i].key, columnKey(ref)))
      if (!isPassed || ref.instance.nullExtended || !sameKind(source, target)) return undefined
      if (!equalMeansSameId(source, target, primary.type)) return undefined
      continue
    }
    const value = planValue(item.expr)
    if (value === undefined) return undefined
    const isSame = places.some(
      (place) =>
        sameKind(place.columns[i].schema, target) &&
        valueFacts.valueKeysOf(place.columns[i].key).includes(valueKey(value)),
    )
    if (!isSame) return undefined
    how = 'by value'
  }
  return how
}
