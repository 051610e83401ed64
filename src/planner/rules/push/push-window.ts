import type { WindowSpec } from '../../../sql/ast.ts'
import { someInBlock } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { holdsVindex } from '../../binding/holds-vindex.ts'
import { isAggregated } from '../../binding/traits.ts'
import type { Operator } from '../../operators/operator.ts'
import type { WindowOp } from '../../operators/window.ts'
import { refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Window(Route(x)) -> Route(Window(x)) when all rows that a window looks at together lie on one shard. */
export function pushWindow(op: WindowOp<Operator>): RuleResult {
  const { input, block } = op
  if (hasWideWindow(block))
    return refused('a window that is not partitioned by the vindex columns, over several shards')
  if (input.kind === 'Route')
    return rewrote({ ...input, input: { ...op, input: input.input } }, 'windows are by the vindex columns')
  if (isAggregated(block.ast)) return refused('windows over groups of several shards')
  return unchanged('its rows are those of no route')
}

/** Some window looks at rows of several shards. */
function hasWideWindow({ ast, scope, rows, level }: BoundSelect): boolean {
  const named = new Map((ast.windows ?? []).map(({ name, spec }) => [name.toLowerCase(), spec]))
  const isLocal = (spec: WindowSpec | undefined, depth: number): boolean => {
    if (spec === undefined || depth > named.size) return false
    const base = spec.reference ?? spec.base
    if (base !== undefined && spec.partitionBy === undefined)
      return isLocal(named.get(base.toLowerCase()), depth + 1)
    const keys = (spec.partitionBy ?? []).map((item) => item.expr)
    return holdsVindex(keys, scope, rows, level)
  }
  return someInBlock([ast.items, ast.orderBy], (node) => {
    const over = node.kind === 'WindowFunction' || node.kind === 'Aggregate' ? node.over : undefined
    return over !== undefined && !isLocal(over, 0)
  })
}
