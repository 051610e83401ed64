import type { Routing } from '../../plan/routing.ts'
import type { Assignment, Delete, TableExpr, TableName, Update } from '../../sql/ast.ts'
import { type Part, someNode } from '../../sql/visit.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { mergeMembers, routingOf } from '../operators/merge-members.ts'
import type { PlanContext } from '../plan-context.ts'
import type { PlanDraft, WriteDraft } from '../plan-draft.ts'
import { Analysis, findTable, hasShardsOfItsOwn, type Member } from '../semantics/analysis.ts'
import { analyzeTables, type FromInfo } from '../semantics/analyze-from.ts'
import { analyzeCondition, analyzeExpr, type Place, withCtes } from '../semantics/analyze-query.ts'
import { routedColumns } from '../semantics/column-type.ts'
import { addFacts } from '../semantics/facts-of.ts'
import type { Scope } from '../semantics/scope.ts'
import { isChanging, setsLastInsertId } from '../semantics/traits.ts'
import { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { placementOf } from './placement.ts'
import { reservedState, rootPlace } from './plan-query.ts'

/** UPDATE and DELETE: each shard changes its own rows, which holds as long as they need no others to decide. */
export function planWrite(statement: Update | Delete, context: PlanContext): PlanDraft {
  const verb = statement.kind === 'Update' ? 'update' : 'delete'
  const analysis = new Analysis(context)
  const root = rootPlace(analysis)
  const place: Place = { ...root, ctes: withCtes(statement.with, root) }
  const tables = statement.kind === 'Update' ? statement.tables : statement.from
  const from = analyzeTables(tables, place)
  const members = [...from.members, ...membersElsewhere(statement, from, place)]
  const placement = placementOf(members, analysis)
  if (analysis.hasSystemTable) return unplanned(`${statement.kind.toUpperCase()} with a system table`)
  const query = new ShardText(context).ofStatement(statement)
  const rest = { kind: 'Write', verb, query, ...reservedState(statement) } as const
  if (placement.kind === 'one') {
    if (placement.routing.kind !== 'AnyShard') return { ...rest, routing: placement.routing }
    return planReferenceWrite(statement, tables, rest, context)
  }
  const { keyspace } = placement
  checkTargets(statement, from, analysis)
  const merged = mergeMembers(members, keyspace)
  const moved = statement.kind === 'Update' ? targetsOfMoves(statement, from) : []
  const routing = routingOf(merged)
  const singleShardOnly =
    onlyOnOneShard(statement) ?? merged.problem ?? (moved.length > 0 ? 'changing a vindex column' : undefined)
  return {
    ...rest,
    routing: moved.length === 0 ? routing : { kind: 'Union', keyspace, parts: [routing, ...moved] },
    ...(singleShardOnly === undefined ? {} : { singleShardOnly }),
  }
}

/** Tables of subqueries; notes what WHERE says on the way. */
function membersElsewhere(statement: Update | Delete, from: FromInfo, place: Place): readonly Member[] {
  const scope: Scope = { sources: from.sources, merged: from.merged }
  const { where } = statement
  if (where !== undefined) addFacts(where, scope, place.level)
  return [
    ...(where === undefined ? [] : analyzeCondition(where, scope, place)),
    ...analyzeExpr(statement.kind === 'Update' ? statement.set : [], scope, place),
    ...analyzeExpr(statement.orderBy, scope, place),
  ]
}

function onlyOnOneShard(statement: Update | Delete): string | undefined {
  if (statement.limit !== undefined) return `${statement.kind.toUpperCase()} with LIMIT`
  if (statement.returning !== undefined) return `${statement.kind.toUpperCase()} with RETURNING`
  if (someNode(statement, (node) => node.kind === 'Assign')) return 'assignment of a user variable'
  if (someNode(statement, setsLastInsertId)) return 'LAST_INSERT_ID(expr)'
  return undefined
}

// ----------------------------------------------------------------------------------------------- sharded

function checkTargets(statement: Update | Delete, from: FromInfo, analysis: Analysis): void {
  const tables = from.members.map(({ instance }) => instance.table)
  if (statement.kind === 'Delete') for (const table of tables) checkLookups(table, 'DELETE')
  if (statement.kind === 'Update' && !isPlainUpdate(statement, from)) {
    for (const assignment of statement.set) checkAssignment(assignment, tables)
  }
  if (analysis.everywhere.length > 0 && changesCopies(statement, from)) {
    unplanned(`${statement.kind.toUpperCase()} of a reference table together with a sharded one`)
  }
}

/** UPDATE of one table with shards of its own. */
function isPlainUpdate(statement: Update, from: FromInfo): boolean {
  return statement.tables.length === 1 && statement.tables[0].kind === 'Table' && from.members.length === 1
}

/**
 * Where rows belong whose vindex column gets a new value: `SET id = 5 WHERE id = 5`, or a value that happens to belong
 * on the same shard, moves no row. Elsewhere the statement is refused.
 */
function targetsOfMoves(statement: Update, from: FromInfo): readonly Routing[] {
  if (!isPlainUpdate(statement, from)) return []
  const { table } = from.members[0].instance
  return statement.set.flatMap((assignment): readonly Routing[] => {
    if (!changesVindex(assignment, [table])) return []
    const [primary] = table.columnVindexes
    const value = planValue(assignment.value)
    const isOnlyColumn =
      primary.columns.length === 1 && sameColumn(primary.columns[0], assignment.column.name)
    // A param may turn out to be NULL, which has no place.
    if (!isOnlyColumn || value?.kind !== 'Slot')
      return unplanned(`changing vindex column '${assignment.column.name}'`)
    const columns = routedColumns(table, primary)
    const { keyspace } = table
    return [
      {
        kind: 'Equal',
        keyspace,
        vindex: primary.vindex,
        values: [value],
        written: 'any',
        ...(columns && { columns }),
      },
    ]
  })
}

/** Rows of lookup tables would go astray. */
export function checkLookups(table: Table, verb: string): void {
  const owned = table.columnVindexes.find((vindex) => vindex.owned)
  if (owned !== undefined)
    unplanned(`${verb} of table '${table.name}', which owns lookup vindex '${owned.name}'`)
}

/** A row whose vindex column changes belongs elsewhere. */
export function checkAssignment(assignment: Assignment, tables: readonly Table[]): void {
  if (changesVindex(assignment, tables)) unplanned(`changing vindex column '${assignment.column.name}'`)
}

function changesVindex({ column, value }: Assignment, tables: readonly Table[]): boolean {
  const isVindexColumn = tables.some((table) =>
    table.columnVindexes.some(({ columns }) => columns.some((name) => sameColumn(name, column.name))),
  )
  const isItself = value.kind === 'Column' && sameColumn(value.name, column.name) && tables.length === 1
  return isVindexColumn && !isItself
}

/** May change rows of a table that has copies on all shards. */
function changesCopies(statement: Update | Delete, from: FromInfo): boolean {
  const sharded = from.sources.filter(
    ({ instance }) => instance !== undefined && hasShardsOfItsOwn(instance.table),
  )
  const isSharded = (name: string | undefined) => sharded.some((source) => source.name === name)
  if (statement.kind === 'Delete') {
    return statement.form === 'single' ? false : !statement.targets.every(({ name }) => isSharded(name.name))
  }
  return !statement.set.every(({ column }) => {
    if (column.qualifiers.length > 0) return isSharded(column.qualifiers[column.qualifiers.length - 1])
    return (
      from.sources.length === 1 || sharded.some((source) => source.columnNamed(column.name).kind === 'Column')
    )
  })
}

// --------------------------------------------------------------------------------------------- reference

/** A reference table is changed at its source, or else in all copies alike. */
function planReferenceWrite(
  statement: Update | Delete,
  tables: readonly TableExpr[],
  rest: Omit<WriteDraft, 'routing'>,
  context: PlanContext,
): PlanDraft {
  const [only] = tables
  const verb = statement.kind.toUpperCase()
  if (tables.length !== 1 || only.kind !== 'Table') return unplanned(`${verb} of several reference tables`)
  return replicatedWrite(only.name, statement, { ...rest, ...limited(statement) }, context)
}

function limited(statement: Update | Delete): { readonly singleShardOnly?: string } {
  const construct = onlyOnOneShard(statement)
  return construct === undefined ? {} : { singleShardOnly: construct }
}

/** A write that every copy must carry out with the same outcome. */
export function replicatedWrite(
  name: TableName,
  statement: Part,
  rest: Omit<WriteDraft, 'routing'>,
  context: PlanContext,
): PlanDraft {
  const table = findTable(name, context)
  if (hasShardsOfItsOwn(table)) return unplanned('a write that is not on a reference table')
  if (table.source !== undefined) {
    const { keyspace, table: source } = table.source
    if (source !== table.name)
      return unplanned(`writing reference table '${table.name}' through a source of another name`)
    return { ...rest, routing: { kind: 'Unsharded', keyspace } }
  }
  if (isChanging(statement))
    return unplanned('a function that changes from call to call, written to all copies of a reference table')
  return { ...rest, routing: { kind: 'Scatter', keyspace: table.keyspace }, replicated: true }
}
