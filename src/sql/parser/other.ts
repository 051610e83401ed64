import type { Other } from '../ast.ts'
import { scan } from '../fingerprint.ts'
import type { TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** Statement passed on whole, classified by its first word. */
export function parseOther(p: TokenStream): Other {
  const { start, word } = p
  const pieces = new PieceBuilder(p, p.pos)
  skipStatement(p)
  return { kind: 'Other', verb: word, pieces: pieces.finish(), span: p.spanFrom(start) }
}

/** As parseOther, for a block with `;` of its own. */
export function parseProgram(p: TokenStream): Other {
  const { start, word } = p
  const pieces = new PieceBuilder(p, p.pos)
  skipProgram(p)
  return { kind: 'Other', verb: word, pieces: pieces.finish(), span: p.spanFrom(start) }
}

/** Moves to the statement's end: `;` or the end of the text. What can be in no statement is an error. */
export function skipStatement(p: TokenStream): void {
  while (p.type !== 'End' && !p.at(';')) {
    if (p.type === 'Bad') p.fail()
    p.advance()
  }
}

/**
 * As skipStatement, for a stored program, whose body has `;` of its own: to the `;` at which the fingerprint pass, which
 * splits texts, ends the statement.
 */
export function skipProgram(p: TokenStream): void {
  const { mode, serverVersion } = p.options
  const { end } = scan(p.sql, mode, serverVersion, p.tokens.starts[0])
  while (p.type !== 'End') {
    if (p.type === 'Bad') p.fail()
    if (p.at(';') && (p.start >= end - 1 || p.peekType() === 'End')) return
    p.advance()
  }
}
