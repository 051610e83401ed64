import type { Expr } from '../../sql/ast.ts'
import { sameTree } from '../../sql/visit.ts'
import { makeAnd } from '../make-node.ts'

/**
 * What is true wherever the condition is, and made of parts of it that are the caller's `own`:
 * `(a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4)` says of b that `b.y = 2 OR b.y = 4`. Undefined where it says nothing.
 */
export function impliedBy(condition: Expr, isOwn: (part: Expr) => boolean): Expr | undefined {
  switch (condition.kind) {
    case 'And': {
      const parts = condition.operands.flatMap((operand) => impliedBy(operand, isOwn) ?? [])
      return parts.length === 0 ? undefined : makeAnd(parts)
    }
    case 'Or': {
      const parts = condition.operands.flatMap((operand) => impliedBy(operand, isOwn) ?? [])
      return parts.length < condition.operands.length ? undefined : { ...condition, operands: parts }
    }
    default:
      return isOwn(condition) ? condition : undefined
  }
}

/** Those that each operand of an OR has among its conjuncts, and that are therefore true wherever it is. */
export function commonConjuncts(operands: readonly Expr[]): readonly Expr[] {
  const [first = [], ...others] = operands.map(conjunctsOf)
  return first.filter((conjunct) => others.every((other) => other.some((each) => sameTree(each, conjunct))))
}

function conjunctsOf(expr: Expr): readonly Expr[] {
  return expr.kind === 'And' ? expr.operands.flatMap(conjunctsOf) : [expr]
}
