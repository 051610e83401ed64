import type { Statement } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'

/**
 * The `?`, by index, that are whole items of ORDER BY or GROUP BY: constants in MySQL, while MariaDB takes the value for a
 * column's position.
 */
export function orderingParams(statement: Statement): ReadonlySet<number> {
  const found = new Set<number>()
  visit(statement, (node) => {
    if (node.kind !== 'OrderItem') return undefined
    if (node.expr.kind === 'Param') found.add(node.expr.index)
    return undefined
  })
  return found
}
