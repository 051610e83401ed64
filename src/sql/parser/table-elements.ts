import type { TokenStream } from './token-stream.ts'

/**
 * Reads the beginning of one element of CREATE TABLE (…), so that an error is found where the server finds it: a key or
 * constraint, or a column's name and type. What follows is passed over by the caller.
 */
export function skipElementStart(p: TokenStream): void {
  switch (p.word) {
    case 'CONSTRAINT':
    case 'PRIMARY':
    case 'UNIQUE':
    case 'INDEX':
    case 'KEY':
    case 'FULLTEXT':
    case 'SPATIAL':
    case 'FOREIGN':
    case 'CHECK':
    case 'LIKE':
    case 'PERIOD':
      return
    default:
      p.identifier()
      if (p.type !== 'Ident') p.fail()
      skipType(p)
  }
}

function skipType(p: TokenStream): void {
  const { word } = p
  p.advance()
  const needsLength =
    word === 'VARCHAR' || word === 'VARBINARY' || word === 'VARCHARACTER' || word === 'NVARCHAR'
  if (needsLength && !p.at('(')) p.fail()
  if (p.at('(') && p.peekWord() === '-') p.failAt(p.tokens.starts[p.pos + 1])
}
