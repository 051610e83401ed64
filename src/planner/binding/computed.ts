import type { QueryTemplate } from '../../plan/text.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { ColumnName, Expr, FunctionCall } from '../../sql/ast.ts'
import { printPieces } from '../../sql/print.ts'
import { type AnyNode, rewrite, someNode } from '../../sql/visit.ts'
import { makeCast, makeHole } from '../make-node.ts'
import { sessionFunctions, sessionIntegers, variableOfSession } from '../session-names.ts'
import { planValue } from '../values.ts'

/** The expression as a value that tells where rows are: one that is known, or that MySQL computes first; else undefined. */
export function routingValue(expr: Expr): PlanValue | undefined {
  return planValue(expr) ?? computedValue(expr)
}

/**
 * An expression of constants that has one value for the whole statement, and for the server that is asked for it before:
 * `5 + 15`, `ABS(-3)`, `? + 1`, `@a`. No time, no random number, nothing that a connection knows; no COLLATE, under which
 * more may be equal than the column calls so.
 */
function computedValue(expr: Expr): PlanValue | undefined {
  const text = computedText(expr)
  return text && { kind: 'Computed', text }
}

/**
 * An expression that decides where a row is inserted: what MySQL computes of it first is what is stored, be it a time or a
 * random number. `isConstant`: computed again, it is the same.
 */
export function insertedValue(
  expr: Expr,
): { readonly value: PlanValue & { readonly kind: 'Computed' }; readonly isConstant: boolean } | undefined {
  const isConstant = isComputable(expr)
  if (!isConstant && someNode(expr, (node) => !isPart(node) && !isOfTheMoment(node))) return undefined
  return { value: { kind: 'Computed', text: textOf(expr) }, isConstant }
}

/**
 * Whether whoever stores the expression in a column, with the session's settings and variables, stores the same; but for columns of
 * dates where a time of day in it becomes one of today. Columns that
 * there are not are an error to all. Its value itself need not be one that the proxy knows how to compare.
 */
export function isConstantValue(
  expr: Expr,
  isUnknown: (column: ColumnName) => boolean,
): boolean | 'but for dates' {
  const isNone = (node: AnyNode) => node.kind === 'Column' && isUnknown(node)
  if (someNode(expr, (node) => !isPart(node) && !isConstantPart(node) && !isNone(node))) return false
  return someNode(expr, isTimeOfDay) ? 'but for dates' : true
}

function isConstantPart(node: AnyNode): boolean {
  switch (node.kind) {
    case 'CastType':
      return MORE_CASTS.has(node.name)
    case 'Function':
      return isOwnFunction(node) && MORE_FUNCTIONS.has(node.name)
    default:
      return CONSTANT_KINDS.has(node.kind)
  }
}

function isTimeOfDay(node: AnyNode): boolean {
  if (node.kind === 'TemporalLiteral') return /^time$/i.test(node.type)
  return node.kind === 'CastType' ? node.name === 'TIME' : node.kind === 'Function' && OF_TIMES.has(node.name)
}

const CONSTANT_KINDS: ReadonlySet<AnyNode['kind']> = new Set([
  ...([
    'TemporalLiteral',
    'OdbcEscape',
    'And',
    'Or',
    'Xor',
    'Not',
    'Comparison',
    'Unary',
    'Binary',
    'Is',
  ] as const),
  ...([
    'In',
    'List',
    'Between',
    'Like',
    'Regexp',
    'SoundsLike',
    'Case',
    'When',
    'Collate',
    'Interval',
  ] as const),
  ...(['KeywordArg', 'JsonValue', 'MemberOf', 'Row'] as const),
])

const MORE_CASTS: ReadonlySet<string> = new Set(
  'DATE DATETIME TIME YEAR FLOAT DOUBLE REAL NCHAR JSON INTEGER INT'.split(' '),
)

const OF_TIMES: ReadonlySet<string> = new Set('maketime sec_to_time time timediff addtime subtime'.split(' '))

/** The same as FUNCTIONS, of values of other types, or that sql_mode and time zone have a say in. */
const MORE_FUNCTIONS: ReadonlySet<string> = new Set(
  `acos adddate addtime asin atan atan2 char cos cot date date_add date_format date_sub datediff day dayname dayofmonth
  dayofweek dayofyear degrees exp extract find_in_set format from_days hour insert interval json_array json_array_append
  json_array_insert json_contains json_depth json_extract json_insert json_keys json_length json_merge_patch
  json_merge_preserve json_object json_overlaps json_pretty json_quote json_remove json_replace json_search json_set
  json_type json_unquote json_valid last_day ln log log10 log2 make_set makedate maketime microsecond minute month monthname
  pi position quarter radians sec_to_time second sin soundex sqrt str_to_date subdate substring_index subtime tan time
  time_to_sec timediff timestamp timestampadd timestampdiff to_days to_seconds weekday year
  isnull week yearweek regexp_instr regexp_like regexp_replace regexp_substr aes_encrypt bin_to_uuid charset coercibility collation
  compress convert_tz export_set from_unixtime get_format inet_ntoa inet6_ntoa is_ipv4 is_ipv6 is_uuid json_contains_path
  json_exists json_schema_valid json_storage_size nvl nvl2 period_add period_diff quote space time_format weekofyear
  weight_string uncompress uncompressed_length`.split(/\s+/),
)

/** Whether it may have another value once the statement has assigned variables. */
export function readsVariables(text: QueryTemplate): boolean {
  return text.some((piece) => typeof piece === 'string' && piece.includes('@'))
}

/** The expression's text, where it has one value for whoever asks with the session's settings and variables. */
export function computedText(expr: Expr): QueryTemplate | undefined {
  return isComputable(expr) ? textOf(expr) : undefined
}

function isComputable(expr: Expr): boolean {
  return !someNode(expr, (node) => !isPart(node))
}

/** With what the session knows better than a server in its place. */
function textOf(expr: Expr): QueryTemplate {
  const names: string[] = []
  const replaced = rewrite(expr, (node) => {
    const name = sessionName(node)
    if (name === undefined) return undefined
    const hole = makeHole(-names.push(name))
    const type = sessionIntegers.get(name)
    return type === undefined ? hole : makeCast(hole, type)
  })
  return printPieces(replaced).map((piece) =>
    typeof piece !== 'string' && 'param' in piece && piece.param < 0
      ? { session: names[-piece.param - 1]! }
      : piece,
  )
}

function sessionName(node: AnyNode): string | undefined {
  if (node.kind === 'SystemVariable') return variableOfSession(node)
  const isCall = node.kind === 'Function' && node.qualifier === undefined && node.args.length === 0
  return isCall ? sessionFunctions.get(node.name) : undefined
}

function isPart(node: AnyNode): boolean {
  switch (node.kind) {
    case 'Literal':
    case 'Introduced':
    case 'UserVariable':
    case 'Cast':
    case 'ConvertUsing':
      return true
    // Of a subquery that runs before, what it gives is not known yet.
    case 'Param':
      return node.index >= 0
    case 'CastType':
      return CASTS.has(node.name)
    case 'Unary':
      return node.op !== 'BINARY'
    case 'Binary':
      return OPERATORS.has(node.op)
    case 'SystemVariable':
      return sessionName(node) !== undefined
    case 'Function':
      return isPlainCall(node) || sessionName(node) !== undefined
    default:
      return false
  }
}

const CASTS: ReadonlySet<string> = new Set(['SIGNED', 'UNSIGNED', 'CHAR', 'BINARY', 'DECIMAL'])

/** Whose meaning no sql_mode changes, but for `-`, which is asked under the session's own. */
const OPERATORS: ReadonlySet<string> = new Set('+ - * / % MOD DIV | & ^ << >>'.split(' '))

/** Of MySQL's own functions those that depend on their arguments alone. A name in backticks, or before a blank, may be a stored one. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs ascii bin bit_count bit_length ceil ceiling char_length character_length coalesce concat concat_ws conv crc32 elt
  field floor from_base64 greatest hex if ifnull inet6_aton inet_aton instr lcase least left length locate lower lpad ltrim
  md5 mid mod nullif oct octet_length ord pow power repeat replace reverse right round rpad rtrim sha sha1 sha2 sign strcmp
  substr substring to_base64 trim truncate ucase unhex upper uuid_to_bin`.split(/\s+/),
)

/** Of MySQL's own functions those whose values are of the moment, or that take time, and what is made of times. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(
  `benchmark curdate current_date current_time current_timestamp curtime date date_add date_format date_sub day dayofmonth hour
  localtime localtimestamp minute month now quarter rand random_bytes second sleep sysdate sys_guid time to_days unix_timestamp
  utc_date utc_time utc_timestamp uuid uuid_short week year yearweek`.split(/\s+/),
)

function isPlainCall(call: FunctionCall): boolean {
  return isOwnFunction(call) && FUNCTIONS.has(call.name)
}

function isOfTheMoment(node: AnyNode): boolean {
  if (node.kind === 'SystemVariable') return true
  return node.kind === 'Function' && isOwnFunction(node) && OF_THE_MOMENT.has(node.name)
}

function isOwnFunction({ qualifier, quoted, spaced }: FunctionCall): boolean {
  return qualifier === undefined && quoted !== true && spaced !== true
}
