import { visit } from '../../sql/visit.ts'
import type { BoundSelect } from '../binding/bound.ts'
import { findSource, hasColumn } from '../binding/scope.ts'
import { itemName } from '../binding/traits.ts'

/** Whether a block names nothing of a query around it, as far as can be told. */
export function isClosed({ ast, scope, subqueries, where, having }: BoundSelect): boolean {
  if (subqueries.length > 0 || [...where, ...having].some((each) => each.subqueries.length > 0)) return false
  const shown = new Set(ast.items.flatMap((item) => itemName(item)?.toLowerCase() ?? []))
  return visit(ast, (node) => {
    if (node.kind === 'Derived') return 'stop'
    if (node.kind !== 'Column') return undefined
    const { name, qualifiers } = node
    if (qualifiers.length > 0) return findSource(qualifiers, scope) === undefined ? 'stop' : undefined
    return hasColumn(name, scope) === 'yes' || shown.has(name.toLowerCase()) ? undefined : 'stop'
  })
}
