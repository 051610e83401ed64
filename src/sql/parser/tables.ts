import type {
  Derived,
  Expr,
  IndexHint,
  Join,
  Piece,
  Query,
  Subquery,
  TableExpr,
  TableRef,
  TableSample,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import { parseBits, parseExpr } from './expressions.ts'
import { parseJsonTable } from './json-table.ts'
import { parseCommaList, parseNameList, parseTableAlias, parseTableName } from './names.ts'
import { takeNumber } from './numbers.ts'
import { parseParam, parseUserVariable } from './operands.ts'
import { atQueryStart, continueQuery, continuesQuery, parseSubquery } from './query.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** What stands behind FROM: DUAL, or table expressions separated by commas. */
export function parseTableList(p: TokenStream): TableExpr[] {
  const { start } = p
  if (p.accept('DUAL')) return [{ kind: 'Dual', span: p.spanFrom(start) }]
  return parseCommaList(p, parseTableExpr)
}

/**
 * A table with its joins. A join without a condition takes what follows as its right side, as MySQL's grammar does, but
 * is then put into the left-to-right order in which MySQL executes it: `a JOIN b JOIN c ON x` is `(a JOIN b) JOIN c ON x`.
 * Source: MySQL 9.7 manual, "JOIN Clause".
 */
export function parseTableExpr(p: TokenStream): TableExpr {
  p.enter()
  const table = parseJoins(p, parseFactor(p))
  p.leave()
  return table
}

type JoinWords = Pick<Join, 'type' | 'natural' | 'words'>

function parseJoins(p: TokenStream, first: TableExpr): TableExpr {
  let left = first
  let links = 0
  for (let words = takeJoin(p); words !== undefined; words = takeJoin(p)) {
    p.link()
    links++
    left = parseJoin(p, left, words)
  }
  p.unlink(links)
  return left
}

function parseJoin(p: TokenStream, left: TableExpr, words: JoinWords): TableExpr {
  const { start } = left.span
  const factor = parseFactor(p)
  if (words.natural) return { kind: 'Join', ...words, left, right: factor, span: p.spanFrom(start) }
  const right = p.at('ON') || p.at('USING') ? factor : parseJoins(p, factor)
  if (p.accept('ON')) {
    const on = parseExpr(p)
    return { kind: 'Join', ...words, left, right, on, span: p.spanFrom(start) }
  }
  if (p.accept('USING')) {
    return { kind: 'Join', ...words, left, right, using: parseNameList(p), span: p.spanFrom(start) }
  }
  if (words.type === 'LEFT' || words.type === 'RIGHT') p.fail()
  return joinLeftmost(left, right, words)
}

/** `left JOIN right`, where `right` may itself be joins: the new join goes below them, to the leftmost table. */
function joinLeftmost(left: TableExpr, right: TableExpr, words: JoinWords): TableExpr {
  const span = { start: left.span.start, end: right.span.end }
  if (right.kind !== 'Join') return { kind: 'Join', ...words, left, right, span }
  return { ...right, left: joinLeftmost(left, right.left, words), span }
}

/** The words of a join operator, taken, or undefined. */
function takeJoin(p: TokenStream): JoinWords | undefined {
  switch (p.word) {
    case 'JOIN':
      p.advance()
      return { type: 'INNER', natural: false, words: 'JOIN' }
    case 'STRAIGHT_JOIN':
      p.advance()
      return { type: 'STRAIGHT', natural: false, words: 'STRAIGHT_JOIN' }
    case 'INNER':
    case 'CROSS': {
      const { word } = p
      p.advance()
      if (word === 'INNER' && p.accept('STRAIGHT_JOIN'))
        return { type: 'STRAIGHT', natural: false, words: 'STRAIGHT_JOIN' }
      p.expect('JOIN')
      return { type: 'INNER', natural: false, words: `${word} JOIN` }
    }
    case 'LEFT':
    case 'RIGHT':
      return takeOuterJoin(p, p.word, '')
    case 'NATURAL':
      p.advance()
      return takeNatural(p)
    default:
      return undefined
  }
}

function takeOuterJoin(p: TokenStream, type: 'LEFT' | 'RIGHT', prefix: '' | 'NATURAL '): JoinWords {
  p.advance()
  const outer = p.accept('OUTER') ? 'OUTER ' : ''
  p.expect('JOIN')
  return { type, natural: prefix !== '', words: `${prefix}${type} ${outer}JOIN` }
}

function takeNatural(p: TokenStream): JoinWords {
  const { word } = p
  if (word === 'LEFT' || word === 'RIGHT') return takeOuterJoin(p, word, 'NATURAL ')
  const inner = p.accept('INNER') ? 'INNER ' : ''
  p.expect('JOIN')
  return { type: 'INNER', natural: true, words: `NATURAL ${inner}JOIN` }
}

function parseFactor(p: TokenStream): TableExpr {
  switch (p.word) {
    case '(':
      return parseParenthesis(p)
    case 'LATERAL':
      if (isMariaDb(p.options.serverVersion) && p.peekWord() !== '(') return parseTable(p)
      return parseLateral(p)
    case '{':
      return parseOdbcJoin(p)
    case 'JSON_TABLE':
      return p.atIdentifier() && p.peekWord() !== '(' ? parseTable(p) : parseJsonTable(p)
    default:
      return parseTable(p)
  }
}

function parseLateral(p: TokenStream): Derived {
  const { start } = p
  p.expect('LATERAL')
  const query = parseSubquery(p)
  return finishDerived(p, query, start, true)
}

function finishDerived(p: TokenStream, query: Subquery, start: number, lateral: boolean): Derived {
  const alias = parseTableAlias(p)
  const columns = p.at('(') ? parseNameList(p) : undefined
  return make<Derived>({ kind: 'Derived', lateral, query, alias, columns, span: p.spanFrom(start) })
}

/** `(query) alias`, or tables in parentheses; which one is known only behind any further parentheses. */
function parseParenthesis(p: TokenStream): TableExpr {
  const { start } = p
  const inner = parseQueryOrTables(p)
  return inner.kind === 'Subquery' ? finishDerived(p, inner, start, false) : inner
}

function parseQueryOrTables(p: TokenStream): Subquery | TableExpr {
  const { start } = p
  if (!atQueryStart(p, 1)) return parseTablesRest(p, start)
  if (p.peekWord() !== '(') return parseSubquery(p)
  p.enter()
  p.advance()
  const inner = parseQueryOrTables(p)
  p.leave()
  if (inner.kind !== 'Subquery') return finishTables(p, parseJoins(p, inner), start)
  if (continuesQuery(p)) return finishSubquery(p, continueQuery(p, inner), start)
  if (p.at(')')) {
    const query = { ...inner.query, parens: (inner.query.parens ?? 0) + 1, span: inner.span }
    return finishSubquery(p, query, start)
  }
  const derived = finishDerived(p, inner, inner.span.start, false)
  return finishTables(p, parseJoins(p, derived), start)
}

function finishSubquery(p: TokenStream, query: Query, start: number): Subquery {
  p.expect(')')
  return { kind: 'Subquery', query, span: p.spanFrom(start) }
}

function parseTablesRest(p: TokenStream, start: number): TableExpr {
  p.expect('(')
  if (p.at('VALUES')) p.failAt(p.tokens.starts[p.pos + 1])
  return finishTables(p, parseTableExpr(p), start)
}

function standsInParens(table: TableExpr): boolean {
  return table.kind === 'Table' || table.kind === 'Join' || table.kind === 'TableParens'
}

function finishTables(p: TokenStream, first: TableExpr, start: number): TableExpr {
  const tables = [first]
  while (p.accept(',')) tables.push(parseTableExpr(p))
  // MySQL takes no lone subquery or function here: something must follow it.
  const isLone = tables.length === 1 && !isMariaDb(p.options.serverVersion)
  if (isLone && !standsInParens(first)) p.fail()
  p.expect(')')
  return { kind: 'TableParens', tables, span: p.spanFrom(start) }
}

/** `{oj a LEFT JOIN b ON …}`. */
function parseOdbcJoin(p: TokenStream): TableExpr {
  const { start } = p
  p.expect('{')
  // MariaDB looks at the word no closer.
  if (!p.at('OJ') && !(isMariaDb(p.options.serverVersion) && p.atIdentifier())) p.fail()
  const name = p.takeName()
  const table = parseTableExpr(p)
  p.expect('}')
  return { kind: 'OdbcJoin', name, table, span: p.spanFrom(start) }
}

/** `name [PARTITION (…)] [[AS] alias] [TABLESAMPLE …] [index hints]`. */
function parseTable(p: TokenStream): TableRef {
  const { start } = p
  const name = parseTableName(p)
  const partitions = parsePartitions(p)
  const systemTime = parseSystemTime(p)
  const alias = parseTableAlias(p)
  const sample = parseSample(p)
  const indexHints = parseIndexHints(p)
  return make<TableRef>({
    kind: 'Table',
    name,
    partitions,
    systemTime,
    alias,
    sample,
    indexHints,
    span: p.spanFrom(start),
  })
}

export function parsePartitions(p: TokenStream): string[] | undefined {
  return p.accept('PARTITION') ? parseNameList(p) : undefined
}

/** MariaDB: FOR SYSTEM_TIME AS OF …, BETWEEN … AND …, FROM … TO …, ALL. */
export function parseSystemTime(p: TokenStream): readonly Piece[] | undefined {
  if (!isMariaDb(p.options.serverVersion)) return undefined
  if (p.at2('FOR', 'PORTION')) return parsePortion(p)
  if (!p.at2('FOR', 'SYSTEM_TIME')) return undefined
  const pieces = new PieceBuilder(p, p.pos)
  p.advance(2)
  if (p.accept('AS')) {
    p.expect('OF')
    takeMoment(p, pieces)
  } else if (!p.accept('ALL')) takeMoments(p, pieces)
  return pieces.finish()
}

/** MariaDB, in UPDATE and DELETE: FOR PORTION OF period FROM … TO …. */
function parsePortion(p: TokenStream): readonly Piece[] {
  const pieces = new PieceBuilder(p, p.pos)
  p.advance(2)
  p.expect('OF')
  p.identifier()
  p.expect('FROM')
  takeMoment(p, pieces)
  p.expect('TO')
  takeMoment(p, pieces)
  return pieces.finish()
}

/** BETWEEN … AND …, FROM … TO …. */
function takeMoments(p: TokenStream, pieces: PieceBuilder): void {
  const isBetween = p.accept('BETWEEN')
  if (!isBetween) p.expect('FROM')
  takeMoment(p, pieces)
  p.expect(isBetween ? 'AND' : 'TO')
  takeMoment(p, pieces)
}

/** TRANSACTION or TIMESTAMP before a value, rather than a column, function or literal of that name. */
function atMomentWord(p: TokenStream): boolean {
  const type = p.peekType()
  const isValue = p.peekWord() === '' ? type !== 'End' : p.peekWord() !== ',' && !endsMoment(p.peekWord())
  if (p.at('TRANSACTION')) return isValue
  return p.at('TIMESTAMP') && isValue && type !== 'String' && p.peekWord() !== '('
}

function endsMoment(word: Word | ''): boolean {
  return word === 'AND' || word === 'TO' || word === ')' || word === '.' || word === ';'
}

function takeMoment(p: TokenStream, pieces: PieceBuilder): void {
  if (atMomentWord(p)) p.advance()
  pieces.open(p.pos)
  pieces.close(parseBits(p))
}

function parseSample(p: TokenStream): TableSample | undefined {
  const { start } = p
  if (!p.accept('TABLESAMPLE')) return undefined
  const method = p.expectOneOf(['SYSTEM', 'BERNOULLI'])
  p.expect('(')
  const percent = parsePercent(p)
  p.expect(')')
  return { kind: 'TableSample', method, percent, span: p.spanFrom(start) }
}

/** A number, a variable or a parameter. */
function parsePercent(p: TokenStream): Expr {
  if (p.type === 'UserVariable' || p.at('@@')) return parseUserVariable(p)
  if (p.type === 'Param') return parseParam(p)
  if (p.type === 'Hex') p.fail()
  return takeNumber(p)
}

/** MySQL's index hints; vtgate's `USE VINDEX (…)`, `IGNORE VINDEX (…)`. */
function parseIndexHints(p: TokenStream): IndexHint[] | undefined {
  const hints: IndexHint[] = []
  while (p.at('USE') || p.at('FORCE') || p.at('IGNORE')) {
    const { start } = p
    const action = p.expectOneOf(['USE', 'FORCE', 'IGNORE'])
    const isVindex = action !== 'FORCE' && p.peekWord() === '(' && p.accept('VINDEX')
    const keyword = isVindex ? 'VINDEX' : p.expectOneOf(['INDEX', 'KEY'])
    const scope = isVindex ? undefined : parseHintScope(p)
    const indexes = isVindex ? parseNameList(p) : parseIndexNames(p, action === 'USE')
    hints.push(
      make<IndexHint>({ kind: 'IndexHint', action, keyword, scope, indexes, span: p.spanFrom(start) }),
    )
  }
  return hints.length > 0 ? hints : undefined
}

function parseHintScope(p: TokenStream): IndexHint['scope'] {
  if (!p.accept('FOR')) return undefined
  if (p.accept('JOIN')) return 'JOIN'
  const word = p.expectOneOf(['ORDER', 'GROUP'])
  p.expect('BY')
  return `${word} BY`
}

/** `(name, PRIMARY, …)`; only USE INDEX may list none. */
function parseIndexNames(p: TokenStream, mayBeEmpty: boolean): string[] {
  p.expect('(')
  if (mayBeEmpty && p.accept(')')) return []
  const names = parseCommaList(p, (at) => (at.at('PRIMARY') ? at.takeName() : at.identifier()))
  p.expect(')')
  return names
}
