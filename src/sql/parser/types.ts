import type { CastType } from '../ast.ts'
import { isMariaDb, type Keyword } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import { atSmallInt, takeSmallInt } from './numbers.ts'
import type { TokenStream } from './token-stream.ts'
import { sourceText } from './verbatim.ts'

const castTypes: ReadonlySet<Word | ''> = new Set<Word>([
  'BINARY',
  'CHAR',
  'CHARACTER',
  'NCHAR',
  'NATIONAL',
  'SIGNED',
  'UNSIGNED',
  'DATE',
  'YEAR',
  'TIME',
  'DATETIME',
  'DECIMAL',
  'DEC',
  'JSON',
  'REAL',
  'DOUBLE',
  'FLOAT',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
  'GEOMCOLLECTION',
])

/** MariaDB takes these too. */
const mariaTypes: ReadonlySet<Word | ''> = new Set<Word>([
  'GEOMETRY',
  'INT',
  'INTEGER',
  'NUMERIC',
  'TIMESTAMP',
  'VARCHAR',
  'VECTOR',
])

/** Type of CAST, CONVERT and RETURNING: a word, its length, its character set; `array`: may end with ARRAY. */
export function parseCastType(p: TokenStream, form?: 'array'): CastType {
  const isMaria = isMariaDb(p.options.serverVersion)
  if (isMaria && p.at('INTERVAL')) return parseDaySecond(p)
  if (isMaria && isPluginType(p)) return parsePluginType(p)
  const { start, word } = p
  if (!castTypes.has(word) && !(isMaria && mariaTypes.has(word))) p.fail()
  p.advance()
  const restFrom = p.pos
  parseTypeRest(p, word as Keyword)
  if (form === 'array') p.accept('ARRAY')
  return {
    kind: 'CastType',
    name: word,
    text: sourceText(p, restFrom, p.pos, 'adjacent'),
    span: p.spanFrom(start),
  }
}

/** MariaDB's types are plug-ins (INET6, UUID): a name that is no type's word may be one. */
function isPluginType(p: TokenStream): boolean {
  return p.type === 'Ident' && p.atIdentifier() && !castTypes.has(p.word) && !mariaTypes.has(p.word)
}

function parsePluginType(p: TokenStream): CastType {
  const { start } = p
  const name = p.takeName()
  const restFrom = p.pos
  parseLength(p, 2)
  const text = sourceText(p, restFrom, p.pos, 'adjacent')
  return { kind: 'CastType', name, text, span: p.spanFrom(start) }
}

/** `INTERVAL DAY_SECOND(digits)`, which MariaDB casts to and no column can be. */
function parseDaySecond(p: TokenStream): CastType {
  const { start, pos } = p
  p.advance()
  p.expect('DAY_SECOND')
  parseLength(p, 1)
  const text = sourceText(p, pos + 1, p.pos, 'adjacent')
  return { kind: 'CastType', name: 'INTERVAL', text, span: p.spanFrom(start) }
}

function parseTypeRest(p: TokenStream, word: Keyword): void {
  switch (word) {
    case 'SIGNED':
    case 'UNSIGNED':
      if (!p.accept('INTEGER')) p.accept('INT')
      return
    case 'NATIONAL':
      if (!p.accept('CHAR')) p.expect('CHARACTER')
      parseLength(p, 1)
      return
    case 'CHAR':
    case 'CHARACTER':
    case 'VARCHAR':
      parseLength(p, 1)
      parseTypeCharset(p)
      return
    case 'BINARY':
    case 'NCHAR':
    case 'VECTOR':
    case 'FLOAT':
      parseLength(p, 1)
      return
    case 'TIME':
    case 'DATETIME':
    case 'TIMESTAMP':
      parsePrecision(p)
      return
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC':
      parseLength(p, 2)
      return
    case 'DOUBLE':
      if (!p.accept('PRECISION') && isMariaDb(p.options.serverVersion)) parseLength(p, 2)
      return
    default:
  }
}

/** `(n)` or, with `numbers` 2, also `(n, m)`. */
function parseLength(p: TokenStream, numbers: 1 | 2): void {
  if (!p.accept('(')) return
  if (p.type !== 'Int' && p.type !== 'Decimal') p.fail()
  const isSmall = atSmallInt(p)
  p.advance()
  // MySQL takes a number of any size where there is one only.
  if (numbers === 2 && isSmall && p.accept(',')) takeSmallInt(p)
  p.expect(')')
}

/** `(digits)` of a fraction of seconds. */
function parsePrecision(p: TokenStream): void {
  if (!p.accept('(')) return
  takeSmallInt(p)
  p.expect(')')
}

/** `CHARACTER SET x`, `CHARSET x`, ASCII, UNICODE, BYTE, BINARY in their orders. */
function parseTypeCharset(p: TokenStream): void {
  const binaryFirst = p.accept('BINARY')
  if (!binaryFirst && p.accept('BYTE')) return
  if (p.accept('ASCII') || p.accept('UNICODE')) {
    if (!binaryFirst) p.accept('BINARY')
    return
  }
  if (!p.accept('CHARSET') && !acceptCharacterSet(p)) return
  if (!p.accept('BINARY')) p.identifierOrString()
  if (!binaryFirst) p.accept('BINARY')
}

export function acceptCharacterSet(p: TokenStream): boolean {
  if (p.acceptOneOf(['CHARACTER', 'CHAR']) === undefined) return false
  p.expect('SET')
  return true
}

/** Name of a character set: identifier, string or BINARY. */
export function parseCharsetName(p: TokenStream): string {
  if (p.accept('BINARY')) return 'binary'
  if (p.accept('ASCII')) return 'ascii'
  return p.identifierOrString()
}
