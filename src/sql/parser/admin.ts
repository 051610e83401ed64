import type { Flush, Statement, TableAdmin, TableName } from '../ast.ts'
import type { Keyword } from '../keywords.ts'
import { parseTableName } from './names.ts'
import { parseOther, skipStatement } from './other.ts'
import type { TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** Statements that administer tables: ANALYZE, CHECK, CHECKSUM, OPTIMIZE, REPAIR TABLE; FLUSH. */

export function parseTableAdmin(p: TokenStream): Statement {
  const skipped = p.peekWord() === 'LOCAL' || p.peekWord() === 'NO_WRITE_TO_BINLOG' ? 2 : 1
  const next = p.peekWord(skipped)
  if (next !== 'TABLE' && next !== 'TABLES') return parseOther(p)
  const { start } = p
  const pieces = new PieceBuilder(p, p.pos)
  const verb = p.expectOneOf(['ANALYZE', 'CHECK', 'CHECKSUM', 'OPTIMIZE', 'REPAIR'])
  p.advance(skipped)
  const tables = takeTables(p, pieces)
  skipStatement(p)
  const node: TableAdmin = {
    kind: 'TableAdmin',
    verb,
    tables,
    pieces: pieces.finish(),
    span: p.spanFrom(start),
  }
  return node
}

function takeTables(p: TokenStream, pieces: PieceBuilder): TableName[] {
  const tables: TableName[] = []
  do tables.push(pieces.take(parseTableName))
  while (p.accept(','))
  return tables
}

/** FLUSH [LOCAL] options, or FLUSH [LOCAL] TABLES [t, …] […]. */
export function parseFlush(p: TokenStream): Flush {
  const { start } = p
  const pieces = new PieceBuilder(p, p.pos)
  p.expect('FLUSH')
  const local = p.acceptOneOf(['LOCAL', 'NO_WRITE_TO_BINLOG']) !== undefined
  const options: string[] = []
  let tables: TableName[] = []
  if (p.acceptOneOf(['TABLES', 'TABLE']) !== undefined) {
    options.push('TABLES')
    if (p.atIdentifier()) tables = takeTables(p, pieces)
    skipStatement(p)
  } else takeOptions(p, options)
  return { kind: 'Flush', local, options, tables, pieces: pieces.finish(), span: p.spanFrom(start) }
}

/** One or more options, each a few words, separated by commas. */
function takeOptions(p: TokenStream, options: string[]): void {
  do {
    const words: (Keyword | string)[] = []
    while (p.type === 'Ident') {
      words.push(p.takeName().toUpperCase())
    }
    if (words.length === 0) p.fail()
    options.push(words.join(' '))
    while (p.type !== 'End' && !p.at(',') && !p.at(';')) p.advance()
  } while (p.accept(','))
}
