import { isMariaDb } from '../keywords.ts'
import { parseNameList } from './names.ts'
import type { TokenStream } from './token-stream.ts'

/**
 * Reads the beginning of one element of CREATE TABLE (…), so that an error is found where the server finds it: a key or
 * constraint, or a column's name and type. What follows is passed over by the caller.
 */
export function skipElementStart(p: TokenStream): void {
  switch (p.word) {
    case 'INDEX':
    case 'KEY':
      p.advance()
      skipIndexName(p, true)
      return
    case 'FULLTEXT':
    case 'SPATIAL':
      p.advance()
      p.acceptOneOf(['INDEX', 'KEY'])
      skipIndexName(p, false)
      return
    case 'CONSTRAINT':
    case 'PRIMARY':
    case 'UNIQUE':
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

/** `[IF NOT EXISTS] [name] [{USING|TYPE} type]` before the parenthesis of a key; not every key has a type. */
function skipIndexName(p: TokenStream, hasType: boolean): void {
  if (p.at2('IF', 'NOT')) p.advance(3)
  if (p.atIdentifier() && !(p.at('TYPE') && p.peekWord() !== '(')) p.advance()
  if (hasType && (p.accept('USING') || p.accept('TYPE'))) expectIndexType(p)
  if (!p.at('(')) p.fail()
}

/** What `USING` may name; unknown words are MariaDB's to judge. */
export function expectIndexType(p: TokenStream): void {
  if (isMariaDb(p.options.serverVersion)) p.advance()
  else p.expectOneOf(['BTREE', 'RTREE', 'HASH'])
}

/** `[(columns)] [MATCH …] [ON DELETE …] [ON UPDATE …]` behind REFERENCES and its table; each at most once. */
export function skipReference(p: TokenStream): void {
  if (p.at('(')) parseNameList(p)
  if (p.accept('MATCH')) {
    p.expectOneOf(['FULL', 'PARTIAL', 'SIMPLE'])
    if (p.at('MATCH')) p.fail()
  }
  const seen = new Set<string>()
  while (p.at('ON')) {
    p.advance()
    if (seen.has(p.word)) p.fail()
    seen.add(p.expectOneOf(['DELETE', 'UPDATE']))
    skipReaction(p)
  }
  if (seen.size > 0 && p.at('MATCH')) p.fail()
}

function skipReaction(p: TokenStream): void {
  if (p.accept('SET')) p.expectOneOf(['NULL', 'DEFAULT'])
  else if (p.accept('NO')) p.expect('ACTION')
  else p.expectOneOf(['RESTRICT', 'CASCADE'])
}

/** DEFAULT of a column takes a literal, a time function or an expression in parentheses; MariaDB any expression. */
export function checkDefault(p: TokenStream): void {
  const isPlainName = p.type === 'Ident' && p.word === '' && p.atIdentifier()
  const isCall = p.peekWord() === '('
  if (isPlainName && !isCall && !isMariaDb(p.options.serverVersion)) p.fail()
}
