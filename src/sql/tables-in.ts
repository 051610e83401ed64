import type { TableExpr, TableRef } from './ast.ts'

/** Tables in one part of a FROM, without those of queries in it. */
export function tablesIn(from: TableExpr): readonly TableRef[] {
  switch (from.kind) {
    case 'Table':
      return [from]
    case 'Join':
      return [...tablesIn(from.left), ...tablesIn(from.right)]
    case 'TableParens':
      return from.tables.flatMap(tablesIn)
    case 'OdbcJoin':
      return tablesIn(from.table)
    default:
      return []
  }
}
