import type {
  Cte,
  Expr,
  GroupBy,
  Into,
  LimitClause,
  Lock,
  OrderItem,
  Query,
  QueryBase,
  Row,
  Select,
  SelectItem,
  SelectModifier,
  SetOperation,
  Subquery,
  With,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseCall } from './calls.ts'
import { parseExpr } from './expressions.ts'
import { parseInto } from './into.ts'
import { atBareKeyword, parseCommaList, parseItemAlias, parseNameList, parseTableName } from './names.ts'
import { parseLimit, parseOrderBy, parseOrderItem, parseRowsExamined } from './order.ts'
import { parseTableList } from './tables.ts'
import { isOracle, make, NESTING_MAX, type TokenStream } from './token-stream.ts'
import { parseWindows } from './windows.ts'

/**
 * Query expressions: SELECT, VALUES, TABLE, set operations, parentheses, WITH, and the clauses behind them.
 * Source: MySQL 9.7 manual, "Parenthesized Query Expressions", "Set Operations", "SELECT Statement".
 */
export function parseQuery(p: TokenStream): Query {
  p.enter()
  const withClause = p.at('WITH') ? parseWith(p) : undefined
  const query = parseQueryWith(p, withClause)
  p.leave()
  return query
}

/** A query whose WITH clause, if any, has been read. */
export function parseQueryWith(p: TokenStream, withClause: With | undefined): Query {
  const start = withClause?.span.start ?? p.start
  const body = parseSetOperations(p, parseTerm(p), 0)
  return parseTail(p, body, start, withClause)
}

/** The tokens from number pos + `ahead` - 1, an opening parenthesis, on lead to a query. */
export function atQueryStart(p: TokenStream, ahead: number): boolean {
  let at = ahead
  // Deeper parentheses are refused: looking further would take quadratic time.
  while (at <= NESTING_MAX && p.peekWord(at) === '(') at++
  switch (p.peekWord(at)) {
    case 'SELECT':
    case 'WITH':
      return true
    case 'TABLE':
      return true
    case 'VALUES':
      return p.peekWord(at + 1) === 'ROW' || isMariaDb(p.options.serverVersion)
    default:
      return false
  }
}

/** Behind a parenthesised query: does the query go on, rather than an expression or a join? */
export function continuesQuery(p: TokenStream): boolean {
  switch (p.word) {
    case 'UNION':
    case 'EXCEPT':
    case 'INTERSECT':
    case 'ORDER':
    case 'LIMIT':
    case 'FOR':
    case 'LOCK':
    case 'INTO':
      return true
    case 'MINUS':
      return isOracle(p.options)
    case 'OFFSET':
    case 'FETCH':
      return isMariaDb(p.options.serverVersion)
    default:
      return false
  }
}

/** The query that begins with a parenthesised one, read as a subquery. */
export function continueQuery(p: TokenStream, first: Subquery): Query {
  const term: Query = { ...first.query, parens: (first.query.parens ?? 0) + 1, span: first.span }
  return parseTail(p, parseSetOperations(p, term, 0), first.span.start, undefined)
}

/** `(query)`. */
export function parseSubquery(p: TokenStream): Subquery {
  const { start } = p
  p.expect('(')
  if (!p.at('(') && !p.at('SELECT') && !p.at('WITH') && !p.at('VALUES') && !p.at('TABLE')) p.fail()
  p.subqueries++
  const query = parseQuery(p)
  p.subqueries--
  p.expect(')')
  return { kind: 'Subquery', query, span: p.spanFrom(start) }
}

function parseTerm(p: TokenStream): Query {
  const { start } = p
  switch (p.word) {
    case 'SELECT':
      return parseSelect(p)
    case 'VALUES':
      return parseValues(p)
    case 'TABLE': {
      p.advance()
      return { kind: 'TableQuery', name: parseTableName(p), span: p.spanFrom(start) }
    }
    case '(': {
      p.advance()
      const query = parseQuery(p)
      p.expect(')')
      return { ...query, parens: (query.parens ?? 0) + 1, span: p.spanFrom(start) }
    }
    default:
      return p.fail()
  }
}

/** INTERSECT binds tighter than UNION and EXCEPT. */
function setPrecedence(p: TokenStream): number {
  if (p.at('MINUS') && isOracle(p.options)) return 1
  if (p.at('UNION') || p.at('EXCEPT')) return 1
  return p.at('INTERSECT') ? 2 : 0
}

/** MINUS is another word for EXCEPT. */
function takeSetOperator(p: TokenStream): SetOperation['op'] {
  const word = p.expectOneOf(['UNION', 'EXCEPT', 'INTERSECT', 'MINUS'])
  return word === 'MINUS' ? 'EXCEPT' : word
}

function parseSetOperations(p: TokenStream, first: Query, above: number): Query {
  let left = first
  let links = 0
  for (let precedence = setPrecedence(p); precedence > above; precedence = setPrecedence(p)) {
    const op = takeSetOperator(p)
    const word = p.acceptOneOf(['ALL', 'DISTINCT', 'DISTINCTROW'])
    const quantifier = word === 'DISTINCTROW' ? 'DISTINCT' : word
    const right = parseSetOperations(p, parseTerm(p), precedence)
    const span = p.spanFrom(left.span.start)
    if (extendsChain(left, op, quantifier)) {
      left.operands.push(right)
      left = { ...left, span }
    } else {
      p.link()
      links++
      left = make<Chain>({ kind: 'SetOperation', op, quantifier, operands: [left, right], span })
    }
  }
  p.unlink(links)
  return left
}

/** A set operation still being read: its operands are ours to add to. */
type Chain = SetOperation & { readonly operands: Query[] }

function extendsChain(
  left: Query,
  op: SetOperation['op'],
  quantifier: SetOperation['quantifier'],
): left is Chain {
  if (left.kind !== 'SetOperation' || left.parens !== undefined) return false
  return left.op === op && left.quantifier === quantifier
}

/** ORDER BY, LIMIT, locking clauses and INTO behind a query; with them a parenthesised query becomes a nested one. */
function parseTail(p: TokenStream, body: Query, start: number, withClause: With | undefined): Query {
  const orderBy = parseOrderBy(p)
  const limit = parseLimit(p)
  const rowsExamined = parseRowsExamined(p)
  const procedure = isMariaDb(p.options.serverVersion) && p.accept('PROCEDURE') ? parseCall(p) : undefined
  // A subquery has no INTO behind it.
  const mayHaveInto = p.subqueries === 0
  const intoFirst = mayHaveInto && p.at('INTO') ? parseInto(p, 'end') : undefined
  const locks = parseLocks(p)
  const intoLast = mayHaveInto && intoFirst === undefined && p.at('INTO') ? parseInto(p, 'end') : undefined
  const into =
    intoFirst !== undefined && locks !== undefined ? { ...intoFirst, place: 'lock' as const } : intoFirst
  const isBare = [orderBy, limit, rowsExamined, procedure, intoFirst, locks, intoLast, withClause].every(
    (x) => x === undefined,
  )
  if (isBare) return body
  const clauses = tailClauses({
    with: withClause,
    orderBy,
    limit,
    rowsExamined,
    locks,
    into: into ?? intoLast,
  })
  const span = p.spanFrom(start)
  if (body.parens !== undefined) return { kind: 'NestedQuery', query: body, ...clauses, span }
  if (procedure !== undefined && body.kind === 'Select') return { ...body, ...clauses, procedure, span }
  return { ...body, ...clauses, span }
}

type Tail = {
  readonly with: With | undefined
  readonly orderBy: readonly OrderItem[] | undefined
  readonly limit: LimitClause | undefined
  readonly rowsExamined: Expr | undefined
  readonly locks: readonly Lock[] | undefined
  readonly into: Into | undefined
}

function tailClauses(
  tail: Tail,
): Pick<QueryBase, 'with' | 'orderBy' | 'limit' | 'rowsExamined' | 'locks' | 'into'> {
  return make<Pick<QueryBase, 'with' | 'orderBy' | 'limit' | 'rowsExamined' | 'locks' | 'into'>>(tail)
}

export function parseWith(p: TokenStream): With {
  const { start } = p
  p.expect('WITH')
  const recursive = p.accept('RECURSIVE')
  const tables = parseCommaList(p, parseCte)
  return { kind: 'With', recursive, tables, span: p.spanFrom(start) }
}

function parseCte(p: TokenStream): Cte {
  const { start } = p
  const bareKeyword = atBareKeyword(p)
  const name = p.identifier()
  const columns = p.at('(') ? parseNameList(p) : undefined
  p.expect('AS')
  const query = parseSubquery(p)
  const cycle = parseCycle(p)
  return make<Cte>({ kind: 'Cte', name, bareKeyword, columns, query, cycle, span: p.spanFrom(start) })
}

/** MariaDB: `CYCLE column, … RESTRICT`. */
function parseCycle(p: TokenStream): string[] | undefined {
  if (!isMariaDb(p.options.serverVersion) || !p.accept('CYCLE')) return undefined
  const columns = parseCommaList(p, (at) => at.identifier())
  p.expect('RESTRICT')
  return columns
}

/** `VALUES ROW(…), …`; MariaDB writes the rows without ROW. */
function parseValues(p: TokenStream): Query {
  const { start } = p
  p.expect('VALUES')
  const rows = parseCommaList(p, parseValuesRow)
  return { kind: 'ValuesQuery', rows, span: p.spanFrom(start) }
}

function parseValuesRow(p: TokenStream): Row {
  const { start } = p
  const keyword = p.accept('ROW')
  if (!keyword && !isMariaDb(p.options.serverVersion)) p.fail()
  p.expect('(')
  const items = p.at(')') ? [] : parseCommaList(p, parseValueOrDefault)
  p.expect(')')
  return { kind: 'Row', keyword, items, span: p.spanFrom(start) }
}

/** A value of VALUES or SET, which may be DEFAULT; in MariaDB IGNORE too, which leaves a bulk's row as it is. */
export function parseValueOrDefault(p: TokenStream): Expr {
  const { start } = p
  if (p.at('IGNORE') && isMariaDb(p.options.serverVersion)) {
    p.advance()
    return { kind: 'KeywordArg', word: 'IGNORE', span: p.spanFrom(start) }
  }
  if (!p.at('DEFAULT') || p.peekWord() === '(') return parseExpr(p)
  p.advance()
  return { kind: 'Default', span: p.spanFrom(start) }
}

const modifiers = [
  'ALL',
  'DISTINCT',
  'DISTINCTROW',
  'STRAIGHT_JOIN',
  'HIGH_PRIORITY',
  'SQL_SMALL_RESULT',
  'SQL_BIG_RESULT',
  'SQL_BUFFER_RESULT',
  'SQL_CALC_FOUND_ROWS',
  'SQL_NO_CACHE',
] as const

/** Optimizer hint comments at the current token. */
export function parseHints(p: TokenStream): string[] | undefined {
  const hints: string[] = []
  while (p.type === 'Hint') {
    hints.push(p.text)
    p.advance()
  }
  return hints.length > 0 ? hints : undefined
}

function parseModifiers(p: TokenStream): SelectModifier[] {
  const found: SelectModifier[] = []
  for (;;) {
    const word = p.acceptOneOf(modifiers)
    if (word === undefined) {
      const ofMariaDb = isMariaDb(p.options.serverVersion)
        ? p.acceptOneOf(['SQL_CACHE', 'UNIQUE'])
        : undefined
      if (ofMariaDb === undefined) return found
      found.push(ofMariaDb === 'UNIQUE' ? 'DISTINCT' : ofMariaDb)
    } else found.push(word === 'DISTINCTROW' ? 'DISTINCT' : word)
  }
}

function parseSelect(p: TokenStream): Select {
  const { start } = p
  p.expect('SELECT')
  const hints = parseHints(p)
  const found = parseModifiers(p)
  const items = parseSelectItems(p)
  const into = p.at('INTO') ? parseInto(p, 'items') : undefined
  const from = p.accept('FROM') ? parseTableList(p) : []
  const where = p.accept('WHERE') ? parseExpr(p) : undefined
  const groupBy = parseGroupBy(p)
  const having = p.accept('HAVING') ? parseExpr(p) : undefined
  const windows = parseWindows(p)
  const qualify = p.accept('QUALIFY') ? parseExpr(p) : undefined
  return make<Select>({
    kind: 'Select',
    hints,
    modifiers: found,
    items,
    into,
    from,
    where,
    groupBy,
    having,
    windows,
    qualify,
    span: p.spanFrom(start),
    parens: undefined,
    with: undefined,
    orderBy: undefined,
    limit: undefined,
    locks: undefined,
    procedure: undefined,
  })
}

/** `*` may stand only first; `t.*` anywhere. */
export function parseSelectItems(p: TokenStream): SelectItem[] {
  const items: SelectItem[] = []
  const { start } = p
  if (p.accept('*')) items.push({ kind: 'Star', qualifiers: [], span: p.spanFrom(start) })
  else items.push(parseSelectItem(p))
  while (p.accept(',')) items.push(parseSelectItem(p))
  return items
}

function parseSelectItem(p: TokenStream): SelectItem {
  const { start } = p
  if (p.at('NEXT') && isNextValues(p)) return parseNextValues(p)
  const qualifiers = wildQualifiers(p)
  if (qualifiers !== undefined) return { kind: 'Star', qualifiers, span: p.spanFrom(start) }
  const expr = parseExpr(p)
  const alias = parseItemAlias(p)
  const span = p.spanFrom(start)
  return alias === undefined ? { kind: 'SelectExpr', expr, span } : { kind: 'SelectExpr', expr, alias, span }
}

/** `t.*` or `s.t.*`: the names, with the tokens taken; undefined (nothing taken) for anything else. */
function wildQualifiers(p: TokenStream): string[] | undefined {
  if (p.peekWord() !== '.' || !p.atIdentifier()) return undefined
  if (p.peekWord(2) === '*') {
    const names = [p.identifier()]
    p.advance(2)
    return names
  }
  if (p.peekWord(3) !== '.' || p.peekWord(4) !== '*') return undefined
  const first = p.identifier()
  p.advance()
  const names = [first, p.identifier()]
  p.advance(2)
  return names
}

function isNextValues(p: TokenStream): boolean {
  const type = p.peekType()
  const word = type === 'Int' || type === 'Param' ? p.peekWord(2) : p.peekWord()
  return (word === 'VALUE' || word === 'VALUES') && p.peekWord(2) !== 'FOR'
}

/** vtgate's `NEXT [n] VALUE[S]`. */
function parseNextValues(p: TokenStream): SelectItem {
  const { start } = p
  p.expect('NEXT')
  const at = p.start
  const { type } = p
  if (type === 'Param') {
    const index = p.takeParam()
    const count = { kind: 'Param', index, span: p.spanFrom(at) } as const
    p.expectOneOf(['VALUE', 'VALUES'])
    return { kind: 'NextValues', count, span: p.spanFrom(start) }
  }
  if (type !== 'Int') {
    p.expectOneOf(['VALUE', 'VALUES'])
    return { kind: 'NextValues', span: p.spanFrom(start) }
  }
  p.advance()
  const count = p.literal('Int', at)
  p.expectOneOf(['VALUE', 'VALUES'])
  return { kind: 'NextValues', count, span: p.spanFrom(start) }
}

function parseGroupBy(p: TokenStream): GroupBy | undefined {
  const { start } = p
  if (!p.accept('GROUP')) return undefined
  p.expect('BY')
  const form = p.at2('ROLLUP', '(') ? 'FUNCTION' : p.at2('CUBE', '(') ? 'CUBE' : undefined
  if (form !== undefined) {
    p.advance()
    return finishGroupingList(p, start, form)
  }
  if (p.at2('GROUPING', 'SETS')) {
    p.advance(2)
    return finishGroupingList(p, start, 'SETS')
  }
  const items = parseCommaList(p, isMariaDb(p.options.serverVersion) ? parseOrderItem : parseGroupItem)
  if (p.at2('WITH', 'ROLLUP')) {
    p.advance(2)
    return { kind: 'GroupBy', items, rollup: 'WITH', span: p.spanFrom(start) }
  }
  return { kind: 'GroupBy', items, span: p.spanFrom(start) }
}

/** `(item, …)` of ROLLUP, CUBE and GROUPING SETS. */
function finishGroupingList(p: TokenStream, start: number, rollup: NonNullable<GroupBy['rollup']>): GroupBy {
  p.expect('(')
  const items = parseCommaList(p, rollup === 'SETS' ? parseGroupingSet : parseGroupItem)
  p.expect(')')
  return { kind: 'GroupBy', items, rollup, span: p.spanFrom(start) }
}

/** `(a, b)`; an empty one is the grand total. */
function parseGroupingSet(p: TokenStream): OrderItem {
  const { start } = p
  p.expect('(')
  const items = p.at(')') ? [] : parseCommaList(p, parseExpr)
  p.expect(')')
  const span = p.spanFrom(start)
  return { kind: 'OrderItem', expr: { kind: 'Row', keyword: false, items, span }, span }
}

function parseGroupItem(p: TokenStream): OrderItem {
  const expr = parseExpr(p)
  return { kind: 'OrderItem', expr, span: expr.span }
}

function parseLocks(p: TokenStream): Lock[] | undefined {
  const locks: Lock[] = []
  while (p.at('FOR') || p.at('LOCK')) locks.push(parseLock(p))
  return locks.length > 0 ? locks : undefined
}

function parseLock(p: TokenStream): Lock {
  const { start } = p
  if (p.accept('LOCK')) {
    p.expect('IN')
    p.expect('SHARE')
    p.expect('MODE')
    return finishLock(p, start, 'SHARE MODE', undefined)
  }
  p.expect('FOR')
  const mode = p.expectOneOf(['UPDATE', 'SHARE'])
  parseHints(p) // the lexer looks for them behind every UPDATE; here they mean nothing
  const of = p.accept('OF') ? parseCommaList(p, parseTableName) : undefined
  return finishLock(p, start, mode, of)
}

function finishLock(p: TokenStream, start: number, mode: Lock['mode'], of: Lock['of']): Lock {
  const isMaria = isMariaDb(p.options.serverVersion)
  const takesWait = mode !== 'SHARE MODE' || isMaria
  const wait = takesWait ? parseWait(p) : undefined
  const secondsAt = p.tokens.starts[p.pos + 1]
  const type = p.peekType()
  const isNumber = type === 'Int' || type === 'Decimal' || type === 'Float' || type === 'Hex'
  const hasSeconds = isMaria && p.at('WAIT') && isNumber
  if (hasSeconds) p.advance(2)
  const waitSeconds = hasSeconds ? p.literal(type, secondsAt) : undefined
  return make<Lock>({ kind: 'Lock', mode, of, wait, waitSeconds, span: p.spanFrom(start) })
}

function parseWait(p: TokenStream): Lock['wait'] {
  if (p.accept('NOWAIT')) return 'NOWAIT'
  if (!p.accept('SKIP')) return undefined
  p.expect('LOCKED')
  return 'SKIP LOCKED'
}
