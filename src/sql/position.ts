import type { Expr } from './ast.ts'

/**
 * The position that an item of ORDER BY or GROUP BY is, from 1; undefined for any other expression. MySQL takes a whole
 * number for one in parentheses and behind plus signs too (ORDER BY (2), ORDER BY +2), but not in other constants (-2,
 * 2.0, 0x02). In a normalised tree a position has no slot: it is part of the key.
 */
export function positionOf(expr: Expr): number | undefined {
  if (expr.kind === 'Unary' && expr.op === '+') return positionOf(expr.operand)
  if (expr.kind !== 'Literal' || expr.type !== 'Int' || expr.slot !== undefined) return undefined
  return expr.text.startsWith('-') ? undefined : Number(expr.text)
}
