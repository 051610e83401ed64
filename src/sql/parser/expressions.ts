import type {
  BinaryOperator,
  ComparisonOperator,
  Expr,
  In,
  Interval,
  Is,
  Like,
  List,
  Row,
  Subquery,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import { HIGH_NOT_PRECEDENCE, PIPES_AS_CONCAT } from '../sql-mode.ts'
import { parseCommaList } from './names.ts'
import { parseBindVariable, parseParenthesis, parseSimple } from './operands.ts'
import { atQueryStart, parseSubquery } from './query.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseUnit } from './units.ts'

/**
 * Expressions by MySQL's precedence, lowest first: OR, XOR, AND, NOT, IS TRUE; comparisons and IS NULL; IN, BETWEEN,
 * LIKE, REGEXP; bit and arithmetic operators; then what `parseSimple` reads.
 * Source: MySQL 9.7 manual, "Operator Precedence" and "Expression Syntax".
 */
export function parseExpr(p: TokenStream): Expr {
  p.enter()
  const expr = parseOr(p, parseXor(p, parseAnd(p, parseTest(p))))
  p.leave()
  return expr
}

/** Goes on with an expression whose first operand has been read already: `(SELECT 1) + 1 = 2 OR …`. */
export function continueExpr(p: TokenStream, first: Expr): Expr {
  return parseOr(p, parseXor(p, parseAnd(p, continueTest(p, first))))
}

export function parseExprList(p: TokenStream): Expr[] {
  return parseCommaList(p, parseExpr)
}

function orOperator(p: TokenStream): 'OR' | '||' | undefined {
  if (p.at('OR')) return 'OR'
  return p.at('||') && (p.options.mode & PIPES_AS_CONCAT) === 0 ? '||' : undefined
}

function parseOr(p: TokenStream, first: Expr): Expr {
  let left = first
  for (let operator = orOperator(p); operator !== undefined; operator = orOperator(p)) {
    const operands = [left]
    while (orOperator(p) === operator) {
      p.advance()
      operands.push(parseXor(p, parseAnd(p, parseTest(p))))
    }
    left = { kind: 'Or', operator, operands, span: p.spanFrom(left.span.start) }
  }
  return left
}

function parseXor(p: TokenStream, first: Expr): Expr {
  let left = first
  let links = 0
  while (p.accept('XOR')) {
    p.link()
    links++
    const right = parseAnd(p, parseTest(p))
    left = { kind: 'Xor', left, right, span: p.spanFrom(left.span.start) }
  }
  p.unlink(links)
  return left
}

function andOperator(p: TokenStream): 'AND' | '&&' | undefined {
  return p.at('AND') ? 'AND' : p.at('&&') ? '&&' : undefined
}

function parseAnd(p: TokenStream, first: Expr): Expr {
  let left = first
  for (let operator = andOperator(p); operator !== undefined; operator = andOperator(p)) {
    const operands = [left]
    while (andOperator(p) === operator) {
      p.advance()
      operands.push(parseTest(p))
    }
    left = { kind: 'And', operator, operands, span: p.spanFrom(left.span.start) }
  }
  return left
}

/** An expression without AND, XOR and OR. */
export function parseTest(p: TokenStream): Expr {
  if (!p.at('NOT') || (p.options.mode & HIGH_NOT_PRECEDENCE) !== 0) return continueTest(p, parseSimple(p))
  const { start } = p
  p.advance()
  p.enter()
  const operand = parseTest(p)
  p.leave()
  return { kind: 'Not', operator: 'NOT', operand, span: p.spanFrom(start) }
}

/** `IS [NOT] TRUE|FALSE|UNKNOWN`, once, above comparisons. */
function continueTest(p: TokenStream, first: Expr): Expr {
  const operand = continueComparison(p, first)
  if (!p.at('IS')) return operand
  const test = parseTruth(p, operand)
  return isMariaDb(p.options.serverVersion) ? continueTests(p, test) : test
}

/** MariaDB's `a IS TRUE = b IS FALSE`, from left to right. The tree gets the parentheses that MySQL would need. */
function continueTests(p: TokenStream, first: Expr): Expr {
  let left = first
  let links = 0
  while (p.at('IS') || comparison(p.word) !== undefined) {
    p.link()
    links++
    left = continueComparison(p, inParens(left))
    if (p.at('IS')) left = parseTruth(p, left)
  }
  p.unlink(links)
  return left
}

function parseTruth(p: TokenStream, operand: Expr): Expr {
  p.expect('IS')
  const negated = p.accept('NOT')
  const test = p.expectOneOf(['TRUE', 'FALSE', 'UNKNOWN'])
  return { kind: 'Is', operand, test, negated, span: p.spanFrom(operand.span.start) }
}

function atNullTest(p: TokenStream): boolean {
  return p.at('IS') && (isNull(p, 1) || (p.peekWord() === 'NOT' && isNull(p, 2)))
}

function isNull(p: TokenStream, ahead: number): boolean {
  return p.peekWord(ahead) === 'NULL' || p.peekType(ahead) === 'NullEscape'
}

function parseNullTest(p: TokenStream, operand: Expr): Is {
  p.expect('IS')
  const negated = p.accept('NOT')
  p.advance() // NULL
  return { kind: 'Is', operand, test: 'NULL', negated, span: p.spanFrom(operand.span.start) }
}

function comparison(word: Word | ''): ComparisonOperator | undefined {
  switch (word) {
    case '=':
    case '<=>':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '<>':
      return word
    default:
      return undefined
  }
}

function continueComparison(p: TokenStream, first: Expr): Expr {
  let left = continuePredicate(p, first)
  let links = 0
  for (;;) {
    const op = comparison(p.word)
    if (op === undefined && !atNullTest(p)) break
    p.link()
    links++
    left = op === undefined ? parseNullTest(p, left) : parseComparison(p, left, op)
  }
  p.unlink(links)
  return left
}

function parseComparison(p: TokenStream, left: Expr, op: ComparisonOperator): Expr {
  p.advance()
  const isQuantified = p.at('ALL') || p.peekWord() === '('
  const quantifier = isQuantified ? p.acceptOneOf(['ANY', 'SOME', 'ALL']) : undefined
  if (quantifier !== undefined) {
    const query = parseSubquery(p)
    return { kind: 'Quantified', op, quantifier, left, query, span: p.spanFrom(left.span.start) }
  }
  const right = continuePredicate(p, parseSimple(p))
  return { kind: 'Comparison', op, left, right, span: p.spanFrom(left.span.start) }
}

/** `first` may begin a bit expression, which may be the left side of one predicate; in MariaDB, of several. */
function continuePredicate(p: TokenStream, first: Expr): Expr {
  const predicate = parsePredicate(p, continueBits(p, first, 0))
  return isMariaDb(p.options.serverVersion) ? continuePredicates(p, predicate) : predicate
}

/** MariaDB's `a IN (1, 2) LIKE b`. The tree gets the parentheses that MySQL would need. */
function continuePredicates(p: TokenStream, first: Expr): Expr {
  let left = first
  let links = 0
  while (atPredicate(p)) {
    p.link()
    links++
    left = parsePredicate(p, inParens(left))
  }
  p.unlink(links)
  return left
}

function atPredicate(p: TokenStream): boolean {
  switch (p.at('NOT') ? p.peekWord() : p.word) {
    case 'IN':
    case 'BETWEEN':
    case 'LIKE':
    case 'REGEXP':
    case 'RLIKE':
      return true
    case 'SOUNDS':
      return p.peekWord() === 'LIKE'
    default:
      return false
  }
}

function parsePredicate(p: TokenStream, operand: Expr): Expr {
  const negated = p.at('NOT')
  switch (negated ? p.peekWord() : p.word) {
    case 'IN':
      if (negated) p.advance()
      return parseIn(p, operand, negated)
    case 'BETWEEN':
      if (negated) p.advance()
      return parseBetween(p, operand, negated)
    case 'LIKE':
      if (negated) p.advance()
      return parseLike(p, operand, negated)
    case 'REGEXP':
    case 'RLIKE': {
      p.advance(negated ? 2 : 1)
      const pattern = absorbNegated(p, parseBits(p))
      return { kind: 'Regexp', operand, pattern, negated, span: p.spanFrom(operand.span.start) }
    }
    default:
      if (negated) p.failAt(p.tokens.starts[p.pos + 1])
      if (p.at('SOUNDS')) return parseSoundsLike(p, operand)
      return atMember(p) ? parseMember(p, operand) : operand
  }
}

function parseSoundsLike(p: TokenStream, left: Expr): Expr {
  p.expect('SOUNDS')
  p.expect('LIKE')
  const right = absorbNegated(p, parseBits(p))
  return { kind: 'SoundsLike', left, right, span: p.spanFrom(left.span.start) }
}

/** MariaDB has no such operator: there the word alone is an alias. */
function atMember(p: TokenStream): boolean {
  return p.at('MEMBER') && (!isMariaDb(p.options.serverVersion) || p.peekWord() === 'OF')
}

function parseMember(p: TokenStream, left: Expr): Expr {
  p.expect('MEMBER')
  const of = p.accept('OF')
  p.expect('(')
  const right = parseSimple(p)
  p.expect(')')
  return { kind: 'MemberOf', left, right, of, span: p.spanFrom(left.span.start) }
}

function parseIn(p: TokenStream, left: Expr, negated: boolean): In {
  p.expect('IN')
  const right = parseInRight(p)
  return { kind: 'In', left, right, negated, span: p.spanFrom(left.span.start) }
}

function parseInRight(p: TokenStream): In['right'] {
  if (p.atBindVariable('list')) return parseBindVariable(p, 'list')
  if (p.at('(') && atQueryStart(p, 1)) return parseInSubquery(p)
  const { start } = p
  p.expect('(')
  return parseListRest(p, start)
}

/** `(SELECT …)`, or a list whose first item begins with a subquery: `((SELECT 1), 2)`. */
function parseInSubquery(p: TokenStream): List | Subquery {
  const inner = parseParenthesis(p)
  if (inner.kind === 'Subquery' && inner.parens === undefined) return inner
  if (inner.kind === 'Row' && inner.parens === undefined) {
    return { kind: 'List', items: inner.items, span: inner.span }
  }
  const { parens = 1, ...bare } = inner
  const item = parens > 1 ? { ...bare, parens: parens - 1 } : bare
  return { kind: 'List', items: [item as Expr], span: inner.span }
}

function parseListRest(p: TokenStream, start: number): List {
  const kind = p.slotKindAt(p.lastEnd) ?? p.slotKindAt(p.start)
  if (kind === 'list' || kind === 'rows') {
    const slot = p.takeSlotText(kind === p.slotKindAt(p.lastEnd) ? p.lastEnd : p.start)
    p.expect(')')
    if (slot !== undefined) return { kind: 'List', items: [], slot, span: p.spanFrom(start) }
  }
  const items = parseExprList(p)
  p.expect(')')
  return { kind: 'List', items, span: p.spanFrom(start) }
}

function parseBetween(p: TokenStream, operand: Expr, negated: boolean): Expr {
  p.expect('BETWEEN')
  const low = parseBits(p)
  p.expect('AND')
  p.enter()
  const high = continuePredicate(p, parseSimple(p))
  p.leave()
  return { kind: 'Between', operand, low, high, negated, span: p.spanFrom(operand.span.start) }
}

/** In MariaDB a sum as well; it gets the parentheses that MySQL would need. */
function parsePattern(p: TokenStream): Expr {
  const first = parseSimple(p)
  if (!isMariaDb(p.options.serverVersion)) return first
  const sum = continueBits(p, first, 0)
  return absorbNegated(p, sum === first ? first : inParens(sum))
}

/** In MariaDB NOT binds a predicate behind an operand of LIKE or REGEXP to that: `a LIKE (b NOT LIKE c)`. */
function absorbNegated(p: TokenStream, operand: Expr): Expr {
  let right = operand
  while (p.at('NOT') && isMariaDb(p.options.serverVersion) && atPredicate(p)) {
    p.enter()
    right = inParens(parsePredicate(p, right))
    p.leave()
  }
  return right
}

function inParens(expr: Expr): Expr {
  return { ...expr, parens: (expr.parens ?? 0) + 1 }
}

function parseLike(p: TokenStream, operand: Expr, negated: boolean): Like {
  p.expect('LIKE')
  const pattern = parsePattern(p)
  const escapedBy = p.accept('ESCAPE') ? parsePattern(p) : undefined
  return make<Like>({
    kind: 'Like',
    operand,
    pattern,
    escape: escapedBy,
    negated,
    span: p.spanFrom(operand.span.start),
    parens: undefined,
  })
}

/** Precedence of an operator between bit expressions, or 0. */
function bitPrecedence(p: TokenStream): number {
  switch (p.word) {
    case '|':
      return 1
    case '&':
      return 2
    case '<<':
    case '>>':
      return 3
    case '+':
    case '-':
      return 4
    case '*':
    case '/':
    case '%':
    case 'DIV':
    case 'MOD':
      return 5
    case '^':
      return 6
    default:
      return 0
  }
}

export function parseBits(p: TokenStream): Expr {
  return continueBits(p, parseSimple(p), 0)
}

/** Operators that bind tighter than `above`, left to right, with `first` as their first operand. */
function continueBits(p: TokenStream, first: Expr, above: number): Expr {
  let left = first
  let links = 0
  for (let precedence = bitPrecedence(p); precedence > above; precedence = bitPrecedence(p)) {
    const op = p.word as BinaryOperator
    p.advance()
    p.link()
    links++
    const isSum = op === '+' || op === '-'
    const interval = isSum && p.at('INTERVAL') ? parseInterval(p) : undefined
    const right = interval ?? continueBits(p, parseSimple(p), precedence)
    left = { kind: 'Binary', op, left, right, span: p.spanFrom(left.span.start) }
  }
  p.unlink(links)
  return left
}

/** `INTERVAL expr unit`; undefined (nothing taken) for the function `INTERVAL(a, b)`, which is read as any operand. */
export function parseInterval(p: TokenStream): Interval | undefined {
  // `INTERVAL((SELECT 1), 2)`: what stands in parentheses of its own is an argument.
  const isQuery = p.peekWord(2) !== '(' && atQueryStart(p, 2)
  const isFunction = p.peekWord() === '(' && !isQuery && isArgumentList(p)
  return isFunction ? undefined : parseIntervalOnly(p)
}

/** `INTERVAL expr unit` where the function cannot stand. */
export function parseIntervalOnly(p: TokenStream): Interval {
  const { start } = p
  p.expect('INTERVAL')
  const value = parseExpr(p)
  const unit = parseUnit(p)
  return { kind: 'Interval', value, unit, span: p.spanFrom(start) }
}

/** Behind the current token stands `(`: is there a comma directly inside the parentheses? */
function isArgumentList(p: TokenStream): boolean {
  let depth = 0
  for (let ahead = 1; ; ahead++) {
    const word = p.peekWord(ahead)
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (word === ',' && depth === 1) return true
    if (depth === 0 || p.peekType(ahead) === 'End') return false
  }
}

/** `(a, b)` behind an opening parenthesis whose first item is read. */
export function parseRowRest(p: TokenStream, first: Expr, start: number, keyword: boolean): Row {
  const items = [first]
  while (p.accept(',')) items.push(parseExpr(p))
  p.expect(')')
  return { kind: 'Row', keyword, items, span: p.spanFrom(start) }
}
