import type {
  BindVariable,
  Expr,
  Introduced,
  Literal,
  LiteralType,
  Param,
  Subquery,
  SystemVariable,
  UserVariable,
  When,
} from '../ast.ts'
import { introducedCharset } from '../charsets.ts'
import { isMariaDb } from '../keywords.ts'
import { stringText } from '../literal-value.ts'
import { ANSI_QUOTES, HIGH_NOT_PRECEDENCE, PIPES_AS_CONCAT } from '../sql-mode.ts'
import { decodeBinary, unquote } from '../text.ts'
import { parseCall, parseColumnOrPath } from './calls.ts'
import { continueExpr, parseBits, parseExpr, parseInterval, parseRowRest, parseTest } from './expressions.ts'
import { parseColumn, parseSingleString, parseString } from './names.ts'
import { atQueryStart, continueQuery, continuesQuery, parseSubquery } from './query.ts'
import { isOracle, make, type TokenStream } from './token-stream.ts'

/** An operand with the operators that bind tightest: sign, `~`, `!`, BINARY, COLLATE, `||` as concatenation. */
export function parseSimple(p: TokenStream): Expr {
  p.enter()
  let left = parsePrefixed(p)
  let links = 0
  while (p.at('||') && (p.options.mode & PIPES_AS_CONCAT) !== 0) {
    p.advance()
    p.link()
    links++
    const right = parsePrefixed(p)
    left = { kind: 'Binary', op: '||', left, right, span: p.spanFrom(left.span.start) }
  }
  p.unlink(links)
  p.leave()
  return left
}

function parsePrefixed(p: TokenStream): Expr {
  const { start } = p
  switch (p.word) {
    case '-': {
      const literal = parseSignedNumber(p)
      if (literal !== undefined) return parsePostfix(p, literal)
      p.advance()
      return { kind: 'Unary', op: '-', operand: parseNested(p), span: p.spanFrom(start) }
    }
    case '+':
    case '~': {
      const op = p.word
      p.advance()
      return { kind: 'Unary', op, operand: parseNested(p), span: p.spanFrom(start) }
    }
    case '!':
      p.advance()
      return { kind: 'Not', operator: '!', operand: parseNested(p), span: p.spanFrom(start) }
    case 'NOT':
      if ((p.options.mode & HIGH_NOT_PRECEDENCE) === 0) p.fail()
      p.advance()
      return { kind: 'Not', operator: 'NOT', operand: parseNested(p), span: p.spanFrom(start) }
    case 'BINARY':
      p.advance()
      return { kind: 'Unary', op: 'BINARY', operand: parseNested(p), span: p.spanFrom(start) }
    default:
      return parsePostfix(p, parseOperand(p))
  }
}

function parseNested(p: TokenStream): Expr {
  p.enter()
  const operand = parsePrefixed(p)
  p.leave()
  return operand
}

/** A minus directly before a number makes one literal with it, unless the fingerprint pass kept them apart. */
function parseSignedNumber(p: TokenStream): Literal | undefined {
  const { start } = p
  const type = p.peekType()
  const isNumber = type === 'Int' || type === 'Decimal' || type === 'Float'
  if (!isNumber || p.tokens.starts[p.pos + 1] !== start + 1) return undefined
  if (p.slotKindAt(start + 1) === 'literal' || p.peekWord(2) === 'COLLATE') return undefined
  p.advance(2)
  return p.literal(type, start)
}

function parsePostfix(p: TokenStream, first: Expr): Expr {
  let operand = first
  while (p.accept('COLLATE')) {
    const collation = p.identifierOrString()
    operand = { kind: 'Collate', operand, collation, span: p.spanFrom(operand.span.start) }
  }
  return operand
}

function parseOperand(p: TokenStream): Expr {
  switch (p.type) {
    case 'Int':
    case 'Decimal':
    case 'Float':
    case 'Hex':
    case 'Bit':
      return parseToken(p, p.type)
    case 'String':
    case 'National':
      return parseString(p)
    case 'NullEscape':
      return parseToken(p, 'Null')
    case 'Param':
      return parseParam(p)
    case 'UserVariable':
      return parseVariableOrAssign(p)
    case 'Quoted':
      return parseColumnOrCall(p)
    case 'Ident':
      return p.word === '' ? parseName(p) : parseWord(p)
    default:
      return parsePunctuation(p)
  }
}

function parseToken(p: TokenStream, type: LiteralType): Literal {
  const { start } = p
  p.advance()
  return p.literal(type, start)
}

export function parseParam(p: TokenStream): Param {
  const { start } = p
  const index = p.takeParam()
  return { kind: 'Param', index, span: p.spanFrom(start) }
}

/** One string, hexadecimal or bit literal. */
export function parseText(p: TokenStream): Literal {
  if (p.type !== 'String' && p.type !== 'Hex' && p.type !== 'Bit') p.fail()
  return parseToken(p, p.type)
}

/** A string in any of its forms, adjacent ones included. */
export function parseTextLiteral(p: TokenStream): Literal | Introduced {
  const charset = introducerAt(p)
  if (charset === '') return parseString(p)
  if (p.peekType() !== 'String') p.failAt(p.tokens.starts[p.pos + 1])
  return parseIntroduced(p, charset)
}

/** A literal but NULL; a number may have a sign. */
export function parseSignedLiteral(p: TokenStream): Expr {
  const { start } = p
  if (!p.at('-') && !p.at('+')) return parseLiteral(p)
  const signed = p.at('-') ? parseSignedNumber(p) : undefined
  if (signed !== undefined) return signed
  const op = p.expectOneOf(['-', '+'])
  if (p.type !== 'Int' && p.type !== 'Decimal' && p.type !== 'Float') p.fail()
  return { kind: 'Unary', op, operand: parseToken(p, p.type), span: p.spanFrom(start) }
}

function parseLiteral(p: TokenStream): Expr {
  switch (p.type) {
    case 'Int':
    case 'Decimal':
    case 'Float':
    case 'Hex':
    case 'Bit':
      return parseToken(p, p.type)
    default: {
      if (p.at('TRUE')) return parseToken(p, 'True')
      if (p.at('FALSE')) return parseToken(p, 'False')
      if (p.at('DATE') || p.at('TIME') || p.at('TIMESTAMP')) return parseTemporal(p)
      const charset = introducerAt(p)
      return charset === '' ? parseString(p) : parseIntroduced(p, charset)
    }
  }
}

function parseTemporal(p: TokenStream): Expr {
  const { start } = p
  const type = p.expectOneOf(['DATE', 'TIME', 'TIMESTAMP'])
  return { kind: 'TemporalLiteral', type, value: parseSingleString(p), span: p.spanFrom(start) }
}

/** The character set that the current token introduces, or ''. */
function introducerAt(p: TokenStream): string {
  if (p.type !== 'Ident') return ''
  return introducedCharset(p.sql, p.start, p.tokens.ends[p.pos], p.options.serverVersion)
}

function parsePunctuation(p: TokenStream): Expr {
  switch (p.word) {
    case '.':
      return isMariaDb(p.options.serverVersion) ? parseColumn(p) : p.fail()
    case '(':
      return parseParenthesis(p)
    case '@@':
      return parseSystemVariable(p)
    case '{':
      return parseOdbc(p)
    case ':':
      return parseBindVariable(p)
    default:
      return p.fail()
  }
}

/** `:name`; with `list` `::name`, where a list in parentheses could stand. */
export function parseBindVariable(p: TokenStream, list?: 'list'): BindVariable {
  if (!p.atBindVariable(list)) p.fail()
  const { start } = p
  p.advance(list === undefined ? 1 : 2)
  const name = decodeBinary(p.text)
  p.advance()
  const span = p.spanFrom(start)
  return list === undefined
    ? { kind: 'BindVariable', name, span }
    : { kind: 'BindVariable', name, list: true, span }
}

export function parseUserVariable(p: TokenStream): UserVariable {
  const { start } = p
  // To the server `@` is a token by itself.
  if (p.at('@@')) p.failAt(start + 1)
  if (p.type !== 'UserVariable') p.fail()
  const source = p.text.slice(1)
  p.advance()
  const c = source[0]
  if (c !== "'" && c !== '"' && c !== '`') {
    return { kind: 'UserVariable', name: decodeBinary(source), span: p.spanFrom(start) }
  }
  const isName = c === '`' || (c === '"' && (p.options.mode & ANSI_QUOTES) !== 0)
  const name = isName ? unquote(source) : stringText(source, p.options.mode)
  return { kind: 'UserVariable', name, quoted: source, span: p.spanFrom(start) }
}

function parseVariableOrAssign(p: TokenStream): Expr {
  const target = parseUserVariable(p)
  if (!p.accept(':=')) return target
  const value = parseExpr(p)
  return { kind: 'Assign', target, value, span: p.spanFrom(target.span.start) }
}

export const scopes = ['GLOBAL', 'SESSION', 'LOCAL', 'PERSIST', 'PERSIST_ONLY'] as const

/** A name that MySQL refuses before a point, as it would be taken for the scope. */
export function isScopeName(name: string): boolean {
  return /^(?:global|local|session)$/i.test(name)
}

export function parseSystemVariable(p: TokenStream): SystemVariable {
  const { start } = p
  p.expect('@@')
  // PERSIST is no reserved word, and a name where no point follows.
  const mayBeName = p.peekWord() !== '.' && (p.at('PERSIST') || p.at('PERSIST_ONLY'))
  const scope = mayBeName ? undefined : p.acceptOneOf(scopes)
  if (scope !== undefined) p.expect('.')
  // MariaDB's grammar has @@default.key_buffer_size.
  const isDefault = p.at('DEFAULT') && isMariaDb(p.options.serverVersion)
  const nameStart = p.start
  const names = [isDefault ? p.takeName() : p.identifierOrString()]
  if (p.accept('.')) names.push(p.identifier())
  // A second scope: `@@global.session.x`.
  if (names.length > 1 && isScopeName(names[0])) p.failAt(nameStart)
  return make<SystemVariable>({
    kind: 'SystemVariable',
    scope,
    name: names.join('.'),
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** `{d '2024-01-31'}`: any name and any expression. */
function parseOdbc(p: TokenStream): Expr {
  const { start } = p
  p.expect('{')
  const name = p.identifier()
  const value = parseExpr(p)
  p.expect('}')
  return { kind: 'OdbcEscape', name, value, span: p.spanFrom(start) }
}

/** An identifier that is no keyword: column, function, or the introducer of a literal. */
function parseName(p: TokenStream): Expr {
  const charset = introducerAt(p)
  if (charset !== '') return parseIntroduced(p, charset)
  return isOracleSysdate(p) ? parseBareSysdate(p) : parseColumnOrCall(p)
}

/** In MariaDB's sql_mode ORACLE the function may stand without parentheses, and is no column. */
function isOracleSysdate(p: TokenStream): boolean {
  if (!isOracle(p.options) || p.peekWord() === '.' || p.peekWord() === '(') return false
  return p.text.toUpperCase() === 'SYSDATE'
}

function parseBareSysdate(p: TokenStream): Expr {
  const { start } = p
  const written = p.text
  p.advance()
  return { kind: 'Function', name: 'sysdate', written, args: [], bare: true, span: p.spanFrom(start) }
}

function parseIntroduced(p: TokenStream, charset: string): Introduced {
  const { start } = p
  p.advance()
  const value = p.type === 'String' ? parseString(p) : parseText(p)
  return { kind: 'Introduced', charset, value, span: p.spanFrom(start) }
}

function parseColumnOrCall(p: TokenStream): Expr {
  if (p.peekWord() === '(') return parseCall(p)
  if (p.peekWord() === '.' && p.peekWord(3) === '(') return parseCall(p)
  return parseColumnOrPath(p)
}

/** An operand that begins with a keyword. */
function parseWord(p: TokenStream): Expr {
  const { start } = p
  switch (p.word) {
    case 'NULL':
      return parseToken(p, 'Null')
    case 'TRUE':
      return parseToken(p, 'True')
    case 'FALSE':
      return parseToken(p, 'False')
    case 'CASE':
      return parseCase(p)
    case 'EXISTS': {
      if (p.peekWord() !== '(') break
      p.advance()
      return { kind: 'Exists', query: parseSubquery(p), span: p.spanFrom(start) }
    }
    case 'ROW': {
      if (p.peekWord() !== '(') break
      p.advance(2)
      const first = parseExpr(p)
      if (!p.at(',')) p.fail()
      return parseRowRest(p, first, start, true)
    }
    case 'INTERVAL':
      return parseLeadingInterval(p)
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      if (p.peekType() !== 'String') break
      return parseTemporal(p)
    case 'MATCH':
      return parseMatch(p)
    default:
  }
  return parseCall(p)
}

/** `INTERVAL 1 DAY + x`, or the function INTERVAL. */
function parseLeadingInterval(p: TokenStream): Expr {
  const interval = parseInterval(p)
  if (interval === undefined) return parseCall(p)
  p.expect('+')
  // MySQL reads all that binds tighter than AND as the right side.
  const right = parseTest(p)
  return { kind: 'Binary', op: '+', left: interval, right, span: p.spanFrom(interval.span.start) }
}

function parseCase(p: TokenStream): Expr {
  const { start } = p
  p.expect('CASE')
  const operand = p.at('WHEN') ? undefined : parseExpr(p)
  const whens: When[] = []
  do {
    const whenStart = p.start
    p.expect('WHEN')
    const condition = parseExpr(p)
    p.expect('THEN')
    const result = parseExpr(p)
    whens.push({ kind: 'When', condition, result, span: p.spanFrom(whenStart) })
  } while (p.at('WHEN'))
  const otherwise = p.accept('ELSE') ? parseExpr(p) : undefined
  p.expect('END')
  return make<Expr & { kind: 'Case' }>({
    kind: 'Case',
    operand,
    whens,
    otherwise,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** `MATCH [(] column, … [)] AGAINST (expr [modifier])`. */
function parseMatch(p: TokenStream): Expr {
  const { start } = p
  p.expect('MATCH')
  const bare = !p.accept('(')
  const columns: Expr[] = [parseColumn(p)]
  while (p.accept(',')) columns.push(parseColumn(p))
  if (!bare) p.expect(')')
  p.expect('AGAINST')
  p.expect('(')
  const against = parseBits(p)
  const modifier = parseMatchModifier(p)
  p.expect(')')
  return make<Expr & { kind: 'Match' }>({
    kind: 'Match',
    columns,
    bare: bare ? true : undefined,
    against,
    modifier,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

function parseMatchModifier(p: TokenStream): string | undefined {
  if (p.accept('WITH')) {
    p.expect('QUERY')
    p.expect('EXPANSION')
    return 'WITH QUERY EXPANSION'
  }
  if (!p.accept('IN')) return undefined
  if (p.accept('BOOLEAN')) {
    p.expect('MODE')
    return 'IN BOOLEAN MODE'
  }
  p.expect('NATURAL')
  p.expect('LANGUAGE')
  p.expect('MODE')
  if (!p.accept('WITH')) return 'IN NATURAL LANGUAGE MODE'
  p.expect('QUERY')
  p.expect('EXPANSION')
  return 'IN NATURAL LANGUAGE MODE WITH QUERY EXPANSION'
}

/** `(expr)`, `(a, b)` or `(query)`; which one is known only behind any further parentheses. */
export function parseParenthesis(p: TokenStream): Expr {
  const { start } = p
  if (!atQueryStart(p, 1)) {
    p.expect('(')
    return closeParenthesis(p, parseExpr(p), start)
  }
  if (p.peekWord() !== '(') return parseSubquery(p)
  p.enter()
  p.expect('(')
  const inner = parseParenthesis(p)
  p.leave()
  if (inner.kind === 'Subquery' && inner.parens === undefined) {
    if (continuesQuery(p)) return finishSubquery(p, continueQuery(p, inner), start)
    if (p.at(')')) return finishSubquery(p, wrapQuery(inner), start)
  }
  return closeParenthesis(p, continueExpr(p, parsePostfix(p, inner)), start)
}

/** The subquery's own parentheses become part of its query. */
function wrapQuery(inner: Subquery): Subquery['query'] {
  return { ...inner.query, parens: (inner.query.parens ?? 0) + 1, span: inner.span }
}

function finishSubquery(p: TokenStream, query: Subquery['query'], start: number): Subquery {
  p.expect(')')
  return { kind: 'Subquery', query, span: p.spanFrom(start) }
}

function closeParenthesis(p: TokenStream, inner: Expr, start: number): Expr {
  if (p.at(',')) return parseRowRest(p, inner, start, false)
  p.expect(')')
  return { ...inner, parens: (inner.parens ?? 0) + 1, span: p.spanFrom(start) }
}
