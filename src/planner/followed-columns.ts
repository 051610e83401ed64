import type { FollowedColumn, Plan } from '../plan/plan.ts'
import type { Assignment, Expr, Statement, TableName } from '../sql/ast.ts'
import { visit } from '../sql/visit.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import { keyspaceOf } from './binding/find-table.ts'
import { setsLastInsertId } from './binding/traits.ts'
import { shownSequence } from './binding/views.ts'
import type { PlanContext } from './plan-context.ts'
import { planValue } from './values.ts'

/** An UPDATE, or ON DUPLICATE KEY UPDATE, of a column whose numbers come from a sequence moves that on (InnoDB's AUTO_INCREMENT). */
export function withFollowed(plan: Plan, statement: Statement, context: PlanContext): Plan {
  const follows = assignmentsOf(statement).flatMap((assignment) =>
    isOwn(assignment) ? [] : followed(assignment, statement, context),
  )
  return follows.length === 0 ? plan : { ...plan, follows }
}

function assignmentsOf(statement: Statement): readonly Assignment[] {
  if (statement.kind === 'Update') return statement.set
  return statement.kind === 'Insert' ? (statement.onDuplicate ?? []) : []
}

/** `id = id`, `id = VALUES(id)` and `id = LAST_INSERT_ID(id)`: what it was, or what the row has brought. */
function isOwn({ column, value }: Assignment): boolean {
  const kept = value.kind === 'Function' && setsLastInsertId(value) ? value.args[0]! : value
  const own = kept.kind === 'ValuesFunction' ? kept.column : kept
  return isColumn(own) && sameColumn(own.name, column.name)
}

function isColumn(expr: Expr): expr is Expr & { readonly kind: 'Column' } {
  return expr.kind === 'Column'
}

function followed(
  { column, value }: Assignment,
  statement: Statement,
  context: PlanContext,
): readonly FollowedColumn[] {
  const planned = planValue(value)
  return tablesIn(statement, context).flatMap((table) => {
    const { autoIncrement } = shownSequence(table)
    const base = table.shows?.table ?? table
    if (autoIncrement === undefined || !sameColumn(autoIncrement.column, column.name)) return []
    return {
      keyspace: base.keyspace,
      table: base.name,
      column: base.autoIncrement?.column ?? autoIncrement.column,
      sequence: autoIncrement.sequence,
      ...(planned && { value: planned }),
    }
  })
}

/** Those that the statement may change. */
function tablesIn(statement: Statement, context: PlanContext): readonly Table[] {
  const names: TableName[] = []
  if (statement.kind === 'Insert') names.push(statement.table)
  else if (statement.kind === 'Update')
    visit(statement.tables, (node) => {
      if (node.kind === 'Table') names.push(node.name)
      return undefined
    })
  return names.flatMap((name) => {
    const found = context.vschema.findTable(keyspaceOf(name, context), name.name, 'primary')
    return found.kind === 'found' ? [found.table] : []
  })
}
