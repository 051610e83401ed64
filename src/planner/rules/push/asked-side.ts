import { isAggregated } from '../../binding/traits.ts'
import { routesOf } from '../../operators/operator.ts'
import { type AskedPart, isPlain } from './join-shape.ts'
import { JoinSide } from './join-side.ts'

/**
 * What EXISTS is asked of: one table of which WHERE says which rows count, and of which the select list shows what every row has.
 * Undefined for others.
 */
export function askedSide({ op, query, how }: AskedPart): JoinSide | undefined {
  const { ast, from, scope, having } = query
  const [route, ...others] = routesOf(op)
  if (from.kind !== 'Table' || others.length > 0 || route.asksSystem || route.routing === undefined)
    return undefined
  if ((from.instance.table.live?.columns.length ?? 0) === 0) return undefined
  const { groupBy, orderBy, limit } = ast
  if ([groupBy, orderBy, limit].some((clause) => clause !== undefined) || having.length > 0) return undefined
  if (!isPlain(query) || isAggregated(ast) || query.hasOuterAggregate) return undefined
  const side = new JoinSide(route, { tables: [from], from: [from.ast], conditions: [] }, scope, how)
  const isShown = ast.items.every((item) => {
    if (item.kind === 'Star') return item.qualifiers.length === 0
    if (item.kind !== 'SelectExpr') return false
    return (
      item.expr.kind === 'Literal' || (item.expr.kind === 'Column' && side.columnOf(item.expr) !== undefined)
    )
  })
  return isShown ? side : undefined
}
