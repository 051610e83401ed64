import type { Expr, Query } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import type { Table } from '../vschema/model.ts'
import { isAggregated } from './binding/traits.ts'
import type { ValuesInsert } from './operators/insert-rows.ts'
import { hasColumn } from './read-cells.ts'

/**
 * A value `(SELECT id + 1)` asks nothing: it is `id + 1`, of the row in which it stands. The same statement where no value, in rows or
 * behind ON DUPLICATE KEY UPDATE, is such a query.
 */
export function withPlainValues(ast: ValuesInsert, table: Table): ValuesInsert {
  const plain = (value: Expr) => (value.kind === 'Subquery' && onlyValue(value.query, table)) || value
  const { source, onDuplicate } = ast
  const values = [
    ...source.rows.flatMap((row) => row.values),
    ...(onDuplicate ?? []).map(({ value }) => value),
  ]
  if (values.every((value) => plain(value) === value)) return ast
  const rows = source.rows.map((row) => ({ ...row, values: row.values.map(plain) }))
  const changes = onDuplicate?.map((assignment) => ({ ...assignment, value: plain(assignment.value) }))
  return { ...ast, source: { ...source, rows }, ...(changes && { onDuplicate: changes }) }
}

/** Of a query that is one value and nothing else. */
function onlyValue(query: Query, table: Table): Expr | undefined {
  if (query.kind !== 'Select') return undefined
  const { kind: _kind, span: _span, parens: _parens, items, hints: _hints, ...clauses } = query
  const [item] = items
  if (!Object.values(clauses).every(isNothing) || items.length !== 1 || item?.kind !== 'SelectExpr')
    return undefined
  const isElse = (node: AnyNode) => 'over' in node || node.kind === 'ValuesFunction' || isUnknown(node, table)
  return isAggregated(query) || someNode(item.expr, isElse) ? undefined : item.expr
}

/** The server says where it looked for it. */
function isUnknown(node: AnyNode, table: Table): boolean {
  return node.kind === 'Column' && !hasColumn(table, node.name)
}

function isNothing(clause: unknown): boolean {
  return clause === undefined || (Array.isArray(clause) && clause.length === 0)
}
