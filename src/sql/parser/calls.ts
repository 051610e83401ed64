import type {
  ArgSeparator,
  Cast,
  CastType,
  Expr,
  FunctionCall,
  JsonValue,
  JsonValueReaction,
  KeywordArg,
  Literal,
  NamedArg,
} from '../ast.ts'
import { isFunctionWord, isMariaDb, isMySqlKeyword, isReserved, type Keyword } from '../keywords.ts'
import { decodeBinary } from '../text.ts'
import {
  finishWithOver,
  parseAggregate,
  parseCount,
  parseGroupConcat,
  parseWindowFunction,
} from './aggregates.ts'
import { parseBits, parseExpr, parseExprList, parseInterval } from './expressions.ts'
import { parseColumn, parseCommaList, parseString } from './names.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseCastType } from './types.ts'
import { parseSimpleUnit, parseUnit } from './units.ts'

/**
 * Function calls, from the name on: those with a syntax of their own first, any other by its arguments.
 * Source: MySQL 9.7 manual, "Functions and Operators".
 */
export function parseCall(p: TokenStream): Expr {
  const { word } = p
  if (p.type === 'Quoted' || word === '') return parseAnyCall(p)
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
    case 'ST_COLLECT':
      return parseAggregate(p)
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
      return parseSpecialCall(p, word as Keyword)
  }
}

/** Reserved words that are functions all the same. */
const reservedFunctions: ReadonlySet<string> = new Set([
  'CHAR',
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'CURRENT_ROLE',
  'DATABASE',
  'GROUPING',
  'IF',
  'INSERT',
  'INTERVAL',
  'LEFT',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'MOD',
  'REPEAT',
  'REPLACE',
  'RIGHT',
  'SCHEMA',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
])

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
  `CHAR CONVERT CUME_DIST DATABASE DEFAULT DENSE_RANK EXISTS FIRST_VALUE GROUPING IF INSERT LAG LAST_VALUE LEAD LEFT MOD
  NTH_VALUE NTILE PERCENT_RANK RANK REPEAT REPLACE RIGHT ROW ROW_NUMBER SCHEMA VALUES`.split(/\s+/),
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
  if (p.peekWord() === 'VALUE' && p.peekWord(2) === 'FOR' && (word === 'NEXT' || word === 'PREVIOUS'))
    return parseSequenceValue(p)
  if (needsParenthesis.has(word) && isReserved(word, p.options.serverVersion))
    p.failAt(p.tokens.starts[p.pos + 1])
  const column = parseColumn(p)
  if (!p.at('->') && !p.at('->>')) return column
  const op = p.expectOneOf(['->', '->>'])
  return { kind: 'Binary', op, left: column, right: parseString(p), span: p.spanFrom(start) }
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

/** Name and opening parenthesis; the name as the text had it. */
export function openCall(p: TokenStream): string {
  const written = decodeBinary(p.text)
  p.advance()
  p.expect('(')
  return written
}

function finishCall(
  p: TokenStream,
  start: number,
  written: string,
  args: readonly Expr[],
  separators?: readonly ArgSeparator[],
): FunctionCall {
  p.expect(')')
  return make<FunctionCall>({
    kind: 'Function',
    name: written.toLowerCase(),
    written,
    args,
    separators,
    span: p.spanFrom(start),
    qualifier: undefined,
    quoted: undefined,
    spaced: undefined,
    bare: undefined,
    parens: undefined,
  })
}

export function parseArgs(p: TokenStream): Expr[] {
  return p.at(')') ? [] : parseExprList(p)
}

/** `name(…)`, `schema.name(…)` of any stored, loadable or native function without a syntax of its own. */
function parseAnyCall(p: TokenStream): Expr {
  const { start } = p
  const first = p.type === 'Quoted' ? undefined : decodeBinary(p.text)
  const quoted = first === undefined
  const name = p.identifier()
  const qualifier = p.accept('.') ? name : undefined
  const written = qualifier === undefined ? name : p.identifier()
  p.expect('(')
  const args = p.at(')') ? [] : parseCommaList(p, parseNamedArg)
  p.expect(')')
  if (
    isMariaDb(p.options.serverVersion) &&
    (p.at('OVER') || p.at2('WITHIN', 'GROUP')) &&
    qualifier === undefined
  )
    return finishWithOver(p, start, written, args)
  return make<FunctionCall>({
    kind: 'Function',
    qualifier,
    name: written.toLowerCase(),
    written,
    args,
    quoted: quoted && qualifier === undefined ? true : undefined,
    spaced: !quoted && qualifier === undefined && isFunctionWord(written.toUpperCase()) ? true : undefined,
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

function keywordArg(p: TokenStream, word: string): KeywordArg {
  return { kind: 'KeywordArg', word, span: p.spanFrom(p.tokens.starts[p.pos - 1]) }
}

function parseSpecialCall(p: TokenStream, word: Keyword): Expr {
  switch (word) {
    case 'CHAR':
      return parseChar(p)
    case 'CHARACTER':
      return isMariaDb(p.options.serverVersion) ? parseChar(p) : parsePlainCall(p, word)
    case 'COLUMN_ADD':
    case 'COLUMN_CREATE':
    case 'COLUMN_GET':
      return isMariaDb(p.options.serverVersion) ? parseDynamicColumn(p) : parsePlainCall(p, word)
    case 'TRIM':
      return parseTrim(p)
    case 'SUBSTRING':
    case 'SUBSTR':
    case 'MID':
      return parseSubstring(p)
    case 'POSITION':
      return parsePosition(p)
    case 'EXTRACT':
      return parseExtract(p)
    case 'GET_FORMAT':
      return parseGetFormat(p)
    case 'ADDDATE':
    case 'SUBDATE':
      return parseDateArithmetic(p, false)
    case 'DATE_ADD':
    case 'DATE_SUB':
      return parseDateArithmetic(p, true)
    case 'TIMESTAMPADD':
    case 'TIMESTAMPDIFF':
      return parseTimestampArithmetic(p)
    case 'WEIGHT_STRING':
      return parseWeightString(p)
    default:
      return parsePlainCall(p, word)
  }
}

/** Words of the grammar whose functions take plain arguments. */
function parsePlainCall(p: TokenStream, word: Keyword): Expr {
  const reserved = isReserved(word, p.options.serverVersion)
  if (reserved && !reservedFunctions.has(word)) p.fail()
  if (!reserved && !nativeWords.has(word)) {
    if (!mayCallByName(p, word)) p.failAt(p.tokens.starts[p.pos + 1])
    return parseAnyCall(p)
  }
  const { start } = p
  const written = openCall(p)
  const args = parseArgs(p)
  if (word === 'IF' && args.length !== 3) p.fail()
  return finishCall(p, start, written, args)
}

/** Words with productions of their own, whose arguments take no names. */
const nativeWords: ReadonlySet<string> = new Set(
  `ADDDATE ASCII AVG CHARSET COALESCE COLLATION CURDATE CURTIME DATE DAY FORMAT GEOMCOLLECTION GEOMETRYCOLLECTION HOUR
  LINESTRING LOG MICROSECOND MINUTE MONTH MULTILINESTRING MULTIPOINT MULTIPOLYGON NOW POINT POLYGON QUARTER REVERSE
  ROW_COUNT SECOND SESSION_USER SQL_TSI_DAY SQL_TSI_HOUR SQL_TSI_MINUTE SQL_TSI_MONTH SQL_TSI_QUARTER SQL_TSI_SECOND
  SQL_TSI_WEEK SQL_TSI_YEAR ST_COLLECT SUBDATE SYSDATE SYSTEM_USER TIME TIMESTAMP TRUNCATE USER WEEK YEAR`.split(
    /\s+/,
  ),
)

/** MySQL's grammar calls functions by plain identifiers; the words that are MariaDB's only are such in MySQL. */
function mayCallByName(p: TokenStream, word: Keyword): boolean {
  return isMariaDb(p.options.serverVersion) || !isMySqlKeyword(word)
}

function parseChar(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const args: Expr[] = parseExprList(p)
  if (!p.accept('USING')) return finishCall(p, start, written, args)
  const separators: ArgSeparator[] = args.map((_, i) => (i === args.length - 1 ? 'USING' : ','))
  args.push(parseCharsetArg(p))
  return finishCall(p, start, written, args, separators)
}

function parseCharsetArg(p: TokenStream): KeywordArg {
  const name = parseCharsetName(p)
  return keywordArg(p, name)
}

/** Name of a character set: identifier, string or BINARY. */
export function parseCharsetName(p: TokenStream): string {
  if (p.accept('BINARY')) return 'binary'
  if (p.accept('ASCII')) return 'ascii'
  return p.identifierOrString()
}

function parseTrim(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const side = p.acceptOneOf(['BOTH', 'LEADING', 'TRAILING'])
  const args: Expr[] = side === undefined ? [] : [keywordArg(p, side)]
  const separators: ArgSeparator[] = []
  if (side === undefined || !p.at('FROM')) {
    args.push(parseExpr(p))
    if (side !== undefined) separators.push('')
  }
  if (side !== undefined || p.at('FROM')) {
    p.expect('FROM')
    separators.push('FROM')
    args.push(parseExpr(p))
  }
  return finishCall(p, start, written, args, separators.length > 0 ? separators : undefined)
}

function parseSubstring(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const args = [parseExpr(p)]
  if (!p.accept('FROM')) {
    p.expect(',')
    args.push(parseExpr(p))
    if (p.accept(',')) args.push(parseExpr(p))
    return finishCall(p, start, written, args)
  }
  args.push(parseExpr(p))
  if (!p.accept('FOR')) return finishCall(p, start, written, args, ['FROM'])
  args.push(parseExpr(p))
  return finishCall(p, start, written, args, ['FROM', 'FOR'])
}

function parsePosition(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const needle = parseBits(p)
  p.expect('IN')
  return finishCall(p, start, written, [needle, parseExpr(p)], ['IN'])
}

function parseExtract(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const unit = keywordArg(p, parseUnit(p))
  p.expect('FROM')
  return finishCall(p, start, written, [unit, parseExpr(p)], ['FROM'])
}

function parseGetFormat(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const type = keywordArg(p, p.expectOneOf(['DATE', 'TIME', 'DATETIME', 'TIMESTAMP']))
  p.expect(',')
  return finishCall(p, start, written, [type, parseExpr(p)])
}

/** DATE_ADD and DATE_SUB need an INTERVAL, ADDDATE and SUBDATE take days too. */
function parseDateArithmetic(p: TokenStream, needsInterval: boolean): Expr {
  const { start } = p
  const written = openCall(p)
  const date = parseExpr(p)
  p.expect(',')
  if (needsInterval && !p.at('INTERVAL')) p.fail()
  const interval = p.at('INTERVAL') ? parseInterval(p) : undefined
  return finishCall(p, start, written, [date, interval ?? parseExpr(p)])
}

function parseTimestampArithmetic(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const unit = keywordArg(p, parseSimpleUnit(p))
  p.expect(',')
  const first = parseExpr(p)
  p.expect(',')
  return finishCall(p, start, written, [unit, first, parseExpr(p)])
}

/** `WEIGHT_STRING(s [AS CHAR(n)|BINARY(n)])`; the four-number form is the server's own. */
function parseWeightString(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const value = parseExpr(p)
  if (p.at(',')) {
    p.advance()
    return finishCall(p, start, written, [value, ...parseExprList(p)])
  }
  if (!p.accept('AS')) return finishCall(p, start, written, [value])
  if (!p.at('CHAR') && !p.at('BINARY')) p.fail()
  const typeStart = p.start
  const type = parseCastType(p)
  if (type.text === '') p.fail()
  const word = `${type.name}${type.text}`
  return finishCall(
    p,
    start,
    written,
    [value, { kind: 'KeywordArg', word, span: p.spanFrom(typeStart) }],
    ['AS'],
  )
}

/** MariaDB's COLUMN_CREATE(name, value [AS type], …), COLUMN_ADD(column, …) and COLUMN_GET(column, name AS type). */
function parseDynamicColumn(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const args: Expr[] = []
  const separators: ArgSeparator[] = []
  do {
    if (args.length > 0) separators.push(',')
    args.push(parseExpr(p))
    if (p.accept('AS')) {
      separators.push('AS')
      args.push(parseTypeArg(p))
    }
  } while (p.accept(','))
  return finishCall(p, start, written, args, separators)
}

function parseTypeArg(p: TokenStream): KeywordArg {
  const { start } = p
  const { name, text } = parseCastType(p)
  return { kind: 'KeywordArg', word: `${name}${text}`, span: p.spanFrom(start) }
}

function parseCast(p: TokenStream): Cast {
  const { start } = p
  openCall(p)
  const operand = parseExpr(p)
  const timeZone = p.accept('AT') ? parseTimeZone(p) : undefined
  p.expect('AS')
  const type = parseCastType(p, 'array')
  p.expect(')')
  return make<Cast>({
    kind: 'Cast',
    syntax: 'CAST',
    operand,
    timeZone,
    type,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

function parseTimeZone(p: TokenStream): { readonly interval: boolean; readonly value: Literal } {
  p.expect('TIME')
  p.expect('ZONE')
  const interval = p.accept('INTERVAL')
  return { interval, value: parseString(p) }
}

function parseConvert(p: TokenStream): Expr {
  const { start } = p
  openCall(p)
  const operand = parseExpr(p)
  if (p.accept('USING')) {
    const charset = parseCharsetName(p)
    p.expect(')')
    return { kind: 'ConvertUsing', operand, charset, span: p.spanFrom(start) }
  }
  p.expect(',')
  const type: CastType = parseCastType(p)
  p.expect(')')
  return { kind: 'Cast', syntax: 'CONVERT', operand, type, span: p.spanFrom(start) }
}

/** `DEFAULT(column)`, `VALUES(column)`, and MariaDB's `VALUE(column)`. */
function parseColumnFunction(p: TokenStream, word: 'DEFAULT' | 'VALUES' | 'VALUE'): Expr {
  const { start } = p
  if (word === 'VALUE' && !isMariaDb(p.options.serverVersion)) return parseAnyCall(p)
  p.advance()
  p.expect('(')
  const column = parseColumn(p)
  p.expect(')')
  const span = p.spanFrom(start)
  return word === 'DEFAULT'
    ? { kind: 'Default', column, span }
    : { kind: 'ValuesFunction', keyword: word, column, span }
}

function parseJsonValue(p: TokenStream): JsonValue {
  const { start } = p
  openCall(p)
  const doc = isMariaDb(p.options.serverVersion) ? parseExpr(p) : parseBits(p)
  p.expect(',')
  const path = isMariaDb(p.options.serverVersion) || p.type === 'Param' ? parseExpr(p) : parseString(p)
  const returning = p.accept('RETURNING') ? parseCastType(p) : undefined
  const reactions = parseReactions(p)
  p.expect(')')
  return make<JsonValue>({
    kind: 'JsonValue',
    doc,
    path,
    returning,
    reactions,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** `[… ON EMPTY] [… ON ERROR]`, in this order. */
export function parseReactions(p: TokenStream): JsonValueReaction[] {
  const reactions: JsonValueReaction[] = []
  while (p.at('ERROR') || p.at('NULL') || p.at('DEFAULT')) {
    const action = p.expectOneOf(['ERROR', 'NULL', 'DEFAULT'])
    if (action === 'DEFAULT' && p.at('NULL')) p.fail()
    const value = action === 'DEFAULT' ? parseExpr(p) : undefined
    p.expect('ON')
    const on = reactions.length === 0 ? p.expectOneOf(['EMPTY', 'ERROR']) : p.expectOneOf(['ERROR'])
    reactions.push(value === undefined ? { on, action } : { on, action, value })
    if (on === 'ERROR') break
  }
  return reactions
}
