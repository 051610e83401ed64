import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { CountedRows } from '../../plan/write-primitives.ts'
import type { Insert, InsertRow, InsertValues, Query } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { Table } from '../../vschema/model.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { namesOf } from '../binding/inserted-columns.ts'
import { setsLastInsertId } from '../binding/traits.ts'
import { counterIn, printRows, type ValuesInsert } from '../operators/insert-rows.ts'
import { insertVerb } from '../operators/write.ts'
import type { PlanContext } from '../plan-context.ts'
import { writePlan } from '../plans.ts'

/**
 * An INSERT that one server gets as it is. The id in its OK may be one that was drawn or one that the statement brought, and
 * only the first is LAST_INSERT_ID() from then on: rows with values tell which it is, of others the server is asked.
 */
export function wholeInsert(ast: Insert, routing: Routing, context: PlanContext): Plan {
  const ids = idsOf(ast, context)
  const counted = typeof ids === 'object' ? { counted: ids } : {}
  const plan = writePlan(ast, { verb: insertVerb(ast), routing, ...counted }, context)
  return ids === 'untold' ? { ...plan, setsInsertId: true } : plan
}

/** SET is one row of VALUES. */
export function asValues(ast: Insert, source: Exclude<Insert['source'], Query>): ValuesInsert {
  if (source.kind === 'InsertValues') return { ...ast, source }
  const { assignments, span } = source
  const row: InsertRow = { kind: 'InsertRow', values: assignments.map(({ value }) => value), span }
  const values: InsertValues = { kind: 'InsertValues', keyword: 'VALUES', rows: [row], span }
  return { ...ast, columns: assignments.map(({ column }) => column), source: values }
}

function idsOf(ast: Insert, context: PlanContext): CountedRows | 'drawn' | 'untold' {
  const found = context.vschema.findTable(keyspaceOf(ast.table, context), ast.table.name, context.tabletType)
  if (found.kind !== 'found') return 'drawn'
  // MariaDB's: the answer has rows instead of an id.
  if (ast.returning !== undefined) return 'untold'
  const { source } = ast
  if (source.kind === 'InsertValues' || source.kind === 'InsertSet')
    return idsOfRows(asValues(ast, source), found.table, context)
  const { table } = found
  const isDrawn = table.columns.length > 0 && counterIn(table, namesOf(ast, table))?.offset === undefined
  return isDrawn ? 'drawn' : 'untold'
}

function idsOfRows(ast: ValuesInsert, table: Table, context: PlanContext): CountedRows | 'drawn' | 'untold' {
  // A temporary table, a view: rows that say nothing have their id drawn.
  if (table.columns.length === 0) return ast.columns?.length === 0 ? 'drawn' : 'untold'
  const columns = namesOf(ast, table)
  const offset = counterIn(table, columns)?.offset
  if (offset === undefined) return 'drawn'
  const rows = printRows(ast.source, context)
  const isKnown = rows.kind === 'Slot' || rows.rows.every(({ cells }) => isValue(cells[offset]))
  if (!isKnown || someNode(ast, setsLastInsertId)) return 'untold'
  return { rows, columnCount: columns.length, offset }
}

/** `VALUES ()` has none, which is as good as DEFAULT. */
function isValue(cell: { readonly isDefault: boolean; readonly value?: unknown } | undefined): boolean {
  return cell === undefined || cell.isDefault || cell.value !== undefined
}
