import type { ColumnName, Delete, Expr, Insert, Query, Select, Update } from '../sql/ast.ts'
import { type AnyNode, rewrite } from '../sql/visit.ts'
import { makeItem, makeTrue } from './make-node.ts'

/** Statements that write, as they run where some of their tables are, over copies of the others. */

type IsThere = (qualifier: string | undefined, name: string) => boolean

/** Tables that are there by their names alone. */
export function withoutKeyspaces<T extends Insert | Update | Delete>(statement: T, isThere: IsThere): T {
  return rewrite(statement, (node): AnyNode | undefined => {
    if (node.kind === 'TableName' && node.qualifier !== undefined && isThere(node.qualifier, node.name)) {
      const { qualifier: _, ...name } = node
      return name
    }
    return node.kind === 'Column' ? unqualified(node, isThere) : undefined
  })
}

function unqualified(column: ColumnName, isThere: IsThere): ColumnName | undefined {
  const [keyspace, table] = column.qualifiers
  if (keyspace === undefined || table === undefined || !isThere(keyspace, table)) return undefined
  return { ...column, qualifiers: [table] }
}

/** A query that names what the statement does, in places where it can be found again. */
export function queryOf(statement: Update | Delete): Select {
  const { where, span, with: clause } = statement
  const values: readonly Expr[] = statement.kind === 'Update' ? statement.set.map(({ value }) => value) : []
  return {
    kind: 'Select',
    ...(clause && { with: clause }),
    modifiers: [],
    items: (values.length === 0 ? [makeTrue()] : values).map(makeItem),
    from: statement.kind === 'Update' ? statement.tables : statement.from,
    ...(where && { where }),
    span,
  }
}

export function statementOver(statement: Update | Delete, over: Query): Update | Delete {
  const { from, where, items, with: clause } = over as Select
  const changed = { ...(where && { where }), ...(clause && { with: clause }) }
  if (statement.kind === 'Delete') return { ...statement, from, ...changed }
  const set = statement.set.map((assignment, i) => {
    const item = items[i]!
    return item.kind === 'SelectExpr' ? { ...assignment, value: item.expr } : assignment
  })
  return { ...statement, tables: from, set, ...changed }
}
