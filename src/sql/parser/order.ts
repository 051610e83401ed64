import type { Expr, Limit, OrderItem } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList } from './names.ts'
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
export function parseLimit(p: TokenStream): Limit | undefined {
  const { start } = p
  if (isMariaDb(p.options.serverVersion) && (p.at('OFFSET') || p.at('FETCH'))) return parseFetch(p)
  if (!p.accept('LIMIT')) return undefined
  const first = parseLimitOption(p)
  if (p.accept(',')) {
    const count = parseLimitOption(p)
    return { kind: 'Limit', count, offset: first, comma: true, span: p.spanFrom(start) }
  }
  const offset = p.accept('OFFSET') ? parseLimitOption(p) : undefined
  return make<Limit>({ kind: 'Limit', count: first, offset, comma: undefined, span: p.spanFrom(start) })
}

/**
 * MariaDB's `[OFFSET n ROWS] FETCH FIRST n ROWS ONLY`, which is a LIMIT. WITH TIES, which is none, is not understood: a
 * statement that has it can only go to a server unread.
 */
function parseFetch(p: TokenStream): Limit {
  const { start } = p
  const offset = p.accept('OFFSET') ? parseLimitOption(p) : undefined
  if (offset !== undefined) p.expectOneOf(['ROW', 'ROWS'])
  p.expect('FETCH')
  p.expectOneOf(['FIRST', 'NEXT'])
  const count = parseLimitOption(p)
  p.expectOneOf(['ROW', 'ROWS'])
  p.expect('ONLY')
  return make<Limit>({ kind: 'Limit', count, offset, comma: undefined, span: p.spanFrom(start) })
}

/** `LIMIT count` of a single-table UPDATE or DELETE. */
export function parseSimpleLimit(p: TokenStream): Limit | undefined {
  const { start } = p
  if (!p.accept('LIMIT')) return undefined
  const count = parseLimitOption(p)
  return { kind: 'Limit', count, span: p.spanFrom(start) }
}

/** A whole number, a placeholder, or a variable of a stored program. */
export function parseLimitOption(p: TokenStream): Expr {
  const { start } = p
  if (p.type === 'Int') {
    p.advance()
    return p.literal('Int', start)
  }
  if (p.type === 'Param') return { kind: 'Param', index: p.takeParam(), span: p.spanFrom(start) }
  const name = p.identifier()
  return { kind: 'Column', qualifiers: [], name, span: p.spanFrom(start) }
}
