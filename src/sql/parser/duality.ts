import type { ArgSeparator, Expr, FunctionCall, KeywordArg } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { IGNORE_SPACE } from '../sql-mode.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList, parseSingleString } from './names.ts'
import type { TokenStream } from './token-stream.ts'

const NAME = 'JSON_DUALITY_OBJECT'

/** JSON_DUALITY_OBJECT with its parenthesis, directly behind it unless IGNORE_SPACE. MySQL has it since 9.4. */
export function atDualityObject(p: TokenStream): boolean {
  const { mode, serverVersion } = p.options
  const end = p.tokens.ends[p.pos]
  if (end - p.start !== NAME.length || isMariaDb(serverVersion) || serverVersion < 90400) return false
  const isAdjacent = end === p.tokens.starts[p.pos + 1] || (mode & IGNORE_SPACE) !== 0
  return isAdjacent && p.peekWord() === '(' && p.text.toUpperCase() === NAME
}

/**
 * `JSON_DUALITY_OBJECT([WITH tags] 'key': value, …)`, where `tags` is `NO INSERT` or the like, or several in parentheses. The tags become one argument, every key and every value one. Source: MySQL 9.7 manual, "CREATE JSON DUALITY VIEW
 * Statement".
 */
export function parseDualityObject(p: TokenStream): FunctionCall {
  const { start, text } = p
  const args: Expr[] = []
  const separators: ArgSeparator[] = []
  p.advance()
  p.expect('(')
  if (p.at('WITH')) {
    args.push(parseTags(p))
    separators.push('')
  }
  do {
    args.push(parseSingleString(p))
    p.expect(':')
    args.push(parseExpr(p))
    separators.push(':', ',')
  } while (p.accept(','))
  p.expect(')')
  separators.pop()
  const span = p.spanFrom(start)
  return { kind: 'Function', name: NAME.toLowerCase(), written: text, args, separators, span }
}

/** One tag, or several in parentheses. */
function parseTags(p: TokenStream): KeywordArg {
  const { start } = p
  p.expect('WITH')
  if (!p.accept('(')) return { kind: 'KeywordArg', word: `WITH ${parseTag(p)}`, span: p.spanFrom(start) }
  const tags = parseCommaList(p, parseTag)
  p.expect(')')
  return { kind: 'KeywordArg', word: `WITH (${tags.join(', ')})`, span: p.spanFrom(start) }
}

function parseTag(p: TokenStream): string {
  const not = p.accept('NO') ? 'NO ' : ''
  return not + p.expectOneOf(['INSERT', 'UPDATE', 'DELETE'])
}
