import type { KeyspaceId } from '../../key/keyspace-id.ts'
import type { InsertedCell, InsertedRows, VindexColumn } from '../../plan/primitives.ts'
import type { QueryTemplate } from '../../plan/text.ts'
import type { Expr, Insert, InsertRow, InsertValues, Query } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { MultiColumnVindex } from '../../vindex/vindex.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { makeColumn } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import type { InsertDraft, PlanDraft, WriteDraft } from '../plan-draft.ts'
import { findTable, isSystemSchema, keyspaceOf } from '../semantics/analysis.ts'
import { columnOf, routedColumn } from '../semantics/column-type.ts'
import { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { anyShard } from './placement.ts'
import { planInsertSelect } from './plan-insert-select.ts'
import { reservedState } from './plan-query.ts'
import { checkAssignment, checkLookups, replicatedWrite } from './plan-write.ts'

/**
 * INSERT and REPLACE. Rows of a sharded table go to the shards of their primary vindex.
 *
 * A duplicate key is found by the shard that holds the row: for REPLACE and ON DUPLICATE KEY UPDATE to see all
 * duplicates, unique keys must contain the vindex columns, as they must anyhow to be unique over all shards.
 */
export function planInsert(statement: Insert, context: PlanContext): PlanDraft {
  const verb = statement.verb === 'INSERT' ? 'insert' : 'replace'
  const rest = {
    kind: 'Write',
    verb,
    query: new ShardText(context).ofStatement(statement),
    ...reservedState(statement),
  } as const
  if (isSystemSchema(keyspaceOf(statement.table, context))) return { ...rest, routing: anyShard(context) }
  const table = findTable(statement.table, context)
  const isPlaced = table.sharded && table.type !== 'reference' && table.pinned === undefined
  const values = asValues(statement)
  if (values === undefined)
    return planInsertSelect(statement, statement.source as Query, table, rest, context)
  if (table.type === 'reference' && (table.sharded || table.source !== undefined))
    return planReferenceInsert(statement, table, rest, context)
  if (isPlaced) return planRows(values, table, context)
  checkNoSharded(statement, table, context)
  if (table.autoIncrement !== undefined) return planRows(values, table, context)
  const { keyspace, pinned } = table
  if (pinned !== undefined) return { ...rest, routing: { kind: 'Pinned', keyspace, keyspaceId: pinned } }
  return { ...rest, routing: { kind: 'Unsharded', keyspace } }
}

function planReferenceInsert(
  statement: Insert,
  table: Table,
  rest: Omit<WriteDraft, 'routing'>,
  context: PlanContext,
): PlanDraft {
  if (someNode(statement.source, (node) => node.kind === 'Subquery'))
    unplanned('a subquery in VALUES for a reference table')
  const counter =
    table.autoIncrement?.column ?? table.columns.find(({ autoIncrement }) => autoIncrement)?.name
  const names = statement.columns?.map(({ name }) => name)
  // Each copy would count for itself, and two inserts at once differently.
  if (
    table.source === undefined &&
    counter !== undefined &&
    names?.some((name) => sameColumn(name, counter)) !== true
  ) {
    unplanned(
      `${statement.verb} into the copies of reference table '${table.name}' without a value for '${counter}'`,
    )
  }
  return replicatedWrite(statement.table, statement, rest, context)
}

/** Subqueries of an insert into an unsharded table see that keyspace only. */
function checkNoSharded(statement: Insert, table: Table, context: PlanContext): void {
  const isForeign = someNode([statement.source, statement.onDuplicate], (node) => {
    if (node.kind !== 'Table') return false
    return findTable(node.name, context).keyspace !== table.keyspace
  })
  if (isForeign) unplanned('a subquery on another keyspace in INSERT')
}

/** An insert with VALUES; SET is one row of them. Undefined for INSERT … SELECT. */
function asValues(statement: Insert): (Insert & { readonly source: InsertValues }) | undefined {
  const { source } = statement
  if (source.kind === 'InsertValues') return { ...statement, source }
  if (source.kind !== 'InsertSet') return undefined
  const { assignments, span } = source
  const row: InsertRow = { kind: 'InsertRow', values: assignments.map(({ value }) => value), span }
  return {
    ...statement,
    columns: assignments.map(({ column }) => column),
    source: { kind: 'InsertValues', keyword: 'VALUES', rows: [row], span },
  }
}

function planRows(
  statement: Insert & { readonly source: InsertValues },
  table: Table,
  context: PlanContext,
): InsertDraft {
  checkRows(statement, table)
  const columns = columnNames(statement, table)
  const autoIncrement = autoIncrementOf(table, columns)
  const isAppended = autoIncrement?.appended === true
  const named = isAppended ? [...columns, autoIncrement.column] : columns
  const { head, tail } = around(
    isAppended ? { ...statement, columns: named.map(makeColumn) } : statement,
    context,
  )
  return {
    kind: 'Insert',
    verb: statement.verb === 'INSERT' ? 'insert' : 'replace',
    keyspace: table.keyspace,
    table: table.name,
    head,
    tail,
    rows: rowsOf(statement.source, context),
    columnCount: columns.length,
    ...placing(table, named),
    ignore: statement.ignore,
    ...(autoIncrement === undefined ? {} : { autoIncrement }),
    userVariables: reservedState(statement).userVariables,
  }
}

function checkRows(statement: Insert & { readonly source: InsertValues }, table: Table): void {
  checkLookups(table, statement.verb)
  if (statement.returning !== undefined) unplanned(`${statement.verb} … RETURNING into a sharded table`)
  if (someNode([statement.source, statement.onDuplicate], (node) => node.kind === 'Subquery')) {
    unplanned(`a subquery in ${statement.verb} into a sharded table`)
  }
  if (someNode(statement, (node) => node.kind === 'Assign'))
    unplanned('assignment of a user variable over several shards')
  for (const assignment of statement.onDuplicate ?? []) checkAssignment(assignment, [table])
}

function columnNames(statement: Insert & { readonly source: InsertValues }, table: Table): readonly string[] {
  const { columns, source } = statement
  // `INSERT INTO t VALUES ()`: all columns take their defaults.
  if (source.slot === undefined && source.rows.every(({ values }) => values.length === 0)) return []
  if (columns !== undefined && columns.length > 0) return columns.map(({ name }) => name)
  if (!table.columnListAuthoritative) {
    return unplanned(
      `${statement.verb} without a column list into table '${table.name}', whose columns are not known (VT09004)`,
    )
  }
  return table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
}

function autoIncrementOf(table: Table, columns: readonly string[]): InsertDraft['autoIncrement'] {
  if (table.autoIncrement === undefined) return undefined
  const { column, sequence } = table.autoIncrement
  const at = columns.findIndex((name) => sameColumn(name, column))
  return { column, offset: at < 0 ? columns.length : at, appended: at < 0, sequence }
}

/** The vindex and the columns of a row that feed it. */
function placing(table: Table, columns: readonly string[]): Pick<InsertDraft, 'vindex' | 'vindexColumns'> {
  if (!table.sharded || table.pinned !== undefined)
    return { vindex: onePlace(table.pinned), vindexColumns: [] }
  const [primary] = table.columnVindexes
  if (primary === undefined) return unplanned(`INSERT into table '${table.name}' without a primary vindex`)
  const vindexColumns = primary.columns.map((column): VindexColumn => {
    const offset = columns.findIndex((name) => sameColumn(name, column))
    if (offset < 0) return unplanned(`INSERT without a value for vindex column '${column}' (VT09003)`)
    const routed = routedColumn(columnOf(table, column))
    return { column, offset, ...(routed === undefined ? {} : { routed }) }
  })
  return { vindex: primary.vindex, vindexColumns }
}

/** All rows at one place: those of a pinned table, or of a keyspace with one shard. */
function onePlace(pinned: KeyspaceId | undefined): MultiColumnVindex {
  const id = pinned ?? (new Uint8Array(1) as KeyspaceId)
  return {
    kind: 'multi',
    name: 'one place',
    type: 'one place',
    cost: 0,
    unique: true,
    needsLookup: false,
    unknownParams: [],
    columnCount: 0,
    partial: false,
    map: () => ({ kind: 'KeyspaceId', id }),
    verify: () => true,
  }
}

/** The statement's text before its rows and behind them. */
function around(
  statement: Insert & { readonly source: InsertValues },
  context: PlanContext,
): { head: QueryTemplate; tail: QueryTemplate } {
  const { source } = statement
  const text = new ShardText(context)
  const marker = { session: 'rows' }
  const row: InsertRow = { kind: 'InsertRow', values: [text.hole(marker)], span: source.span }
  const { slot: _, ...withoutSlot } = source
  const template = text.templateOf({ ...statement, source: { ...withoutSlot, rows: [row] } })
  const at = template.indexOf(marker)
  return {
    head: trimmed(template.slice(0, at), -1, (piece) => piece.slice(0, piece.lastIndexOf('(')).trimEnd()),
    tail: trimmed(template.slice(at + 1), 0, (piece) => piece.slice(piece.indexOf(')') + 1).trimStart()),
  }
}

/** Takes the row's parenthesis off the text next to it. */
function trimmed(template: QueryTemplate, at: 0 | -1, trim: (piece: string) => string): QueryTemplate {
  const index = at === 0 ? 0 : template.length - 1
  return template.flatMap((piece, i) => {
    if (i !== index || typeof piece !== 'string') return [piece]
    const rest = trim(piece)
    return rest === '' ? [] : [rest]
  })
}

function rowsOf(source: InsertValues, context: PlanContext): InsertedRows {
  if (source.slot !== undefined) return { kind: 'Slot', slot: source.slot }
  return {
    kind: 'Rows',
    rows: source.rows.map((row) => ({ cells: row.values.map((value) => cellOf(value, context)) })),
  }
}

function cellOf(expr: Expr, context: PlanContext): InsertedCell {
  const text = new ShardText(context).templateOf(expr)
  const value = planValue(expr)
  const isDefault = expr.kind === 'Default' && expr.column === undefined
  return { text, isDefault, ...(value === undefined ? {} : { value }) }
}
