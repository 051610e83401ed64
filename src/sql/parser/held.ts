import type { Handler, Literal, Other, Xa, Xid } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList, parseTableAlias, parseTableName } from './names.ts'
import { parseLimitOption } from './order.ts'
import { skipStatement } from './other.ts'
import { parseValueOrDefault } from './query.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/**
 * XA and HANDLER, which hold a transaction or an open table on their connection. Source: MySQL 9.7 manual,
 * "XA Transaction SQL Statements", "HANDLER Statement".
 */
export function parseHeld(p: TokenStream): Other {
  const { start } = p
  const pieces = new PieceBuilder(p, p.pos)
  const verb = p.expectOneOf(['XA', 'HANDLER'])
  const detail = verb === 'XA' ? parseXa(p, pieces) : parseHandler(p, pieces)
  return { kind: 'Other', verb, detail, pieces: pieces.finish(), span: p.spanFrom(start) }
}

function parseXa(p: TokenStream, pieces: PieceBuilder): Xa {
  const word = p.expectOneOf(['START', 'BEGIN', 'END', 'PREPARE', 'COMMIT', 'ROLLBACK', 'RECOVER'])
  const action = word === 'BEGIN' ? 'START' : word
  const xid = action === 'RECOVER' ? undefined : parseXid(p, pieces)
  return make<Xa>({ kind: 'Xa', action, xid, option: parseXaOption(p, action) })
}

function parseXid(p: TokenStream, pieces: PieceBuilder): Xid {
  const gtrid = pieces.take(parseText)
  const bqual = p.accept(',') ? pieces.take(parseText) : undefined
  const formatId = bqual !== undefined && p.accept(',') ? pieces.take(parseNumber) : undefined
  return make<Xid>({ gtrid, bqual, formatId })
}

/** One string, hexadecimal or bit literal. */
function parseText(p: TokenStream): Literal {
  const { start, type } = p
  if (type !== 'String' && type !== 'Hex' && type !== 'Bit') p.fail()
  p.advance()
  return p.literal(type, start)
}

function parseNumber(p: TokenStream): Literal {
  const { start, type } = p
  if (type !== 'Int' && type !== 'Hex' && type !== 'Decimal' && type !== 'Float') p.fail()
  p.advance()
  return p.literal(type, start)
}

function parseXaOption(p: TokenStream, action: Xa['action']): Xa['option'] {
  switch (action) {
    case 'START':
      return p.acceptOneOf(['JOIN', 'RESUME'])
    case 'END':
      if (!p.accept('SUSPEND')) return undefined
      if (!p.accept('FOR')) return 'SUSPEND'
      p.expect('MIGRATE')
      return 'SUSPEND FOR MIGRATE'
    case 'COMMIT':
      if (!p.accept('ONE')) return undefined
      p.expect('PHASE')
      return 'ONE PHASE'
    case 'RECOVER':
      if (isMariaDb(p.options.serverVersion) && p.at('FORMAT')) skipStatement(p)
      if (!p.accept('CONVERT')) return undefined
      p.expect('XID')
      return 'CONVERT XID'
    default:
      return undefined
  }
}

function parseHandler(p: TokenStream, pieces: PieceBuilder): Handler {
  const table = pieces.take(parseTableName)
  // An open table goes by its name alone.
  const action =
    table.qualifier === undefined ? p.expectOneOf(['OPEN', 'READ', 'CLOSE']) : p.expectOneOf(['OPEN'])
  if (action === 'READ') parseRead(p, pieces)
  const alias = action === 'OPEN' ? parseTableAlias(p)?.name : undefined
  return make<Handler>({ kind: 'Handler', action, table, alias })
}

/** `[index] {FIRST|NEXT|PREV|LAST}`, or `index {=|<=|>=|<|>} (values)`, then WHERE and LIMIT. */
function parseRead(p: TokenStream, pieces: PieceBuilder): void {
  const isScan = (p.at('FIRST') || p.at('NEXT')) && !atDirection(p, 1) && !atComparison(p, 1)
  if (!isScan) p.identifier()
  if (p.acceptOneOf(['FIRST', 'NEXT', 'PREV', 'LAST']) === undefined) {
    p.expectOneOf(['=', '<=', '>=', '<', '>'])
    p.expect('(')
    parseCommaList(p, () => pieces.take(parseValueOrDefault))
    p.expect(')')
  }
  if (p.accept('WHERE')) pieces.take(parseExpr)
  // MariaDB has further forms of LIMIT here.
  if (isMariaDb(p.options.serverVersion)) return skipStatement(p)
  if (!p.accept('LIMIT')) return
  pieces.take(parseLimitOption)
  if (p.accept(',') || p.accept('OFFSET')) pieces.take(parseLimitOption)
}

function atDirection(p: TokenStream, ahead: number): boolean {
  const word = p.peekWord(ahead)
  return word === 'FIRST' || word === 'NEXT' || word === 'PREV' || word === 'LAST'
}

function atComparison(p: TokenStream, ahead: number): boolean {
  const word = p.peekWord(ahead)
  return word === '=' || word === '<' || word === '<=' || word === '>' || word === '>='
}
