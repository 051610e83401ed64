import type { Routing } from '../../plan/routing.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { Expr, Insert, Query } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { type Merged, mergeMembers, routingOf } from '../operators/merge-members.ts'
import type { PlanContext } from '../plan-context.ts'
import type { PlanDraft, WriteDraft } from '../plan-draft.ts'
import { Analysis, hasShardsOfItsOwn } from '../semantics/analysis.ts'
import { analyzeQuery, type QueryInfo, type SelectInfo } from '../semantics/analyze-query.ts'
import { columnOf, equalMeansSameId, routedColumns, sameKind } from '../semantics/column-type.ts'
import { refOf } from '../semantics/facts-of.ts'
import { columnKey, schemaColumn } from '../semantics/source.ts'
import { unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { placementOf } from './placement.ts'
import { rootPlace } from './plan-query.ts'
import { checkAssignment, checkLookups, replicatedWrite } from './plan-write.ts'

type Rest = Omit<WriteDraft, 'routing'>

/**
 * INSERT … SELECT: each shard inserts the rows that it selects itself. That is right where the selected vindex columns
 * go straight into those of the table, so that a row stays on its shard, and on a single shard that has all of it.
 */
export function planInsertSelect(
  statement: Insert,
  query: Query,
  table: Table,
  rest: Rest,
  context: PlanContext,
): PlanDraft {
  const analysis = new Analysis(context)
  const info = analyzeQuery(query, rootPlace(analysis))
  const placement = placementOf(info.members, analysis)
  const isElsewhere = analysis.everywhere.some(({ keyspaces }) => !keyspaces.has(table.keyspace))
  const keyspace = placement.kind === 'sharded' ? placement.keyspace : table.keyspace
  if (isElsewhere || keyspace !== table.keyspace)
    unplanned(`${statement.verb} … SELECT from tables of another keyspace`)
  checkSequence(statement, query, info, table)
  if (!hasShardsOfItsOwn(table)) return intoCopies(statement, table, placement.kind, rest, context)
  checkLookups(table, statement.verb)
  for (const assignment of statement.onDuplicate ?? []) checkAssignment(assignment, [table])
  const merged = mergeMembers(info.members, keyspace)
  if (staysOnShard(statement, info, table, merged)) return { ...rest, routing: routingOf(merged) }
  const target = targetRouting(statement, query, table)
  const parts = merged.groups.length === 0 ? [target] : [target, routingOf(merged)]
  const routing: Routing = parts.length === 1 ? target : { kind: 'Union', keyspace, parts }
  return { ...rest, routing, singleShardOnly: `${statement.verb} … SELECT that moves rows between shards` }
}

/**
 * A row without a value for the column, with NULL or with 0 draws from the sequence, which a shard cannot do. Columns
 * that are NOT NULL are trusted to hold ids; of literals it is known when the statement runs (`targetRouting`).
 */
function checkSequence(statement: Insert, query: Query, info: QueryInfo, table: Table): void {
  const { autoIncrement } = table
  if (autoIncrement === undefined) return
  const expr = selected(statement, query, table, autoIncrement.column)
  const scope = 'select' in info ? (info as SelectInfo).scope : undefined
  const ref = expr === undefined || scope === undefined ? undefined : refOf(expr, scope)
  const isId = ref !== undefined && !ref.instance.nullExtended && schemaColumn(ref)?.nullable !== true
  const isPlacing = table.columnVindexes[0]?.columns.some((name) => sameColumn(name, autoIncrement.column))
  if (isId || (isPlacing === true && expr !== undefined && placingValue(expr) !== undefined)) return
  unplanned(`${statement.verb} … SELECT into a table with a sequence`)
}

function namesOf(statement: Insert, table: Table): readonly string[] {
  if (statement.columns !== undefined) return statement.columns.map(({ name }) => name)
  return table.columnListAuthoritative
    ? table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
    : []
}

function intoCopies(
  statement: Insert,
  table: Table,
  from: 'one' | 'sharded',
  rest: Rest,
  context: PlanContext,
): PlanDraft {
  if (from === 'sharded') unplanned(`${statement.verb} … SELECT from a sharded table into copies`)
  if (table.sharded || table.source !== undefined)
    return replicatedWrite(statement.table, statement, rest, context)
  return { ...rest, routing: { kind: 'Unsharded', keyspace: table.keyspace } }
}

/** The rows that a shard selects belong on it: their vindex columns are those by which they are there. */
function staysOnShard(statement: Insert, info: QueryInfo, table: Table, merged: Merged): boolean {
  const [primary] = table.columnVindexes
  const [group] = merged.groups
  if (
    primary === undefined ||
    table.pinned !== undefined ||
    group === undefined ||
    merged.problem !== undefined
  )
    return false
  if (!info.isTransparent || !('select' in info)) return false
  const { select, scope } = info as SelectInfo
  const facts = group.members[0].level.facts({ byColumnsOnly: true })
  return primary.columns.every((column, i) => {
    const expr = selected(statement, select, table, column)
    const ref = expr === undefined ? undefined : refOf(expr, scope)
    if (ref === undefined || ref.instance.nullExtended) return false
    const source = schemaColumn(ref)
    const target = columnOf(table, column)
    const isPassed = group.places.some(
      (place) => place.vindex === primary.vindex && facts.areEqual(place.columns[i].key, columnKey(ref)),
    )
    return isPassed && sameKind(source, target) && equalMeansSameId(source, target, primary.type)
  })
}

/** Where rows go whose vindex columns are all values; to all shards, as far as can be told, if they are not. */
function targetRouting(statement: Insert, query: Query, table: Table): Routing {
  const { keyspace, pinned } = table
  if (pinned !== undefined) return { kind: 'Pinned', keyspace, keyspaceId: pinned }
  const [primary] = table.columnVindexes
  const values = (primary?.columns ?? []).map((column): PlanValue | undefined => {
    const expr = selected(statement, query, table, column)
    return expr === undefined ? undefined : placingValue(expr)
  })
  if (primary === undefined || !values.every((value) => value !== undefined))
    return { kind: 'Scatter', keyspace }
  const columns = routedColumns(table, primary)
  return {
    kind: 'Equal',
    keyspace,
    vindex: primary.vindex,
    values,
    written: drawsAt(table) ? 'not 0' : 'any',
    ...(columns && { columns }),
  }
}

/** Whether a 0 in the first vindex column would draw a number from the sequence. */
function drawsAt({ autoIncrement, columnVindexes }: Table): boolean {
  const [first] = columnVindexes[0]?.columns ?? []
  return autoIncrement !== undefined && first !== undefined && sameColumn(first, autoIncrement.column)
}

/** A param may turn out to be NULL, which has no place. */
function placingValue(expr: Expr): PlanValue | undefined {
  const value = planValue(expr)
  return value?.kind === 'Slot' || value?.kind === 'Negated' ? value : undefined
}

/** What is selected for a column; undefined where that cannot be told. */
function selected(statement: Insert, query: Query, table: Table, column: string): Expr | undefined {
  if (query.kind !== 'Select' || query.items.some(({ kind }) => kind !== 'SelectExpr')) return undefined
  const item = query.items[namesOf(statement, table).findIndex((name) => sameColumn(name, column))]
  return item?.kind === 'SelectExpr' ? item.expr : undefined
}
