import type { Expr, Insert, Query } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'

/** What INSERT … SELECT selects for a column; undefined where that cannot be told. */
export function insertedInto(ast: Insert, query: Query, table: Table, column: string): Expr | undefined {
  if (query.kind !== 'Select' || query.items.some(({ kind }) => kind !== 'SelectExpr')) return undefined
  const item = query.items[namesOf(ast, table).findIndex((name) => sameColumn(name, column))]
  return item?.kind === 'SelectExpr' ? item.expr : undefined
}

/** The columns of a row, in its order; none where that cannot be told. */
export function namesOf({ columns }: Insert, table: Table): readonly string[] {
  if (columns !== undefined) return columns.map(({ name }) => name)
  return table.columnListAuthoritative
    ? table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
    : []
}
