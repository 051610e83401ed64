import type { BinaryOperator, Expr } from '../ast.ts'
import { HIGH_NOT_PRECEDENCE, type SqlMode } from '../sql-mode.ts'

/** How tightly an expression's own operator binds; operands that bind less need parentheses. */
export const LEVEL = {
  any: 0,
  or: 1,
  xor: 2,
  and: 3,
  not: 4,
  truth: 5,
  comparison: 6,
  predicate: 7,
  bits: 8,
  concat: 14,
  sign: 15,
  collate: 16,
  operand: 17,
} as const

export function binaryLevel(op: BinaryOperator): number {
  switch (op) {
    case '|':
      return 8
    case '&':
      return 9
    case '<<':
    case '>>':
      return 10
    case '+':
    case '-':
      return 11
    case '*':
    case '/':
    case '%':
    case 'DIV':
    case 'MOD':
      return 12
    case '^':
      return 13
    case '||':
      return LEVEL.concat
    case '->':
    case '->>':
      return LEVEL.operand
  }
}

export function levelOf(expr: Expr, mode: SqlMode): number {
  if (expr.parens !== undefined) return LEVEL.operand
  switch (expr.kind) {
    case 'Or':
      return LEVEL.or
    case 'Xor':
      return LEVEL.xor
    case 'And':
      return LEVEL.and
    case 'Not':
      return expr.operator === '!' || (mode & HIGH_NOT_PRECEDENCE) !== 0 ? LEVEL.sign : LEVEL.not
    case 'Is':
      return expr.test === 'NULL' ? LEVEL.comparison : LEVEL.truth
    case 'Comparison':
    case 'Quantified':
      return LEVEL.comparison
    case 'In':
    case 'Between':
    case 'Like':
    case 'Regexp':
    case 'SoundsLike':
    case 'MemberOf':
      return LEVEL.predicate
    case 'Binary':
      return hasIntervalAtLeft(expr) ? Math.min(binaryLevel(expr.op), binaryLevel('+')) : binaryLevel(expr.op)
    case 'Unary':
      return LEVEL.sign
    case 'Literal':
      return expr.text.startsWith('-') ? LEVEL.sign : LEVEL.operand
    case 'Collate':
      return LEVEL.collate
    default:
      return LEVEL.operand
  }
}

/**
 * `left` may stand before `op` without parentheses: by its own operator, wherever its operands come from, or because it
 * is `x + INTERVAL y DAY`, all of which is the left operand of what follows the unit.
 */
export function fitsBefore(left: Expr, op: BinaryOperator): boolean {
  if (left.kind !== 'Binary' || left.parens !== undefined || op === '||') return false
  return left.right.kind === 'Interval' || binaryLevel(left.op) >= binaryLevel(op)
}

/** `a + INTERVAL 1 DAY * 2`, which is `(a + INTERVAL 1 DAY) * 2`: it begins as loosely as its sum. */
function hasIntervalAtLeft(expr: Expr & { kind: 'Binary' }): boolean {
  for (let { left } = expr; left.kind === 'Binary' && left.parens === undefined; { left } = left) {
    if (left.right.kind === 'Interval') return true
  }
  return false
}

/** The expression ends in an assignment, `@a := …`, which would swallow whatever is printed behind it. */
export function endsOpen(expr: Expr): boolean {
  if (expr.parens !== undefined) return false
  switch (expr.kind) {
    case 'Assign':
      return true
    case 'And':
    case 'Or':
      return endsOpen(expr.operands[expr.operands.length - 1])
    case 'Xor':
    case 'Comparison':
    case 'Binary':
    case 'SoundsLike':
      return endsOpen(expr.right)
    case 'Not':
    case 'Unary':
      return endsOpen(expr.operand)
    case 'Between':
      return endsOpen(expr.high)
    case 'Like':
      return endsOpen(expr.escape ?? expr.pattern)
    case 'Regexp':
      return endsOpen(expr.pattern)
    default:
      return false
  }
}
