import type { ColumnName, Expr, FunctionCall, Literal } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import { isNumber } from '../../values/value.ts'
import { isText } from '../binding/column-type.ts'

/** The stored column that a name stands for; undefined where nothing is known of it. */
export type ColumnOf = (name: ColumnName) => Column | undefined

/**
 * Whether a condition on columns of tables can be evaluated once more than MySQL would, and for other rows: it has the same
 * value each time, and gives neither an error nor a warning of its own for a row. What is wrong with its constants is
 * found wherever they stand.
 */
export function isHarmless(expr: Expr, columnOf: ColumnOf): boolean {
  const isSafe = (each: Expr) => isHarmless(each, columnOf)
  switch (expr.kind) {
    case 'And':
    case 'Or':
      return expr.operands.every(isSafe)
    case 'Not':
      return isSafe(expr.operand)
    case 'Xor':
      return isSafe(expr.left) && isSafe(expr.right)
    case 'Match':
      return true
    case 'Is':
      return expr.operand.kind === 'Column' || isSafe(expr.operand)
    case 'Comparison':
      return areComparable([expr.left, expr.right], columnOf)
    case 'Between':
      return areComparable([expr.operand, expr.low, expr.high], columnOf)
    case 'In':
      return expr.right.kind === 'List' && areComparable([expr.left, ...expr.right.items], columnOf)
    case 'Like':
      return (
        kindOf(expr.operand, columnOf) === 'text' && isConstant(expr.pattern) && expr.escape === undefined
      )
    default:
      return false
  }
}

/** Comparing converts nothing that stands in a row, or what converts cleanly. */
function areComparable(exprs: readonly Expr[], columnOf: ColumnOf): boolean {
  const rows = exprs.flatMap((expr) => (expr.kind === 'Row' ? [expr.items] : []))
  if (rows.length > 0)
    return (
      rows.length === exprs.length &&
      rows[0]!.every((_, i) =>
        areComparable(
          rows.flatMap((items) => items[i] ?? []),
          columnOf,
        ),
      )
    )
  const kinds = new Set(exprs.map((expr) => kindOf(expr, columnOf)))
  if (kinds.has(undefined)) return false
  kinds.delete('constant')
  if (kinds.size > 1) return false
  // A text that is compared with a number is converted row by row.
  return !kinds.has('text') || !exprs.some((expr) => isConstant(expr) && isNumeric(expr))
}

type Kind = 'number' | 'text' | 'time' | 'bytes' | 'constant'

function kindOf(expr: Expr, columnOf: ColumnOf): Kind | undefined {
  if (expr.kind === 'Function') {
    const whole = wholeOfPart(expr)
    if (whole?.kind === 'Column' && kindOf(whole, columnOf) === 'text') return 'text'
  }
  if (expr.kind !== 'Column') return isConstant(expr) ? 'constant' : undefined
  const type = columnOf(expr)?.type
  if (type === undefined) return undefined
  if (isNumber(type) && type !== 'FLOAT32') return 'number'
  if (isText(type)) return 'text'
  if (type === 'DATE' || type === 'DATETIME' || type === 'TIMESTAMP') return 'time'
  return type === 'BINARY' || type === 'VARBINARY' || type === 'BLOB' ? 'bytes' : undefined
}

const PARTS_OF_TEXT: ReadonlySet<string> = new Set(['substring', 'substr', 'mid', 'left', 'right'])

/** What `SUBSTRING(text FROM 1 FOR 2)` and its kin take a part of, by whole numbers as they are written. */
export function wholeOfPart({ name, qualifier, quoted, spaced, args }: FunctionCall): Expr | undefined {
  if (qualifier !== undefined || quoted === true || spaced === true || !PARTS_OF_TEXT.has(name))
    return undefined
  const [text, ...numbers] = args
  return numbers.every(isWholeNumber) ? text : undefined
}

export function isWholeNumber(expr: Expr): expr is Literal {
  return expr.kind === 'Literal' && expr.type === 'Int'
}

const OF_NUMBERS: ReadonlySet<string> = new Set(['ceil', 'greatest', 'nullif', 'truncate'])

/** What averages are made of that have been asked for before (`averageOfParts`). */
function isOfNumbers({ name, qualifier, quoted, spaced }: FunctionCall): boolean {
  return qualifier === undefined && quoted !== true && spaced !== true && OF_NUMBERS.has(name)
}

/** The same in every place and at every time: literals, params, and what is computed from them. */
function isConstant(expr: Expr): boolean {
  return !someNode(expr, (node) => {
    switch (node.kind) {
      case 'Function':
        return !isOfNumbers(node)
      case 'Cast':
        return node.operand.kind !== 'SystemVariable'
      case 'CastType':
        return node.name !== 'SIGNED'
      case 'SystemVariable':
        return node.name !== 'div_precision_increment' || node.scope !== undefined
      case 'Literal':
      case 'Introduced':
      case 'TemporalLiteral':
      case 'Param':
      case 'Unary':
      case 'Binary':
      case 'Interval':
      case 'Collate':
        return false
      default:
        return true
    }
  })
}

function isNumeric(expr: Expr): boolean {
  return someNode(
    expr,
    (node) =>
      node.kind === 'Binary' || (node.kind === 'Literal' && node.type !== 'String' && node.type !== 'Null'),
  )
}
