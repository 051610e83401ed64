import type {
  DescribeTable,
  Explain,
  ExplainConnection,
  Literal,
  Statement,
  UserVariable,
  VExplain,
} from '../ast.ts'
import { parseExpr } from './expressions.ts'
import { parseSingleString, parseTableName } from './names.ts'
import { parseUserVariable } from './operands.ts'
import { parseStatementBody } from './statement.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** EXPLAIN, DESCRIBE, DESC: of a statement, of a connection, or of a table. */
export function parseExplain(p: TokenStream): Explain | ExplainConnection | DescribeTable {
  const { start } = p
  const verb = p.expectOneOf(['EXPLAIN', 'DESCRIBE', 'DESC'])
  const pieces = new PieceBuilder(p, p.pos)
  const options = parseOptions(p)
  if (options.count === 0 && !isExplainable(p)) return parseDescribe(p, start, verb)
  const text = pieces.finish()
  if (p.at2('FOR', 'CONNECTION')) {
    p.advance(2)
    const connection = parseExpr(p)
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

interface Options {
  analyze: boolean
  format: string | undefined
  into: UserVariable | undefined
  count: number
}

/** ANALYZE, EXTENDED, PARTITIONS, FORMAT = name, INTO @var, FOR SCHEMA name, in any order that MySQL takes. */
function parseOptions(p: TokenStream): Options {
  const options: Options = { analyze: false, format: undefined, into: undefined, count: 0 }
  for (;;) {
    if (p.at('ANALYZE')) {
      p.advance()
      options.analyze = true
    } else if (p.at2('FORMAT', '=')) {
      p.advance(2)
      options.format = p.identifierOrString().toUpperCase()
    } else if (p.at('INTO') && options.count > 0) {
      p.advance()
      options.into = parseUserVariable(p)
    } else if (p.at('FOR') && (p.peekWord() === 'SCHEMA' || p.peekWord() === 'DATABASE')) {
      p.advance(2)
      p.identifier()
    } else if ((p.at('EXTENDED') || p.at('PARTITIONS')) && isExplainableAt(p, 1)) p.advance()
    else return options
    options.count++
  }
}

function isExplainable(p: TokenStream): boolean {
  return isExplainableAt(p, 0) || p.at2('FOR', 'CONNECTION')
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

function parseDescribe(p: TokenStream, start: number, verb: DescribeTable['verb']): DescribeTable {
  const table = parseTableName(p)
  const pattern: Literal | undefined = p.type === 'String' ? parseSingleString(p) : undefined
  const column = pattern === undefined && p.atIdentifier() ? p.identifier() : undefined
  return make<DescribeTable>({ kind: 'DescribeTable', verb, table, column, pattern, span: p.spanFrom(start) })
}

/** vtgate's VEXPLAIN [PLAN|QUERIES|ALL|TRACE|KEYS] statement. */
export function parseVExplain(p: TokenStream): VExplain {
  const { start } = p
  p.expect('VEXPLAIN')
  const mode = p.acceptOneOf(['PLAN', 'QUERIES', 'ALL', 'TRACE', 'KEYS'])
  const statement: Statement = parseStatementBody(p)
  return make<VExplain>({ kind: 'VExplain', mode, statement, span: p.spanFrom(start) })
}
