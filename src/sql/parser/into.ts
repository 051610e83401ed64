import type { Expr, Into, IntoTarget } from '../ast.ts'
import { parseCommaList, parseSingleString } from './names.ts'
import { parseUserVariable } from './operands.ts'
import type { TokenStream } from './token-stream.ts'
import { acceptCharacterSet, parseCharsetName } from './types.ts'
import { PieceBuilder } from './verbatim.ts'

/** INTO variables, OUTFILE or DUMPFILE of a query. Source: MySQL 9.7 manual, "SELECT ... INTO Statement". */
export function parseInto(p: TokenStream, place: Into['place']): Into {
  const { start } = p
  p.expect('INTO')
  const target = parseIntoTarget(p)
  return { kind: 'Into', place, target, span: p.spanFrom(start) }
}

function parseIntoTarget(p: TokenStream): IntoTarget {
  // DUMPFILE may be a variable's name.
  if (p.at('DUMPFILE') && p.peekType() === 'String') {
    p.advance()
    return { kind: 'IntoDumpfile', file: parseSingleString(p) }
  }
  if (p.accept('OUTFILE')) {
    const file = parseSingleString(p)
    const options = new PieceBuilder(p, p.pos)
    skipFileOptions(p)
    return { kind: 'IntoOutfile', file, options: options.finish() }
  }
  return { kind: 'IntoVariables', variables: parseCommaList(p, parseIntoVariable) }
}

function parseIntoVariable(p: TokenStream): Expr {
  if (p.type === 'UserVariable' || p.at('@@')) return parseUserVariable(p)
  const { start } = p
  const name = p.identifierOrString()
  return { kind: 'Column', qualifiers: [], name, span: p.spanFrom(start) }
}

/** CHARACTER SET, FIELDS and LINES of INTO OUTFILE. */
function skipFileOptions(p: TokenStream): void {
  if (p.accept('CHARSET') || acceptCharacterSet(p)) parseCharsetName(p)
  if (p.acceptOneOf(['FIELDS', 'COLUMNS']) !== undefined) skipFieldTerms(p)
  if (!p.accept('LINES')) return
  let terms = 0
  while (p.acceptOneOf(['TERMINATED', 'STARTING']) !== undefined) {
    p.expect('BY')
    skipText(p)
    terms++
  }
  if (terms === 0) p.fail()
}

function skipFieldTerms(p: TokenStream): void {
  let terms = 0
  for (;;) {
    const optionally = p.accept('OPTIONALLY')
    if (optionally) p.expect('ENCLOSED')
    else if (p.acceptOneOf(['TERMINATED', 'ENCLOSED', 'ESCAPED']) === undefined) break
    p.expect('BY')
    skipText(p)
    terms++
  }
  if (terms === 0) p.fail()
}

function skipText(p: TokenStream): void {
  if (p.type !== 'String' && p.type !== 'Hex' && p.type !== 'Bit') p.fail()
  p.advance()
}
