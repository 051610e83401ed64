import type { Expr } from '../../sql/ast.ts'

/**
 * Functions whose values are numbers or dates whatever they are given: such values are put in order as they are.
 * Source: MySQL manual, "Built-In Function and Operator Reference".
 */
const plainFunctions: ReadonlySet<string> = new Set(
  `year month day dayofmonth dayofweek dayofyear weekday week weekofyear yearweek quarter hour minute second microsecond
  to_days to_seconds time_to_sec unix_timestamp datediff timestampdiff period_add period_diff extract
  length char_length character_length octet_length bit_length ascii ord locate instr position field find_in_set strcmp
  abs ceil ceiling floor round truncate mod sign sqrt pow power exp ln log log2 log10 sin cos tan cot asin acos atan atan2
  degrees radians pi crc32 bit_count inet_aton isnull json_length json_depth json_valid regexp_like regexp_instr
  curdate current_date now current_timestamp localtime localtimestamp sysdate utc_date utc_timestamp last_day date
  from_days makedate`.split(/\s+/),
)

const plainCasts: ReadonlySet<string> = new Set([
  'SIGNED',
  'UNSIGNED',
  'DECIMAL',
  'DOUBLE',
  'DATE',
  'DATETIME',
  'YEAR',
])

/** Whether the expression is a number or a date, so that its order needs no weight. */
export function isPlainExpr(expr: Expr): boolean {
  switch (expr.kind) {
    case 'Function':
      return expr.qualifier === undefined && plainFunctions.has(expr.name)
    case 'Binary':
      return isArithmetic(expr.op) && expr.left.kind !== 'Interval' && expr.right.kind !== 'Interval'
    case 'Unary':
      return expr.op !== 'BINARY' && expr.op !== '+'
    case 'Cast':
      return plainCasts.has(expr.type.name) && !expr.type.text.includes('ARRAY')
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
    case 'Match':
      return true
    default:
      return false
  }
}

function isArithmetic(op: string): boolean {
  return op !== '||' && op !== '->' && op !== '->>'
}
