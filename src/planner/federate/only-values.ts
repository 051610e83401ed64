import type { Query, TableRef } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import { isIntegral } from '../../values/value.ts'
import { hasWindow, isAggregated, isChanging } from '../binding/traits.ts'

/** Tables of which only matters which rows there are, not how many of them are alike: `EXISTS (SELECT … FROM t …)`, `IN`, `ANY`, `ALL`. */
export function tablesOfValues(query: Query): ReadonlySet<TableRef> {
  const found = new Set<TableRef>()
  visit(query, (node) => {
    const inner = node.kind === 'Exists' || node.kind === 'Quantified' ? node.query.query : undefined
    const list = node.kind === 'In' && node.right.kind === 'Subquery' ? node.right.query : undefined
    const table = tableOfValues(inner ?? list)
    if (table !== undefined) found.add(table)
    return undefined
  })
  return found
}

function tableOfValues(query: Query | undefined): TableRef | undefined {
  if (query?.kind !== 'Select' || isAggregated(query) || hasWindow(query.items) || isChanging(query))
    return undefined
  const { from, having, windows, qualify, procedure, limit, locks } = query
  const others = [having, windows, qualify, procedure, limit, locks]
  const [table] = from
  const isAlone = from.length === 1 && table?.kind === 'Table'
  return isAlone && others.every((clause) => clause === undefined) ? table : undefined
}

/** Values of these columns that are equal are the same: of a text that is not so. */
export function areDistinct(columns: readonly Column[]): boolean {
  return columns.every(
    ({ type }) => type !== undefined && (isIntegral(type) || type === 'DECIMAL' || type === 'DATE'),
  )
}
