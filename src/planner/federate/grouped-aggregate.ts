import type { CopiedAs } from '../../plan/primitives.ts'
import type { AggregateCall, ColumnName, Expr } from '../../sql/ast.ts'
import { type AnyNode, sameTree, someInBlock, someNode } from '../../sql/visit.ts'
import { type Digits, digitsOf } from '../binding/digits.ts'
import { hasFloatingType } from '../binding/floating-type.ts'
import { isQuiet, quietKind } from '../binding/quiet.ts'
import type { Scope } from '../binding/scope.ts'
import { isAggregateCall } from '../binding/traits.ts'
import {
  makeAggregate,
  makeBinary,
  makeCall,
  makeCast,
  makeColumn,
  makeDecimal,
  makeInteger,
  makeSystemVariable,
} from '../make-node.ts'
import { hidesDigits, problemOfAverage, problemOfDistinct } from '../rules/push/group-draft.ts'
import { asNumber, transferOfExtreme, transferOfValue } from './grouped-value.ts'
import type { Transfer } from './transfer.ts'

/** Columns that shards show of the groups of their rows. */
export interface GroupedColumns {
  readonly scope: Scope
  /** There is a group of all rows, of which there may be none: that of no key, or the last one of ROLLUP. */
  readonly mayBeEmpty: boolean
  /** Of groups; equal expressions are one column. */
  column(expr: Expr, as: CopiedAs, transfer?: (name: string) => Expr): ColumnName
  /** Of which each value makes a group of its own; undefined for what cannot travel. */
  key(expr: Expr): ColumnName | undefined
}

/**
 * How the value is used: it is `shown` with the digits that its type has, perhaps as a column of the `answer`; all its digits are
 * `counted`, in a comparison or to be rounded; or it is a `part` of what decides on digits by itself.
 */
export type Use = 'answer' | 'shown' | 'counted' | 'part'

/**
 * The aggregate of whole groups, of what shards show of theirs; undefined where that is not the very same: where all rows
 * matter one by one, or digits are not shown.
 */
export function overGroups(call: AggregateCall, use: Use, columns: GroupedColumns): Expr | undefined {
  if (call.quantifier === 'DISTINCT') return ofDistinct(call, columns)
  const { name, args } = call
  const { scope } = columns
  const [arg] = args
  switch (name) {
    case 'count':
      return arg!.kind === 'Star' || args.every((each) => isQuiet(each, scope))
        ? countOf(call, use, columns)
        : undefined
    case 'sum':
      return isExact(arg!, scope) ? sumOf(call, columns) : undefined
    case 'avg':
      return averageOf(args, use, columns)
    case 'min':
    case 'max': {
      // Of a text whose width is not known a table has a BLOB.
      if (hasFloatingType(arg!)) return undefined
      const transfer = transferOfExtreme('', arg!, scope)
      if (transfer === undefined) return undefined
      const column = columns.column(call, transfer.as, (shown) => transferOfExtreme(shown, arg!, scope)!.expr)
      return makeAggregate(name.toUpperCase(), [column])
    }
    case 'bit_and':
    case 'bit_or':
    case 'bit_xor':
      if (quietKind(arg!, scope) !== 'number') return undefined
      return makeAggregate(name.toUpperCase(), [columns.column(call, asNumber)])
    default:
      return undefined
  }
}

function sumOf(part: Expr, columns: GroupedColumns): Expr {
  return makeAggregate('SUM', [columns.column({ ...part, parens: 0 }, asNumber)])
}

/**
 * A group has rows. Where it is all that a column of the answer shows it stays an aggregate, for of what MySQL has in a temporary table
 * it tells other columns than of expressions.
 */
function countOf(call: Expr, use: Use, columns: GroupedColumns): Expr {
  const sum = sumOf(call, columns)
  if (columns.mayBeEmpty) return makeCast(makeCall('COALESCE', sum, makeInteger(0)), 'SIGNED')
  return use === 'answer' ? sum : makeCast(sum, 'SIGNED')
}

/** Zeros that leave room for the digits of a quotient: no more than so many rows are told apart from the next number by them. */
const ROOM = 20
/** Of digits behind the point that a factor with so many zeros may have, for MySQL has 30. */
const SCALE_MAX = 14

/**
 * AVG() divides to words of nine digits, of which it shows some: `scale` of its argument and @@div_precision_increment more. A quotient
 * has these alone.
 * Source: strings/decimal.cc `do_div_mod`; sql/item_func.cc `Item_func_div::decimal_op`, which rounds.
 */
function averageOf(args: readonly Expr[], use: Use, columns: GroupedColumns): Expr | undefined {
  const [arg] = args
  const { scope } = columns
  const digits = digitsOf(arg!, scope)
  if (problemOfAverage(arg!, digits, isNumber(arg!, scope)) !== undefined) return undefined
  if (someNode(arg!, ({ kind }) => kind === 'Param')) return undefined
  const isFloating = digits.kind === 'double'
  const isKnown = digits.kind === 'fixed' && digits.scale <= SCALE_MAX
  if (use === 'part' && !isFloating) return undefined
  if (use === 'counted' && !isFloating && !isKnown) return undefined
  const sum = sumOf(makeAggregate('SUM', args), columns)
  const count = makeCall('NULLIF', sumOf(makeAggregate('COUNT', args), columns), makeInteger(0))
  if (use !== 'counted' || !isKnown) return makeBinary('/', sum, count)
  const more = makeBinary('*', sum, makeDecimal(`1.${'0'.repeat(ROOM)}`))
  return makeCall('TRUNCATE', makeBinary('/', more, count), digitsOfQuotient(digits.scale))
}

/**
 * Whether each average among the arguments of COALESCE shows as many digits as it does alone, for of one with a larger scale it
 * shows those that are hidden otherwise.
 */
export function showAlike(args: readonly Expr[], scope: Scope): boolean {
  const averages = args.flatMap((arg) => (isAverage(arg) ? [digitsOf(arg.args[0]!, scope)] : []))
  const [first] = averages
  if (first === undefined || averages.every(({ kind }) => kind === 'double')) return true
  if (first.kind !== 'fixed') return false
  const isAlike = (digits: Digits) => digits.kind === 'fixed' && digits.scale === first.scale
  const isShorter = (digits: Digits) =>
    digits.kind === 'text' || (digits.kind === 'fixed' && digits.scale <= first.scale)
  return averages.every(isAlike) && args.every((arg) => isAverage(arg) || isShorter(digitsOfPart(arg, scope)))
}

function digitsOfPart(arg: Expr, scope: Scope): Digits {
  if (!isAggregateCall(arg)) return digitsOf(arg, scope)
  if (arg.name === 'count') return { kind: 'fixed', scale: 0 }
  return sameDigits.has(arg.name) ? digitsOf(arg.args[0]!, scope) : { kind: 'hidden' }
}

/** Aggregates that have the digits of what they are of. */
const sameDigits: ReadonlySet<string> = new Set(['sum', 'min', 'max'])

export function isAverage(expr: AnyNode): expr is AggregateCall {
  return isAggregateCall(expr) && expr.name === 'avg'
}

function digitsOfQuotient(scale: number): Expr {
  const whole = 9 * Math.ceil(scale / 9)
  // It has no sign, and what is less than 0 would be an error.
  const shown = makeCast(makeSystemVariable('div_precision_increment'), 'SIGNED')
  const increment = makeBinary('-', shown, makeInteger(whole - scale))
  const words = makeCall(
    'CEIL',
    makeBinary('/', makeCall('GREATEST', makeInteger(0), increment), makeInteger(9)),
  )
  return makeBinary('+', makeInteger(whole), makeBinary('*', makeInteger(9), words))
}

/** It is made of counts and sums of groups, or of what was an expression and is a column of them. */
export function isRecounted(node: AnyNode): boolean {
  if (!isAggregateCall(node) || node.quantifier === 'DISTINCT') return false
  return (node.name !== 'min' && node.name !== 'max') || node.args[0]?.kind !== 'Column'
}

/** Any other is converted, row by row, and may warn. */
function isNumber(arg: Expr, scope: Scope): boolean {
  return quietKind(arg, scope) === 'number'
}

function isExact(arg: Expr, scope: Scope): boolean {
  return isNumber(arg, scope) && !hasFloatingType(arg) && hidesDigits(digitsOf(arg, scope)) === undefined
}

/** Rows with equal values count once: that shards have made one of theirs is no difference. */
function ofDistinct(call: AggregateCall, columns: GroupedColumns): Expr | undefined {
  const { name, args, orderBy = [] } = call
  const { scope } = columns
  if (!distinctOnes.has(name)) return undefined
  if (!args.every((arg) => isQuiet(arg, scope))) return undefined
  const [arg] = args
  const isSum = name === 'sum' || name === 'avg'
  const isRight = isNumber(arg!, scope) && problemOfDistinct(digitsOf(arg!, scope)) === undefined
  if (isSum && !isRight) return undefined
  if (!orderBy.every(({ expr }) => args.some((arg) => sameTree(arg, expr)))) return undefined
  const keys = args.map((arg) => (arg.kind === 'Literal' ? arg : columns.key(arg)))
  if (keys.some((key) => key === undefined)) return undefined
  const keyOf = (expr: Expr) => keys[args.findIndex((arg) => sameTree(arg, expr))]!
  return {
    ...call,
    args: args.map(keyOf),
    ...(call.orderBy && { orderBy: orderBy.map((item) => ({ ...item, expr: keyOf(item.expr) })) }),
  }
}

const distinctOnes: ReadonlySet<string> = new Set(['count', 'sum', 'avg', 'min', 'max', 'group_concat'])

/** How what a block of groups of one shard each shows travels; undefined where bits of it might be lost, or it may warn. */
export function transferOfItem(expr: Expr, scope: Scope): ((name: string) => Transfer) | undefined {
  if (!isAggregateCall(expr)) {
    if (transferOfValue('', expr, scope) === undefined || someInBlock(expr, isAggregateCall)) return undefined
    return (name: string) => transferOfValue(name, expr, scope)!
  }
  const [arg] = expr.args
  if (expr.name === 'min' || expr.name === 'max') {
    if (transferOfExtreme('', arg!, scope) === undefined) return undefined
    return (name: string) => transferOfExtreme(name, arg!, scope)!
  }
  if (hasFloatingType(arg!)) return undefined
  if (!numeric.has(expr.name) || !(arg!.kind === 'Star' || expr.args.every((each) => isQuiet(each, scope))))
    return undefined
  return (name: string) => ({ expr: makeColumn(name), as: asNumber })
}

const numeric: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'avg',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'var_pop',
  'var_samp',
  'variance',
])
