import type { AggregateCall, Expr, OrderItem, Star, WindowFunction } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr, parseExprList } from './expressions.ts'
import { openCall, parseArgs } from './native-calls.ts'
import { takeWholeNumber } from './numbers.ts'
import { parseParam, parseSimple, parseText, parseUserVariable } from './operands.ts'
import { parseOrderBy } from './order.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseNulls, parseOver, parseRequiredOver } from './windows.ts'

/** Aggregate and window functions. Source: MySQL 9.7 manual, "Aggregate Functions", "Window Functions". */

function acceptDistinct(p: TokenStream): 'DISTINCT' | undefined {
  return p.accept('DISTINCT') || p.accept('DISTINCTROW') ? 'DISTINCT' : undefined
}

/** What may stand before an aggregate's argument; `SUM(DISTINCT ALL a)` means `SUM(DISTINCT a)`. */
function quantifier(p: TokenStream, mayBeDistinct: boolean): 'DISTINCT' | 'ALL' | undefined {
  const distinct = mayBeDistinct ? acceptDistinct(p) : undefined
  const all = p.accept('ALL') ? 'ALL' : undefined
  return distinct ?? all
}

/** In MySQL; MariaDB decides by itself. */
const withDistinct: ReadonlySet<string> = new Set(['AVG', 'MAX', 'MIN', 'ST_COLLECT', 'SUM'])

function finishAggregate(
  p: TokenStream,
  start: number,
  written: string,
  parts: Pick<AggregateCall, 'args' | 'quantifier' | 'orderBy' | 'separator' | 'limit'>,
): AggregateCall {
  p.expect(')')
  const over = parseOver(p)
  return make<AggregateCall>({
    kind: 'Aggregate',
    name: written.toLowerCase(),
    written,
    quantifier: parts.quantifier,
    args: parts.args,
    orderBy: parts.orderBy,
    separator: parts.separator,
    limit: parts.limit,
    over,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** COUNT([ALL] *), COUNT(DISTINCT a, b), COUNT([ALL] x). */
export function parseCount(p: TokenStream): AggregateCall {
  const { start } = p
  const written = openCall(p)
  const form = acceptDistinct(p) ?? quantifier(p, false)
  const starAt = p.start
  if (form !== 'DISTINCT' && p.accept('*')) {
    const star: Star = { kind: 'Star', qualifiers: [], span: p.spanFrom(starAt) }
    return finishAggregate(p, start, written, quantified(form, [star]))
  }
  return finishAggregate(
    p,
    start,
    written,
    quantified(form, form === 'DISTINCT' ? parseExprList(p) : [parseExpr(p)]),
  )
}

function quantified(
  form: 'DISTINCT' | 'ALL' | undefined,
  args: readonly Expr[],
): Pick<AggregateCall, 'args' | 'quantifier'> {
  return form === undefined ? { args } : { args, quantifier: form }
}

export function parseAggregate(p: TokenStream): AggregateCall {
  const { start, word } = p
  const written = openCall(p)
  const isJson = word === 'JSON_ARRAYAGG' || word === 'JSON_OBJECTAGG'
  const form = quantifier(p, withDistinct.has(word) || isMariaDb(p.options.serverVersion))
  const args = [parseExpr(p)]
  if (word === 'JSON_OBJECTAGG') {
    p.expect(',')
    p.accept('ALL')
    args.push(parseExpr(p))
  }
  // MariaDB's grammar does not count those of JSON_ARRAYAGG.
  while (word === 'JSON_ARRAYAGG' && isMariaDb(p.options.serverVersion) && p.accept(','))
    args.push(parseExpr(p))
  if (!isJson || !isMariaDb(p.options.serverVersion))
    return finishAggregate(p, start, written, quantified(form, args))
  return finishAggregate(p, start, written, { ...quantified(form, args), ...parseAggregateOrder(p) })
}

/** `[ORDER BY …] [SEPARATOR '…'] [LIMIT [offset,] count]`. */
function parseAggregateOrder(p: TokenStream): Pick<AggregateCall, 'orderBy' | 'separator' | 'limit'> {
  const orderBy: OrderItem[] | undefined = parseOrderBy(p)
  const separator = p.accept('SEPARATOR') ? parseText(p) : undefined
  const limit = p.accept('LIMIT') ? parseAggregateLimit(p) : undefined
  return {
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(separator === undefined ? {} : { separator }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function parseAggregateLimit(p: TokenStream): { readonly count: Expr; readonly offset?: Expr } {
  const first = parseExpr(p)
  if (p.accept(',')) return { count: parseExpr(p), offset: first }
  return p.accept('OFFSET') ? { count: first, offset: parseExpr(p) } : { count: first }
}

export function parseGroupConcat(p: TokenStream): AggregateCall {
  const { start } = p
  const written = openCall(p)
  const form = acceptDistinct(p)
  const args = parseExprList(p)
  return finishAggregate(p, start, written, { ...quantified(form, args), ...parseAggregateOrder(p) })
}

/** ROW_NUMBER() OVER …, LAG(x, 1) OVER …: OVER is not optional. */
export function parseWindowFunction(p: TokenStream): Expr {
  const { start, word } = p
  if (word === 'LAST_VALUE' && isMariaDb(p.options.serverVersion)) return parseLastValue(p)
  const written = openCall(p)
  const args = parseWindowArgs(p, word)
  p.expect(')')
  const from = word === 'NTH_VALUE' && p.accept('FROM') ? p.expectOneOf(['FIRST', 'LAST']) : undefined
  const nulls = args.length > 0 && word !== 'NTILE' ? parseNulls(p) : undefined
  const over = parseRequiredOver(p)
  return make<WindowFunction>({
    kind: 'WindowFunction',
    name: written.toLowerCase(),
    written,
    quoted: undefined,
    spaced: undefined,
    args,
    from,
    nulls,
    withinGroup: undefined,
    over,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** MariaDB: LAST_VALUE(a, b) without OVER is its last argument. */
function parseLastValue(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const args = parseArgs(p)
  p.expect(')')
  if (atOver(p)) return parseOverCall(p, start, { written }, args)
  return { kind: 'Function', name: written.toLowerCase(), written, args, span: p.spanFrom(start) }
}

/** At what may follow a call of MariaDB. */
export function atOver(p: TokenStream): boolean {
  return p.at('OVER') || p.at2('WITHIN', 'GROUP')
}

/** How a called name stands in the text. */
interface CalledName {
  readonly written: string
  readonly quoted?: true | undefined
  readonly spaced?: true | undefined
}

/**
 * MariaDB: `[WITHIN GROUP (ORDER BY …)] OVER …` behind the parenthesis of a function that is no word of its grammar:
 * MEDIAN, PERCENTILE_CONT, stored aggregate functions.
 */
export function parseOverCall(
  p: TokenStream,
  start: number,
  { written, quoted, spaced }: CalledName,
  args: readonly Expr[],
): WindowFunction {
  const withinGroup = p.accept2('WITHIN', 'GROUP') ? parseWithinGroup(p) : undefined
  const over = parseRequiredOver(p)
  return make<WindowFunction>({
    kind: 'WindowFunction',
    name: written.toLowerCase(),
    written,
    quoted,
    spaced,
    args,
    withinGroup,
    over,
    span: p.spanFrom(start),
    from: undefined,
    nulls: undefined,
    parens: undefined,
  })
}

function parseWithinGroup(p: TokenStream): OrderItem[] | undefined {
  p.expect('(')
  const items = parseOrderBy(p)
  p.expect(')')
  return items
}

function parseWindowArgs(p: TokenStream, word: string): Expr[] {
  switch (word) {
    case 'LEAD':
    case 'LAG':
      return parseLagArgs(p)
    case 'NTILE':
      return [parseConstant(p)]
    case 'FIRST_VALUE':
    case 'LAST_VALUE':
      return [parseExpr(p)]
    case 'NTH_VALUE': {
      const value = parseExpr(p)
      p.expect(',')
      return [value, parseSimple(p)]
    }
    default:
      return []
  }
}

/** `expr [, offset [, default]]`. */
function parseLagArgs(p: TokenStream): Expr[] {
  const args = [parseExpr(p)]
  if (!p.accept(',')) return args
  args.push(parseConstant(p))
  if (p.accept(',')) args.push(parseExpr(p))
  return args
}

/** A whole number, a parameter or a variable; in MariaDB any expression. */
function parseConstant(p: TokenStream): Expr {
  if (isMariaDb(p.options.serverVersion)) return parseExpr(p)
  switch (p.type) {
    case 'Param':
      return parseParam(p)
    case 'UserVariable':
      return parseUserVariable(p)
    default: {
      if (p.at('@@')) return parseUserVariable(p) // which refuses it
      if (!p.atIdentifier()) return takeWholeNumber(p)
      const { start } = p
      return { kind: 'Column', qualifiers: [], name: p.identifier(), span: p.spanFrom(start) }
    }
  }
}
