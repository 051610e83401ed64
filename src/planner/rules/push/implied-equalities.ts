import type { Expr } from '../../../sql/ast.ts'
import { EqualColumns } from './equal-columns.ts'
import { isInner, type Link } from './join-order.ts'
import { isColumnEquality, type JoinSide } from './join-side.ts'

/**
 * What the links of inner joins say of one side alone: `a.x = c.z AND b.y = c.z`, where a and b are asked together, says that `a.x = b.y`.
 * Without that, its shards would pair any row of the one table with any of the other. Linked columns are integers of one kind, so that
 * what is equal to the same is equal.
 */
export function impliedEqualities(side: JoinSide, links: readonly Link[]): readonly Expr[] {
  const inner = links.filter(isInner)
  const linked = new EqualColumns()
  for (const { a, b } of inner) linked.join(a, b)
  const known = new EqualColumns()
  for (const expr of side.conditions) {
    if (isColumnEquality(expr)) known.join({ side, column: expr.left }, { side, column: expr.right })
  }
  const own = inner.flatMap(({ a, b }) => [a, b].filter((each) => each.side === side))
  return own.flatMap((right, i) => {
    const left = own.slice(0, i).find((before) => linked.areEqual(before, right))
    if (left === undefined || known.areEqual(left, right)) return []
    known.join(left, right)
    const { column } = right
    return [{ kind: 'Comparison', op: '=', left: left.column, right: column, span: column.span }]
  })
}
