import type { Expr, FunctionCall } from '../../sql/ast.ts'
import type { Column } from '../../values/column.ts'
import { isIntegral, isSigned } from '../../values/value.ts'
import { type ColumnOf, isHarmless, isWholeNumber, wholeOfPart } from '../federate/harmless.ts'

type Kind = 'integer' | 'decimal' | 'text' | 'time' | 'any'

/**
 * Whether MySQL can compute the expression for any row, also for one that nobody asks for: it has the same value each time, and
 * gives neither an error nor a warning. What is not known to be so is not total.
 */
export function isTotal(expr: Expr, columnOf: ColumnOf): boolean {
  return kindOf(expr, columnOf) !== undefined
}

function kindOf(expr: Expr, columnOf: ColumnOf): Kind | undefined {
  switch (expr.kind) {
    case 'Column': {
      const column = columnOf(expr)
      return column && kindOfColumn(column)
    }
    case 'Literal':
      return expr.type === 'String' ? 'text' : 'any'
    case 'Function':
      return kindOfCall(expr, columnOf)
    case 'Case': {
      const { operand, whens, otherwise } = expr
      if (operand !== undefined || !whens.every(({ condition }) => isHarmless(condition, columnOf)))
        return undefined
      return oneOf([...whens.map(({ result }) => result), ...(otherwise ? [otherwise] : [])], columnOf)
    }
    // Bytes of a text are no value of any column, so that it has no collation.
    case 'Cast':
      return expr.type.name === 'BINARY' && expr.type.text === '' && kindOf(expr.operand, columnOf) === 'text'
        ? 'any'
        : undefined
    case 'Binary':
      return kindOfOperation(expr.op, [expr.left, expr.right], columnOf)
    default:
      return undefined
  }
}

function kindOfColumn({ type }: Column): Kind | undefined {
  switch (type) {
    case undefined:
      return undefined
    case 'CHAR':
    case 'VARCHAR':
      return 'text'
    case 'DATE':
    case 'DATETIME':
    case 'TIMESTAMP':
      return 'time'
    case 'DECIMAL':
      return 'decimal'
    default:
      return isIntegral(type) && type !== 'YEAR' ? 'integer' : 'any'
  }
}

const TEXTS: ReadonlySet<string> = new Set([
  ...['concat', 'lcase', 'lower', 'ltrim', 'reverse', 'rtrim', 'ucase', 'upper'],
])
const LENGTHS: ReadonlySet<string> = new Set(['char_length', 'character_length', 'length', 'octet_length'])
const TIMES: ReadonlySet<string> = new Set(['day', 'dayofmonth', 'hour', 'minute', 'month', 'second', 'year'])

function kindOfCall(call: FunctionCall, columnOf: ColumnOf): Kind | undefined {
  const { name, args, qualifier } = call
  const are = (kind: Kind) => args.length > 0 && args.every((arg) => kindOf(arg, columnOf) === kind)
  if (qualifier !== undefined) return undefined
  if (TEXTS.has(name)) return are('text') ? 'text' : undefined
  const whole = wholeOfPart(call)
  if (whole !== undefined) return kindOf(whole, columnOf) === 'text' ? 'text' : undefined
  if (LENGTHS.has(name)) return are('text') ? 'integer' : undefined
  if (TIMES.has(name)) return are('time') ? 'integer' : undefined
  if (name === 'date_format' && args[0] !== undefined && args[1]?.kind === 'Literal')
    return kindOf(args[0], columnOf) === 'time' && args[1].type === 'String' ? 'text' : undefined
  if (name === 'coalesce' || name === 'ifnull') return oneOf(args, columnOf)
  if (name === 'if' && args[0] !== undefined && isHarmless(args[0], columnOf))
    return oneOf(args.slice(1), columnOf)
  return undefined
}

/** Any of them may be the value. */
function oneOf(exprs: readonly Expr[], columnOf: ColumnOf): Kind | undefined {
  const kinds = exprs.map((expr) => kindOf(expr, columnOf))
  const [first = 'any', ...others] = kinds.filter((kind) => kind !== 'any')
  return kinds.every((kind) => kind !== undefined) && others.every((kind) => kind === first)
    ? first
    : undefined
}

/** What a BIGINT and a DECIMAL hold for sure. */
const INTEGER_DIGITS = 18
const DECIMAL_DIGITS = 60

/** Of columns, and of whole numbers as they are written. */
function kindOfOperation(op: string, operands: readonly Expr[], columnOf: ColumnOf): Kind | undefined {
  if (op !== '+' && op !== '-' && op !== '*') return undefined
  const columns = operands.map((operand) => (operand.kind === 'Column' ? columnOf(operand) : undefined))
  const digits = operands.map((operand, i) => {
    const column = columns[i]
    return isWholeNumber(operand) ? operand.text.length : column && digitsOf(column)
  })
  if (!digits.every((each) => each !== undefined)) return undefined
  const count = digits.reduce((sum, each) => sum + each, 0)
  if (columns.every((column) => column?.type !== 'DECIMAL'))
    return count <= INTEGER_DIGITS ? 'integer' : undefined
  return count <= DECIMAL_DIGITS && op !== '-' ? 'decimal' : undefined
}

/** Digits of a number with a sign: without one, a difference may be none. */
function digitsOf({ type, size }: Column): number | undefined {
  if (type === 'DECIMAL') return size
  if (type === undefined || !isIntegral(type) || !isSigned(type)) return undefined
  return type === 'INT8' ? 3 : type === 'INT16' ? 5 : type === 'INT24' ? 7 : type === 'INT32' ? 10 : 19
}
