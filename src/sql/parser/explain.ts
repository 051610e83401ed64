import type {
  DescribeTable,
  Explain,
  ExplainConnection,
  Expr,
  Literal,
  Statement,
  UserVariable,
  VExplain,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseTableName } from './names.ts'
import { atLength, takeNumber } from './numbers.ts'
import { parseParam, parseText, parseUserVariable } from './operands.ts'
import { parseStatementBody } from './statement.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** EXPLAIN, DESCRIBE, DESC: of a statement, of a connection, or of a table. */
export function parseExplain(p: TokenStream): Explain | ExplainConnection | DescribeTable {
  const { start } = p
  const verb = p.expectOneOf(['EXPLAIN', 'DESCRIBE', 'DESC'])
  const pieces = new PieceBuilder(p, p.pos)
  const options = parseOptions(p)
  if (!isExplainable(p)) return options.some ? p.fail() : parseDescribe(p, start, verb)
  const text = pieces.finish()
  if (p.accept('FOR')) {
    p.expect('CONNECTION')
    const connection = parseConnectionId(p)
    return { kind: 'ExplainConnection', verb, options: text, connection, span: p.spanFrom(start) }
  }
  const statement = parseStatementBody(p)
  return make<Explain>({
    kind: 'Explain',
    verb,
    analyze: options.analyze,
    format: options.format,
    into: options.into,
    options: text,
    statement,
    span: p.spanFrom(start),
  })
}

/** MariaDB takes any expression. */
function parseConnectionId(p: TokenStream): Expr {
  if (isMariaDb(p.options.serverVersion)) return parseExpr(p)
  if (p.type === 'Param') return parseParam(p)
  if (!atLength(p)) p.fail()
  return takeNumber(p)
}

interface Options {
  readonly analyze: boolean
  readonly format: string | undefined
  readonly into: UserVariable | undefined
  /** There is one at least. */
  readonly some: boolean
}

/** `[ANALYZE] [FORMAT = name] [INTO @var] [FOR SCHEMA name]`; EXTENDED and PARTITIONS are MariaDB's. */
function parseOptions(p: TokenStream): Options {
  const from = p.pos
  const analyze = p.accept('ANALYZE')
  if (isMariaDb(p.options.serverVersion)) while (atOldOption(p)) p.advance()
  const format = takesFormat(p, analyze) ? p.identifierOrString().toUpperCase() : undefined
  const into = p.accept('INTO') ? parseUserVariable(p) : undefined
  if (p.accept2('FOR', 'SCHEMA') || p.accept2('FOR', 'DATABASE')) p.identifier()
  return { analyze, format, into, some: p.pos > from }
}

/** FORMAT alone may be a table's name, but not behind ANALYZE. */
function takesFormat(p: TokenStream, analyze: boolean): boolean {
  if (!analyze) return p.accept2('FORMAT', '=')
  if (!p.accept('FORMAT')) return false
  p.expect('=')
  return true
}

function atOldOption(p: TokenStream): boolean {
  return (p.at('EXTENDED') || p.at('PARTITIONS')) && isExplainableAt(p, 1)
}

function isExplainable(p: TokenStream): boolean {
  return isExplainableAt(p, 0) || p.at('FOR')
}

function isExplainableAt(p: TokenStream, ahead: number): boolean {
  switch (p.peekWord(ahead)) {
    case 'SELECT':
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
    case 'WITH':
    case 'TABLE':
    case 'VALUES':
    case '(':
      return true
    default:
      return false
  }
}

function isText(p: TokenStream): boolean {
  return p.type === 'String' || p.type === 'Hex' || p.type === 'Bit'
}

function parseDescribe(p: TokenStream, start: number, verb: DescribeTable['verb']): DescribeTable {
  const table = parseTableName(p)
  const pattern: Literal | undefined = isText(p) ? parseText(p) : undefined
  const column = pattern === undefined && p.atIdentifier() ? p.identifier() : undefined
  return make<DescribeTable>({ kind: 'DescribeTable', verb, table, column, pattern, span: p.spanFrom(start) })
}

/** vtgate's VEXPLAIN [PLAN|QUERIES|ALL|TRACE|KEYS|MYSQLPLAN] statement; RULES is ours: how the planner came to its plan. */
export function parseVExplain(p: TokenStream): VExplain {
  const { start } = p
  p.expect('VEXPLAIN')
  const mode = p.acceptOneOf(['PLAN', 'QUERIES', 'ALL', 'TRACE', 'KEYS', 'MYSQLPLAN', 'RULES'])
  const statement: Statement = parseStatementBody(p)
  return make<VExplain>({ kind: 'VExplain', mode, statement, span: p.spanFrom(start) })
}
