import type { VindexColumn } from '../../plan/write-primitives.ts'
import type { Expr, Insert, Query } from '../../sql/ast.ts'
import type { Column } from '../../values/column.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { routedColumn, usualValue } from './column-type.ts'

/** What INSERT … SELECT selects for a column; undefined where that cannot be told. */
export function insertedInto(ast: Insert, query: Query, table: Table, column: string): Expr | undefined {
  if (query.kind !== 'Select' || query.items.some(({ kind }) => kind !== 'SelectExpr')) return undefined
  const item = query.items[namesOf(ast, table).findIndex((name) => sameColumn(name, column))]
  return item?.kind === 'SelectExpr' ? item.expr : undefined
}

/** What rows of these columns have in a column, of which `known` tells; undefined where that cannot be told. */
export function insertedColumn(
  column: string,
  known: Column | undefined,
  columns: readonly string[],
): VindexColumn | undefined {
  const offset = columns.findIndex((name) => sameColumn(name, column))
  const usual = known && usualValue(known)
  if (offset < 0 && usual === undefined) return undefined
  const routed = routedColumn(known)
  const definition = offset < 0 ? undefined : known?.stored?.unnamedDefinition
  return {
    column,
    offset,
    ...(routed && { routed }),
    ...(definition !== undefined && { definition }),
    ...(usual && { usual }),
  }
}

/** The columns of a row, in its order; none where that cannot be told. */
export function namesOf({ columns }: Insert, table: Table): readonly string[] {
  if (columns !== undefined) return columns.map(({ name }) => name)
  return table.columnListAuthoritative
    ? table.columns.filter(({ invisible }) => !invisible).map(({ name }) => name)
    : []
}
