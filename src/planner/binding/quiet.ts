import type { Binary, Cast, Expr, FunctionCall } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import { isNumber, isText, type ValueType } from '../../values/value.ts'
import { refOf } from './facts-of.ts'
import type { Scope } from './scope.ts'
import { schemaColumn } from './source.ts'

/** What a value is, as far as conversions warn: text that is read as a number does, for one. */
export type QuietKind = 'number' | 'text' | 'time' | 'other' | 'any'

/**
 * Whether MySQL can compute the expression once more without one more warning: there is no text to read as a number or a
 * date, no division, no cast that may lose something. What is not known to be so is not quiet.
 */
export function isQuiet(expr: Expr, scope: Scope): boolean {
  return quietKind(expr, scope) !== undefined
}

/** Its kind; undefined where it may warn. */
export function quietKind(expr: Expr, scope: Scope): QuietKind | undefined {
  const all = (kind: QuietKind, operands: readonly Expr[], asked: QuietKind = 'any') =>
    operands.every((operand) => fits(quietKind(operand, scope), asked)) ? kind : undefined
  switch (expr.kind) {
    case 'Column':
      return kindOfColumn(expr, scope)
    case 'Literal':
      return expr.type === 'Int' || expr.type === 'Decimal' || expr.type === 'Float'
        ? 'number'
        : kindOfWord(expr.type)
    case 'Param':
    case 'UserVariable':
    case 'SystemVariable':
      return 'any'
    case 'Match':
      return 'number'
    case 'TemporalLiteral':
      return 'time'
    case 'Introduced':
      return 'text'
    case 'Unary':
      return expr.op === 'BINARY' ? all('text', [expr.operand]) : all('number', [expr.operand], 'number')
    case 'Binary':
      return quietOperation(expr, scope)
    case 'And':
    case 'Or':
      return all('number', expr.operands, 'number')
    case 'Not':
      return all('number', [expr.operand], 'number')
    case 'Is':
      return all('number', [expr.operand], expr.test === 'NULL' ? 'any' : 'number')
    case 'Comparison':
      return compared([expr.left, expr.right], scope)
    case 'Between':
      return compared([expr.operand, expr.low, expr.high], scope)
    case 'In':
      return expr.right.kind === 'List' ? compared([expr.left, ...expr.right.items], scope) : undefined
    case 'Like':
      return all('number', [expr.operand, expr.pattern])
    case 'Collate':
      return all('text', [expr.operand])
    case 'ConvertUsing':
      return expr.charset.toLowerCase() === 'utf8mb4' ? all('text', [expr.operand]) : undefined
    case 'Cast':
      return quietCast(expr, scope)
    case 'Case': {
      const { operand, whens, otherwise } = expr
      const conditions = whens.map(({ condition }) => condition)
      const isQuietly =
        operand === undefined
          ? all('number', conditions, 'number') !== undefined
          : compared([operand, ...conditions], scope) !== undefined
      const results = [...whens.map(({ result }) => result), ...(otherwise === undefined ? [] : [otherwise])]
      return isQuietly ? oneOf(results, scope) : undefined
    }
    case 'Aggregate':
      if (expr.args[0]?.kind === 'Star') return 'number'
      if (expr.name === 'count') return all('number', expr.args)
      if (expr.name === 'min' || expr.name === 'max') return oneOf(expr.args, scope)
      return expr.name === 'sum' ? all('number', expr.args, 'number') : undefined
    case 'Function':
      return quietCall(expr, scope)
    case 'WindowFunction':
    case 'Exists':
    case 'Subquery':
      return someNode(expr, mayWarn) ? undefined : 'any'
    default:
      return undefined
  }
}

const quietOperators: ReadonlySet<string> = new Set(['+', '-', '*', '|', '&', '^', '<<', '>>'])

/** A divisor that stands there as a number is trusted not to be 0. */
function quietOperation(expr: Binary, scope: Scope): QuietKind | undefined {
  const { op, left, right } = expr
  const kind = quietKind(left, scope)
  if (op === '||') return kind === undefined || quietKind(right, scope) === undefined ? undefined : 'text'
  if (right.kind === 'Interval') return kind === 'time' && right.value.kind === 'Literal' ? 'time' : undefined
  const isQuietly = quietOperators.has(op)
    ? fits(quietKind(right, scope), 'number')
    : op !== '->' && op !== '->>' && right.kind === 'Literal' && left.kind !== 'Literal'
  return isQuietly && fits(kind, 'number') ? 'number' : undefined
}

function quietCast({ operand, type }: Cast, scope: Scope): QuietKind | undefined {
  const kind = quietKind(operand, scope)
  if (kind === undefined || type.text !== '') return undefined
  switch (type.name) {
    case 'CHAR':
      return 'text'
    case 'SIGNED':
      return kind === 'number' ? 'number' : undefined
    case 'DATE':
      return kind === 'time' ? 'time' : undefined
    default:
      return undefined
  }
}

/** Of any arguments. */
const quietTexts: ReadonlySet<string> = new Set(
  `concat concat_ws hex lcase lower ltrim md5 replace reverse rtrim sha sha1 sha2 trim ucase upper database schema user
  current_user session_user version`.split(/\s+/),
)
const quietNumbers: ReadonlySet<string> = new Set(
  `ascii bit_length char_length character_length crc32 isnull length octet_length ord connection_id last_insert_id found_rows
  row_count`.split(/\s+/),
)
/** Of numbers alone. */
const ofNumbers: ReadonlySet<string> = new Set(
  'abs ceil ceiling floor interval round sign truncate'.split(' '),
)
/** Of dates and times. */
const ofTimes: ReadonlySet<string> = new Set(
  `datediff day dayofmonth dayofweek dayofyear hour microsecond minute month quarter second time_to_sec to_days
  unix_timestamp week weekday weekofyear year yearweek`.split(/\s+/),
)

function quietCall({ name, args, qualifier }: FunctionCall, scope: Scope): QuietKind | undefined {
  const are = (kind: QuietKind, these: readonly Expr[]) =>
    these.every((arg) => fits(quietKind(arg, scope), kind))
  if (qualifier !== undefined) return undefined
  if (quietTexts.has(name)) return are('any', args) ? 'text' : undefined
  if (quietNumbers.has(name)) return are('any', args) ? 'number' : undefined
  if (ofNumbers.has(name)) return are('number', args) ? 'number' : undefined
  if (ofTimes.has(name))
    return are('time', args.slice(0, 1)) && are('any', args.slice(1)) ? 'number' : undefined
  switch (name) {
    case 'left':
    case 'right':
    case 'substr':
    case 'substring':
    case 'mid':
      return are('any', args.slice(0, 1)) && are('number', args.slice(1)) ? 'text' : undefined
    case 'date':
    case 'last_day':
      return are('time', args) ? 'time' : undefined
    case 'now':
    case 'current_timestamp':
    case 'curdate':
    case 'current_date':
      return 'time'
    case 'date_format':
      return are('time', args.slice(0, 1)) && are('text', args.slice(1)) ? 'text' : undefined
    case 'if':
      return are('number', args.slice(0, 1)) ? oneOf(args.slice(1), scope) : undefined
    case 'coalesce':
    case 'ifnull':
      return oneOf(args, scope)
    case 'field':
      return compared(args, scope)
    case 'nullif':
      return compared(args, scope) === undefined ? undefined : quietKind(args[0], scope)
    case 'greatest':
    case 'least':
      return compared(args, scope) === undefined ? undefined : oneOf(args, scope)
    default:
      return undefined
  }
}

function kindOfWord(type: string): QuietKind {
  if (type === 'Null') return 'any'
  return type === 'True' || type === 'False' ? 'number' : 'text'
}

function kindOfColumn(column: Expr, scope: Scope): QuietKind {
  const ref = refOf(column, scope)
  const type: ValueType | undefined = ref === undefined ? undefined : schemaColumn(ref)?.type
  if (type === undefined || type === 'ENUM' || type === 'SET') return 'any'
  if (isNumber(type) || type === 'BIT') return 'number'
  if (type === 'DATE' || type === 'DATETIME' || type === 'TIMESTAMP' || type === 'TIME') return 'time'
  return isText(type) ? 'text' : 'other'
}

function fits(kind: QuietKind | undefined, asked: QuietKind): boolean {
  return kind !== undefined && (kind === asked || kind === 'any' || asked === 'any')
}

/** Values that are compared as they are; of a constant that is no date MySQL makes an error. */
function compared(operands: readonly Expr[], scope: Scope): QuietKind | undefined {
  const kinds = operands.map((operand) => quietKind(operand, scope))
  const [first] = kinds.filter((kind) => kind !== 'any')
  const isAlike = kinds.every(
    (kind, i) => fits(kind, first ?? 'any') || (first === 'time' && operands[i].kind === 'Literal'),
  )
  return isAlike ? 'number' : undefined
}

/** One of them is the value. */
function oneOf(exprs: readonly Expr[], scope: Scope): QuietKind | undefined {
  const kinds = exprs.map((expr) => quietKind(expr, scope))
  if (kinds.some((kind) => kind === undefined)) return undefined
  const [first = 'any', ...others] = kinds.filter((kind) => kind !== 'any')
  return others.every((kind) => kind === first) ? first : 'text'
}

/** In a subquery, of whose columns less is known. */
function mayWarn(node: { readonly kind: string }): boolean {
  const { kind } = node
  if (kind === 'Cast' || kind === 'ConvertUsing' || kind === 'Interval') return true
  if (kind === 'Binary') return !('op' in node && quietOperators.has(String(node.op)))
  return kind === 'Function' && !('name' in node && isHarmless(String(node.name)))
}

function isHarmless(name: string): boolean {
  return (
    quietTexts.has(name) ||
    quietNumbers.has(name) ||
    name === 'coalesce' ||
    name === 'ifnull' ||
    name === 'if'
  )
}
