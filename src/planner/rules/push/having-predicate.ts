import type { Predicate } from '../../../plan/primitives.ts'
import type { AggregateCall, ComparisonOperator, Expr } from '../../../sql/ast.ts'
import { someNode } from '../../../sql/visit.ts'
import { isAggregateCall } from '../../binding/traits.ts'
import type { ShownColumn } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { planValue } from '../../values.ts'

type Asked = Predicate<ShownColumn> | Refusal

/** Finds the column that holds an aggregate of whole groups. */
type PickAggregate = (call: AggregateCall) => ShownColumn | Refusal

/** What the condition asks of merged aggregates: comparisons with values, nothing computed. */
export function predicateOf(expr: Expr, pick: PickAggregate): Asked {
  switch (expr.kind) {
    case 'And':
    case 'Or': {
      const parts = eachOrRefusal(expr.operands, (operand) => predicateOf(operand, pick))
      return isRefusal(parts) ? parts : { kind: expr.kind, parts }
    }
    case 'Comparison':
      return comparisonOf(expr.left, expr.op, expr.right, pick)
    case 'Between': {
      if (expr.negated) return computed(expr)
      const bounds = [['>=', expr.low] as const, ['<=', expr.high] as const]
      const parts = eachOrRefusal(bounds, ([op, bound]) => comparisonOf(expr.operand, op, bound, pick))
      return isRefusal(parts) ? parts : { kind: 'And', parts }
    }
    default:
      return computed(expr)
  }
}

export function conjunctionOf(parts: readonly Predicate<ShownColumn>[]): Predicate<ShownColumn> {
  return parts.length === 1 ? parts[0] : { kind: 'And', parts }
}

const mirrored = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function comparisonOf(left: Expr, op: ComparisonOperator, right: Expr, pick: PickAggregate): Asked {
  if (op === '<=>') return computed(left)
  if (!isAggregateCall(left))
    return isAggregateCall(right) ? comparisonOf(right, mirrored[op], left, pick) : computed(left)
  const value = planValue(right)
  if (value === undefined) return computed(right)
  const column = pick(left)
  return isRefusal(column) ? column : { kind: 'Compare', op, column, value }
}

function computed(expr: Expr): Refusal {
  return refused(
    someNode(expr, (node) => node.kind === 'Subquery')
      ? 'a subquery in HAVING over several shards'
      : 'HAVING that computes with aggregates over several shards',
  )
}
