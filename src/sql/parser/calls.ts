import type { Expr, FunctionCall, NamedArg } from '../ast.ts'
import { isFunctionWord, isMariaDb, isMySqlKeyword, isReserved, type Keyword } from '../keywords.ts'
import {
  atOver,
  parseAggregate,
  parseCount,
  parseGroupConcat,
  parseOverCall,
  parseWindowFunction,
} from './aggregates.ts'
import { parseCast, parseConvert } from './casts.ts'
import { atDualityObject, parseDualityObject } from './duality.ts'
import { parseExpr } from './expressions.ts'
import { parseJsonValue } from './json-value.ts'
import { parseColumn, parseCommaList, parseSingleString } from './names.ts'
import { isNative, parseNative } from './native-calls.ts'
import { parseParam } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'

/**
 * Function calls, from the name on: those with a syntax of their own first, any other by its arguments.
 * Source: MySQL 9.7 manual, "Functions and Operators".
 */
export function parseCall(p: TokenStream): Expr {
  const { word } = p
  if (p.type === 'Quoted' || word === '') return atDualityObject(p) ? parseDualityObject(p) : parseAnyCall(p)
  if (p.peekWord() !== '(') return parseBareWord(p)
  switch (word) {
    case 'COUNT':
      return parseCount(p)
    case 'GROUP_CONCAT':
      return parseGroupConcat(p)
    case 'SUM':
    case 'MIN':
    case 'MAX':
    case 'AVG':
    case 'BIT_AND':
    case 'BIT_OR':
    case 'BIT_XOR':
    case 'STD':
    case 'STDDEV':
    case 'STDDEV_POP':
    case 'STDDEV_SAMP':
    case 'VARIANCE':
    case 'VAR_POP':
    case 'VAR_SAMP':
    case 'JSON_ARRAYAGG':
    case 'JSON_OBJECTAGG':
      return parseAggregate(p)
    case 'ST_COLLECT':
      return isMariaDb(p.options.serverVersion) ? parseAnyCall(p) : parseAggregate(p)
    case 'ROW_NUMBER':
    case 'RANK':
    case 'DENSE_RANK':
    case 'CUME_DIST':
    case 'PERCENT_RANK':
    case 'NTILE':
    case 'LEAD':
    case 'LAG':
    case 'FIRST_VALUE':
    case 'LAST_VALUE':
    case 'NTH_VALUE':
      return parseWindowFunction(p)
    case 'CAST':
      return parseCast(p)
    case 'CONVERT':
      return parseConvert(p)
    case 'DEFAULT':
    case 'VALUES':
    case 'VALUE':
      return parseColumnFunction(p, word)
    case 'JSON_VALUE':
      return parseJsonValue(p)
    default:
      return isNative(p, word) ? parseNative(p, word) : parseCallByName(p, word as Keyword)
  }
}

/** Functions that may stand without parentheses. */
const bareFunctions: ReadonlySet<string> = new Set([
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'CURRENT_ROLE',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
])

/** Reserved words that may begin an operand, but only with a parenthesis behind them: the error is at what stands there. */
const needsParenthesis: ReadonlySet<string> = new Set(
  `CHAR CHARACTER CONVERT CUME_DIST DATABASE DEFAULT DENSE_RANK EXISTS FIRST_VALUE GROUPING IF INSERT LAG LAST_VALUE
  LEAD LEFT MOD NTH_VALUE NTILE PERCENT_RANK RANK REPEAT REPLACE RIGHT ROW ROW_NUMBER SCHEMA VALUES`.split(
    /\s+/,
  ),
)

/** A keyword without parentheses behind it: CURRENT_TIMESTAMP and its kin, a bare DEFAULT, or a column's name. */
function parseBareWord(p: TokenStream): Expr {
  const { start, word } = p
  if (bareFunctions.has(word) && isReserved(word, p.options.serverVersion)) {
    const written = p.text
    p.advance()
    return {
      kind: 'Function',
      name: written.toLowerCase(),
      written,
      args: [],
      bare: true,
      span: p.spanFrom(start),
    }
  }
  if (p.peekWord() === '.' && p.peekWord(3) === '(') return parseAnyCall(p)
  if ((word === 'NEXT' || word === 'PREVIOUS') && atSequenceValue(p)) return parseSequenceValue(p)
  if (needsParenthesis.has(word) && isReserved(word, p.options.serverVersion))
    p.failAt(p.tokens.starts[p.pos + 1])
  return parseColumnOrPath(p)
}

/** `column`, or `column->'$.path'`. */
export function parseColumnOrPath(p: TokenStream): Expr {
  const left = parseColumn(p)
  const op = p.acceptOneOf(['->', '->>'])
  if (op === undefined) return left
  // MySQL takes one string; that of a normalised statement is a placeholder.
  const right = p.type === 'Param' ? parseParam(p) : parseSingleString(p)
  return { kind: 'Binary', op, left, right, span: p.spanFrom(left.span.start) }
}

function atSequenceValue(p: TokenStream): boolean {
  return isMariaDb(p.options.serverVersion) && p.peekWord() === 'VALUE' && p.peekWord(2) === 'FOR'
}

/** MariaDB's NEXT VALUE FOR sequence, PREVIOUS VALUE FOR sequence: a function without parentheses, but with an argument. */
function parseSequenceValue(p: TokenStream): Expr {
  const { start } = p
  const written = `${p.word} VALUE FOR`
  p.advance(3)
  const args = [parseColumn(p)]
  const name = written.toLowerCase()
  return { kind: 'Function', name, written, args, bare: true, span: p.spanFrom(start) }
}

/** A keyword with a parenthesis behind it that has no syntax of its own. */
function parseCallByName(p: TokenStream, word: Keyword): Expr {
  if (isReserved(word, p.options.serverVersion)) p.fail()
  if (!mayCallByName(p, word)) p.failAt(p.tokens.starts[p.pos + 1])
  return parseAnyCall(p)
}

/** MySQL's grammar calls functions by plain identifiers; the words that are MariaDB's only are such in MySQL. */
function mayCallByName(p: TokenStream, word: Keyword): boolean {
  return isMariaDb(p.options.serverVersion) || !isMySqlKeyword(word)
}

/** `name(…)`, `schema.name(…)` of any stored, loadable or native function without a syntax of its own. */
function parseAnyCall(p: TokenStream): Expr {
  const { start } = p
  const isQuoted = p.type === 'Quoted'
  const first = p.identifier()
  const qualifier = p.accept('.') ? first : undefined
  const written = qualifier === undefined ? first : p.identifier()
  p.expect('(')
  const args = p.at(')') ? [] : parseCommaList(p, qualifier === undefined ? parseNamedArg : parseExpr)
  p.expect(')')
  const isPlain = qualifier === undefined
  const name = {
    written,
    quoted: isPlain && isQuoted ? true : undefined,
    spaced: isPlain && !isQuoted && isFunctionWord(written.toUpperCase()) ? true : undefined,
  } as const
  if (isPlain && isMariaDb(p.options.serverVersion) && atOver(p)) return parseOverCall(p, start, name, args)
  return make<FunctionCall>({
    kind: 'Function',
    qualifier,
    name: written.toLowerCase(),
    ...name,
    args,
    span: p.spanFrom(start),
    separators: undefined,
    bare: undefined,
    parens: undefined,
  })
}

/** An argument as loadable functions take it: `expr [[AS] name]`. */
function parseNamedArg(p: TokenStream): Expr {
  const value = parseExpr(p)
  const as = p.accept('AS')
  if (!as && !p.atIdentifier() && p.type !== 'String') return value
  const alias = p.identifierOrString()
  const arg: NamedArg = { kind: 'NamedArg', value, alias, as, span: p.spanFrom(value.span.start) }
  return arg
}

/** `DEFAULT(column)`, `VALUES(column)`, and MariaDB's `VALUE(column)`. */
function parseColumnFunction(p: TokenStream, word: 'DEFAULT' | 'VALUES' | 'VALUE'): Expr {
  const { start } = p
  if (word === 'VALUE' && !isMariaDb(p.options.serverVersion)) return parseCallByName(p, word)
  p.advance()
  p.expect('(')
  const column = parseColumn(p)
  p.expect(')')
  const span = p.spanFrom(start)
  return word === 'DEFAULT'
    ? { kind: 'Default', column, span }
    : { kind: 'ValuesFunction', keyword: word, column, span }
}
