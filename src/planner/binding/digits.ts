import type { Expr, FunctionCall, Literal } from '../../sql/ast.ts'
import { isFloat, isIntegral } from '../../values/value.ts'
import { refOf } from './facts-of.ts'
import type { Scope } from './scope.ts'
import { schemaColumn } from './source.ts'

/**
 * What becomes of an expression where MySQL adds it up: a DOUBLE, text that is read as one, or an exact number with `scale`
 * digits behind the point. A DECIMAL may carry other digits than it shows. `mixed`: it has fewer for some rows (COALESCE of
 * a whole number and 1.25), which decides where AVG cuts its quotient off. `hidden`: it has more (a quotient is computed in
 * words of nine digits), which a sum takes along and nobody sees.
 * Source: sql/item_func.cc `Item_func_div::decimal_op`, strings/decimal.cc `do_div_mod`.
 */
export type Digits =
  | { readonly kind: 'double' | 'text' | 'hidden' }
  | { readonly kind: 'fixed' | 'mixed'; readonly scale: number }

const whole: Digits = { kind: 'fixed', scale: 0 }
const double: Digits = { kind: 'double' }
const text: Digits = { kind: 'text' }
const hidden: Digits = { kind: 'hidden' }
/** Of what is only known when the statement runs. */
const someScale: Digits = { kind: 'fixed', scale: Number.POSITIVE_INFINITY }

const wholeFunctions: ReadonlySet<string> = new Set(
  `ascii bit_count bit_length ceil ceiling char_length character_length crc32 datediff day dayofmonth dayofweek dayofyear
  field find_in_set floor hour instr interval isnull json_depth json_length json_valid length locate microsecond minute month
  octet_length ord period_add period_diff position quarter regexp_instr regexp_like second sign strcmp timestampdiff
  to_days week weekday weekofyear year yearweek`.split(/\s+/),
)

const doubleFunctions: ReadonlySet<string> = new Set(
  'acos asin atan atan2 cos cot degrees exp ln log log10 log2 pi pow power radians rand sin sqrt tan'.split(
    ' ',
  ),
)

const textFunctions: ReadonlySet<string> = new Set(
  `concat concat_ws date_format hex insert json_extract json_unquote json_value lcase left lower lpad ltrim mid repeat replace
  reverse right rpad rtrim substr substring substring_index trim ucase upper`.split(/\s+/),
)

/** The branches of IF, COALESCE and their kin: what of their arguments may be the value. */
const branches: ReadonlyMap<string, (args: readonly Expr[]) => readonly Expr[]> = new Map([
  ['if', (args) => args.slice(1)],
  ['nullif', (args) => args.slice(0, 1)],
  ...['ifnull', 'nvl', 'coalesce', 'greatest', 'least'].map(
    (name) => [name, (args: readonly Expr[]) => args] as const,
  ),
])

export function digitsOf(expr: Expr, scope: Scope): Digits {
  switch (expr.kind) {
    case 'Column':
      return digitsOfColumn(expr, scope)
    case 'Literal':
      return digitsOfLiteral(expr)
    case 'Param':
    case 'UserVariable':
    case 'SystemVariable':
      return someScale
    case 'Unary':
      return expr.op === '-' || expr.op === '+' ? digitsOf(expr.operand, scope) : whole
    case 'Binary':
      return digitsOfBinary(expr, scope)
    case 'Cast':
      return digitsOfCast(expr.type.name)
    case 'Case': {
      const results = [
        ...expr.whens.map(({ result }) => result),
        ...(expr.otherwise === undefined ? [] : [expr.otherwise]),
      ]
      return oneOf(results, scope)
    }
    case 'Function':
      return digitsOfFunction(expr, scope)
    case 'And':
    case 'Or':
    case 'Xor':
    case 'Not':
    case 'Comparison':
    case 'Is':
    case 'In':
    case 'Between':
    case 'Like':
    case 'Regexp':
    case 'Exists':
      return whole
    case 'Collate':
    case 'ConvertUsing':
    case 'Introduced':
    case 'JsonValue':
      return text
    case 'Match':
      return double
    default:
      return hidden
  }
}

function digitsOfColumn(column: Expr, scope: Scope): Digits {
  const ref = refOf(column, scope)
  const known = ref === undefined ? undefined : schemaColumn(ref)
  const type = known?.type
  if (type === undefined) return someScale
  if (isIntegral(type) || type === 'BIT' || type === 'DATE') return whole
  if (type === 'DECIMAL' || type === 'TIME' || type === 'DATETIME' || type === 'TIMESTAMP')
    return known?.scale === undefined ? someScale : { kind: 'fixed', scale: known.scale }
  return isFloat(type) ? double : text
}

function digitsOfLiteral({ type }: Literal): Digits {
  switch (type) {
    case 'Int':
    case 'Null':
    case 'True':
    case 'False':
      return whole
    case 'Decimal':
      return someScale
    case 'Float':
      return double
    default:
      return text
  }
}

function digitsOfBinary(expr: Expr & { readonly kind: 'Binary' }, scope: Scope): Digits {
  const { op, left, right } = expr
  if (op === '->' || op === '->>' || op === '||') return text
  if (op === 'DIV' || op === '|' || op === '&' || op === '^' || op === '<<' || op === '>>') return whole
  if (left.kind === 'Interval' || right.kind === 'Interval') return hidden
  const sides = [digitsOf(left, scope), digitsOf(right, scope)]
  if (sides.some(({ kind }) => kind === 'double' || kind === 'text')) return double
  if (op === '/') return hidden
  return combined(sides, (a, b) => (op === '*' ? a + b : Math.max(a, b)))
}

function digitsOfCast(name: string): Digits {
  if (name === 'SIGNED' || name === 'UNSIGNED' || name === 'DATE' || name === 'YEAR') return whole
  if (name === 'DECIMAL') return someScale
  return name === 'DOUBLE' || name === 'FLOAT' || name === 'REAL' ? double : text
}

function digitsOfFunction({ name, args, qualifier }: FunctionCall, scope: Scope): Digits {
  if (qualifier !== undefined) return hidden
  if (wholeFunctions.has(name)) return whole
  if (doubleFunctions.has(name)) return double
  if (textFunctions.has(name)) return text
  const branchesOf = branches.get(name)
  if (branchesOf !== undefined) return oneOf(branchesOf(args), scope)
  if (name === 'abs') return digitsOf(args[0], scope)
  if (name === 'round' || name === 'truncate') return digitsOfRounded(args, scope)
  return hidden
}

/** With a constant for the number of digits they are the same for each row. */
function digitsOfRounded([value, places]: readonly Expr[], scope: Scope): Digits {
  const inner = digitsOf(value, scope)
  if (inner.kind === 'double' || inner.kind === 'text') return double
  if (places === undefined) return whole
  return places.kind === 'Literal' || places.kind === 'Param' ? someScale : hidden
}

/** One of the expressions is the value, now this one, now that. */
function oneOf(exprs: readonly Expr[], scope: Scope): Digits {
  const all = exprs.map((expr) => digitsOf(expr, scope)).filter((_, i) => !isNull(exprs[i]))
  if (all.some(({ kind }) => kind === 'text')) return text
  if (all.some(({ kind }) => kind === 'double')) return double
  const most = combined(all, Math.max)
  if (most.kind !== 'fixed') return most
  const isAlike = all.every((each) => each.kind === 'fixed' && each.scale === most.scale)
  return isAlike && (most.scale !== Number.POSITIVE_INFINITY || all.length === 1)
    ? most
    : { ...most, kind: 'mixed' }
}

function isNull(expr: Expr): boolean {
  return expr.kind === 'Literal' && expr.type === 'Null'
}

function combined(all: readonly Digits[], scaleOf: (a: number, b: number) => number): Digits {
  return all.reduce<Digits>((a, b) => {
    if (!('scale' in a) || !('scale' in b)) return hidden
    const kind = a.kind === 'mixed' || b.kind === 'mixed' ? 'mixed' : 'fixed'
    return { kind, scale: scaleOf(a.scale, b.scale) }
  }, whole)
}
