import type { ColumnName, FileReading, Literal, Load, LoadedColumn, Statement } from '../ast.ts'
import { parseColumn, parseSingleString, parseTableName } from './names.ts'
import { takeSmallInt } from './numbers.ts'
import { parseText, parseUserVariable } from './operands.ts'
import { parseOther, skipStatement } from './other.ts'
import { parseHints, parseValueOrDefault } from './query.ts'
import { parsePartitions } from './tables.ts'
import { make, type TokenStream } from './token-stream.ts'
import { acceptCharacterSet, parseCharsetName } from './types.ts'
import { PieceBuilder } from './verbatim.ts'

/**
 * LOAD DATA and LOAD XML with INFILE; any other LOAD is passed on. How the file is read is understood where it is LOCAL.
 * Source: MySQL 9.7 manual, "LOAD DATA Statement", "LOAD XML Statement".
 */
export function parseLoad(p: TokenStream): Statement {
  const { start, pos } = p
  const pieces = new PieceBuilder(p, pos)
  p.expect('LOAD')
  const format = p.acceptOneOf(['DATA', 'XML'])
  p.acceptOneOf(['LOW_PRIORITY', 'CONCURRENT'])
  p.accept('FROM')
  const local = p.accept('LOCAL')
  if (format === undefined && !p.at('INDEX')) p.fail()
  if (format === undefined || !p.accept('INFILE')) {
    p.pos = pos
    return parseOther(p)
  }
  const file = pieces.take(parseSingleString)
  const duplicates = parseLoadOptions(p)
  p.expect('INTO')
  p.expect('TABLE')
  const table = pieces.take(parseTableName)
  const reading = local ? parseReading(p, pieces, duplicates) : undefined
  skipStatement(p)
  return make<Load>({
    kind: 'Load',
    format,
    local,
    file,
    table,
    reading,
    pieces: pieces.finish(),
    span: p.spanFrom(start),
  })
}

/** `[COUNT n] [IN PRIMARY KEY ORDER] [REPLACE|IGNORE]`. */
function parseLoadOptions(p: TokenStream): FileReading['duplicates'] {
  if (p.text.toUpperCase() === 'COUNT' && p.peekType() === 'Int') p.advance(2)
  if (p.at2('IN', 'PRIMARY')) {
    p.advance(2)
    p.expect('KEY')
    p.expect('ORDER')
  }
  const duplicates = p.acceptOneOf(['REPLACE', 'IGNORE'])
  if (duplicates === 'REPLACE') parseHints(p) // as behind FOR UPDATE
  return duplicates
}

/** Undefined where a clause is none that a file of the client can have, or its character set is not named by a word. */
function parseReading(
  p: TokenStream,
  pieces: PieceBuilder,
  duplicates: FileReading['duplicates'],
): FileReading | undefined {
  parsePartitions(p)
  const hasCharset = p.accept('CHARSET') || acceptCharacterSet(p)
  if (hasCharset && p.type === 'String') return undefined
  const charset = hasCharset ? parseCharsetName(p).toLowerCase() : undefined
  if (p.accept('ROWS')) {
    p.expect('IDENTIFIED')
    p.expect('BY')
    parseText(p)
  }
  const fields = p.acceptOneOf(['FIELDS', 'COLUMNS']) === undefined ? {} : parseTerms(p, pieces)
  const lines = p.accept('LINES') ? parseTerms(p, pieces) : {}
  const head = pieces.upTo(p.pos)
  const skippedLines = p.accept('IGNORE') ? parseSkipped(p, pieces) : undefined
  const columns = p.at('(') ? parseColumns(p, pieces) : undefined
  const set = p.accept('SET') ? parseSet(p, pieces) : []
  if (p.type !== 'End' && !p.at(';')) return undefined
  return make<FileReading>({ duplicates, charset, fields, lines, head, skippedLines, columns, set })
}

/** `TERMINATED BY`, `[OPTIONALLY] ENCLOSED BY`, `ESCAPED BY`, `STARTING BY`: the last of each counts. */
function parseTerms(p: TokenStream, pieces: PieceBuilder): FileReading['fields'] & FileReading['lines'] {
  const terms: { -readonly [K in 'terminated' | 'enclosed' | 'escaped' | 'starting']?: Literal } = {}
  for (;;) {
    p.accept('OPTIONALLY')
    const word = p.acceptOneOf(['TERMINATED', 'ENCLOSED', 'ESCAPED', 'STARTING'])
    if (word === undefined) return terms
    p.expect('BY')
    terms[TERMS[word]] = pieces.take(parseText)
  }
}

const TERMS = {
  TERMINATED: 'terminated',
  ENCLOSED: 'enclosed',
  ESCAPED: 'escaped',
  STARTING: 'starting',
} as const

function parseSkipped(p: TokenStream, pieces: PieceBuilder): Literal {
  const lines = pieces.take(takeSmallInt)
  p.expectOneOf(['LINES', 'ROWS'])
  return lines
}

function parseColumns(p: TokenStream, pieces: PieceBuilder): LoadedColumn[] {
  const columns: LoadedColumn[] = []
  p.expect('(')
  while (!p.at(')')) {
    if (columns.length > 0) p.expect(',')
    columns.push(
      p.type === 'UserVariable' ? pieces.take(parseUserVariable) : pieces.take<ColumnName>(parseColumn),
    )
  }
  p.expect(')')
  return columns
}

function parseSet(p: TokenStream, pieces: PieceBuilder): FileReading['set'] {
  const set: { readonly column: ColumnName; readonly value: FileReading['set'][number]['value'] }[] = []
  do {
    const column = pieces.take<ColumnName>(parseColumn)
    if (p.acceptOneOf(['=', ':=']) === undefined) p.fail()
    set.push({ column, value: pieces.take(parseValueOrDefault) })
  } while (p.accept(','))
  return set
}
