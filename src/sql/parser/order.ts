import type { Expr, LimitClause, OrderItem } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList } from './names.ts'
import { takeWholeNumber } from './numbers.ts'
import { parseBindVariable } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'

export function parseOrderBy(p: TokenStream): OrderItem[] | undefined {
  if (!p.accept('ORDER')) return undefined
  p.expect('BY')
  return parseCommaList(p, parseOrderItem)
}

export function parseOrderItem(p: TokenStream): OrderItem {
  const expr = parseExpr(p)
  const direction = p.acceptOneOf(['ASC', 'DESC'])
  const span = p.spanFrom(expr.span.start)
  return direction === undefined
    ? { kind: 'OrderItem', expr, span }
    : { kind: 'OrderItem', expr, direction, span }
}

/** `LIMIT count`, `LIMIT offset, count`, `LIMIT count OFFSET offset`. */
export function parseLimit(p: TokenStream): LimitClause | undefined {
  const { start } = p
  if (isMariaDb(p.options.serverVersion) && (p.at('OFFSET') || p.at('FETCH'))) return parseFetch(p)
  if (p.at2('LIMIT', 'ROWS') || !p.accept('LIMIT')) return undefined
  const first = parseLimitOption(p)
  if (p.accept(',')) {
    const count = parseLimitOption(p)
    return { kind: 'Limit', count, offset: first, comma: true, span: p.spanFrom(start) }
  }
  const offset = p.accept('OFFSET') ? parseLimitOption(p) : undefined
  return make<LimitClause>({ kind: 'Limit', count: first, offset, comma: undefined, span: p.spanFrom(start) })
}

/** More rows than a table can have: the count of an OFFSET that has none. */
const ALL_ROWS = '18446744073709551615'

/** MariaDB's `[OFFSET n ROWS] [FETCH {FIRST|NEXT} [n] ROWS {ONLY|WITH TIES}]`: a LIMIT, but WITH TIES. */
function parseFetch(p: TokenStream): LimitClause {
  const { start } = p
  const offset = p.accept('OFFSET') ? parseLimitOption(p) : undefined
  if (offset !== undefined) p.acceptOneOf(['ROW', 'ROWS'])
  if (!p.accept('FETCH')) return fetched(p, start, impliedCount(p, ALL_ROWS), offset)
  p.expectOneOf(['FIRST', 'NEXT'])
  const isImplied = p.at('ROW') || p.at('ROWS')
  const count = isImplied ? impliedCount(p, '1') : parseLimitOption(p)
  p.expectOneOf(['ROW', 'ROWS'])
  if (p.accept('ONLY')) return fetched(p, start, count, offset)
  p.expect('WITH')
  p.expect('TIES')
  return { ...fetched(p, start, count, offset), ties: true }
}

function impliedCount(p: TokenStream, text: string): Expr {
  return { kind: 'Literal', type: 'Int', text, span: { start: p.start, end: p.start } }
}

function fetched(p: TokenStream, start: number, count: Expr, offset: Expr | undefined): LimitClause {
  return make<LimitClause>({
    kind: 'Limit',
    count,
    offset,
    span: p.spanFrom(start),
    comma: undefined,
    ties: undefined,
  })
}

/** MariaDB's `[LIMIT] ROWS EXAMINED n` behind a LIMIT or in its place. */
export function parseRowsExamined(p: TokenStream): Expr | undefined {
  if (!isMariaDb(p.options.serverVersion)) return undefined
  if (!p.accept2('LIMIT', 'ROWS') && !(p.peekWord() === 'EXAMINED' && p.accept('ROWS'))) return undefined
  p.expect('EXAMINED')
  return parseLimitOption(p)
}

/** `LIMIT count` of a single-table UPDATE or DELETE. */
export function parseSimpleLimit(p: TokenStream): LimitClause | undefined {
  const { start } = p
  if (!p.accept('LIMIT')) return undefined
  const count = parseLimitOption(p)
  return { kind: 'Limit', count, span: p.spanFrom(start) }
}

/** A whole number, a placeholder, or a variable of a stored program. */
export function parseLimitOption(p: TokenStream): Expr {
  const { start } = p
  if (p.type === 'Int') return takeWholeNumber(p)
  if (p.atBindVariable()) return parseBindVariable(p)
  if (p.type === 'Param') return { kind: 'Param', index: p.takeParam(), span: p.spanFrom(start) }
  const name = p.identifier()
  return { kind: 'Column', qualifiers: [], name, span: p.spanFrom(start) }
}
