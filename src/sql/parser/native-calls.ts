import type { ArgSeparator, Expr, FunctionCall, KeywordArg } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import { decodeBinary } from '../text.ts'
import { parseBits, parseExpr, parseExprList, parseInterval, parseIntervalOnly } from './expressions.ts'
import { atLength, takeNumber, takeSmallInt } from './numbers.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseCastType, parseCharsetName } from './types.ts'
import { parseSimpleUnit, parseUnit } from './units.ts'
import { sourceText } from './verbatim.ts'

/**
 * Functions that the grammar knows by name: with a number of arguments that is part of the syntax, or with words
 * between them. Source: MySQL 9.7 manual, "Built-In Function and Operator Reference".
 */
export function parseNative(p: TokenStream, word: Word): Expr {
  switch (word) {
    case 'CHAR':
    case 'CHARACTER':
      return parseChar(p)
    case 'COLUMN_ADD':
    case 'COLUMN_CREATE':
    case 'COLUMN_GET':
      return parseDynamicColumn(p)
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
      return parsePlain(p, word)
  }
}

export function isNative(p: TokenStream, word: Word | ''): word is Word {
  const isMaria = isMariaDb(p.options.serverVersion)
  if (isMaria && ordinaryInMaria.has(word)) return false
  if (argCounts.has(word) || withWords.has(word)) return true
  return isMaria && withMariaWords.has(word)
}

/** Functions like any other in MariaDB, whose arguments its grammar does not count. */
const ordinaryInMaria: ReadonlySet<string> = new Set(
  `COALESCE COLLATION DATABASE FORMAT GEOMCOLLECTION GEOMETRYCOLLECTION GROUPING LINESTRING LOG MICROSECOND
  MULTILINESTRING MULTIPOINT MULTIPOLYGON POINT POLYGON QUARTER REVERSE ROW_COUNT SCHEMA SQL_TSI_DAY SQL_TSI_HOUR
  SQL_TSI_MINUTE SQL_TSI_MONTH SQL_TSI_QUARTER SQL_TSI_SECOND SQL_TSI_WEEK SQL_TSI_YEAR WEEK`.split(/\s+/),
)

/** Functions with words among their arguments. */
const withWords: ReadonlySet<string> = new Set(
  `ADDDATE CHAR CHARACTER DATE_ADD DATE_SUB EXTRACT GET_FORMAT MID POSITION SUBDATE SUBSTR SUBSTRING TIMESTAMPADD
  TIMESTAMPDIFF TRIM WEIGHT_STRING`.split(/\s+/),
)

/** Those of MariaDB only. */
const withMariaWords: ReadonlySet<string> = new Set(['COLUMN_ADD', 'COLUMN_CREATE', 'COLUMN_GET'])

const ANY = Number.POSITIVE_INFINITY

/** Words with their least and greatest number of arguments. */
const argCounts: ReadonlyMap<string, readonly [min: number, max: number]> = new Map(
  (
    [
      [
        0,
        0,
        'CURDATE CURRENT_DATE CURRENT_ROLE CURRENT_USER DATABASE ROW_COUNT SCHEMA SESSION_USER SYSTEM_USER',
      ],
      [0, 0, 'USER UTC_DATE'],
      [
        0,
        1,
        'CURRENT_TIME CURRENT_TIMESTAMP CURTIME LOCALTIME LOCALTIMESTAMP NOW SYSDATE UTC_TIME UTC_TIMESTAMP',
      ],
      [0, ANY, 'GEOMCOLLECTION GEOMETRYCOLLECTION'],
      [
        1,
        1,
        'ASCII CHARSET COLLATION DATE DAY HOUR MICROSECOND MINUTE MONTH QUARTER REVERSE SECOND SQL_TSI_DAY',
      ],
      [
        1,
        1,
        'SQL_TSI_HOUR SQL_TSI_MINUTE SQL_TSI_MONTH SQL_TSI_QUARTER SQL_TSI_SECOND SQL_TSI_YEAR TIME YEAR',
      ],
      [1, 2, 'LOG SQL_TSI_WEEK TIMESTAMP WEEK'],
      [1, ANY, 'COALESCE GROUPING LINESTRING MULTILINESTRING MULTIPOINT MULTIPOLYGON POLYGON'],
      [2, 2, 'LEFT MOD POINT REPEAT RIGHT TRUNCATE'],
      [2, 3, 'FORMAT'],
      [2, ANY, 'INTERVAL'],
      [3, 3, 'IF REPLACE'],
      [4, 4, 'INSERT'],
    ] as const
  ).flatMap(([min, max, words]) => words.split(' ').map((word) => [word, [min, max]])),
)

function parsePlain(p: TokenStream, word: Word): Expr {
  const { start } = p
  const written = openCall(p)
  const [min, max] = argCounts.get(word) ?? [0, ANY]
  // The one optional argument of the functions of time is the number of digits of a second's fraction.
  const args = min === 0 && max === 1 ? parsePrecision(p) : parseArgs(p, min, max)
  return finishCall(p, start, written, args)
}

function parsePrecision(p: TokenStream): Expr[] {
  return p.at(')') ? [] : [takeSmallInt(p)]
}

/** Reads `min` to `max` arguments; what follows them is the caller's to judge. */
export function parseArgs(p: TokenStream, min = 0, max = ANY): Expr[] {
  if (max === 0 || (min === 0 && p.at(')'))) return []
  const args = [parseExpr(p)]
  while (args.length < max) {
    if (args.length < min) p.expect(',')
    else if (!p.accept(',')) return args
    args.push(parseExpr(p))
  }
  return args
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

function keywordArg(p: TokenStream, word: string): KeywordArg {
  return { kind: 'KeywordArg', word, span: p.spanFrom(p.tokens.starts[p.pos - 1]) }
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
  const interval = needsInterval ? parseIntervalOnly(p) : p.at('INTERVAL') ? parseInterval(p) : undefined
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

/** `WEIGHT_STRING(s [AS CHAR(n)|BINARY(n)])`; the form with three numbers is the server's own. */
function parseWeightString(p: TokenStream): Expr {
  const { start } = p
  const written = openCall(p)
  const value = parseExpr(p)
  if (p.accept(',')) return finishCall(p, start, written, [value, ...parseWeightNumbers(p)])
  if (isMariaDb(p.options.serverVersion)) return finishWeightString(p, start, written, value)
  if (!p.accept('AS')) return finishCall(p, start, written, [value])
  const typeStart = p.start
  const type = p.expectOneOf(['CHAR', 'CHARACTER', 'BINARY'])
  p.expect('(')
  if (!atLength(p)) p.fail()
  const word = `${type}(${p.text})`
  p.advance()
  p.expect(')')
  const arg: KeywordArg = { kind: 'KeywordArg', word, span: p.spanFrom(typeStart) }
  return finishCall(p, start, written, [value, arg], ['AS'])
}

/** MariaDB: `[AS type] [LEVEL 1 DESC REVERSE, 2 … | LEVEL 1-3]`. */
function finishWeightString(p: TokenStream, start: number, written: string, value: Expr): FunctionCall {
  const args: Expr[] = [value]
  const separators: ArgSeparator[] = []
  if (p.accept('AS')) {
    separators.push('AS')
    args.push(parseTypeArg(p))
  }
  if (p.at('LEVEL')) {
    separators.push('')
    args.push(parseLevels(p))
  }
  return finishCall(p, start, written, args, separators.length > 0 ? separators : undefined)
}

function parseLevels(p: TokenStream): KeywordArg {
  const { start, pos } = p
  while (!p.at(')') && p.type !== 'End') p.advance()
  return { kind: 'KeywordArg', word: sourceText(p, pos, p.pos), span: p.spanFrom(start) }
}

/** Levels, flags and length. */
function parseWeightNumbers(p: TokenStream): Expr[] {
  const numbers = [takeNumber(p)]
  while (numbers.length < 3) {
    p.expect(',')
    numbers.push(takeNumber(p))
  }
  return numbers
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
