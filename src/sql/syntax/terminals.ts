import type { TokenType } from '../lexer.ts'
import { parseExpr } from '../parser/expressions.ts'
import { parseTableName } from '../parser/names.ts'
import { parseQuery } from '../parser/query.ts'
import type { TokenStream } from '../parser/token-stream.ts'
import type { Terminal } from './notation.ts'

/** What the rules name and no rule defines: kinds of tokens, and what the parser proper reads. */
export const terminals: Readonly<Record<string, Terminal>> = {
  ident: (p) => takeIf(p, p.atIdentifier()),
  /** `@host` behind a user's name, or `@variable`. */
  at_name: ofType('UserVariable'),
  /** One string, in no other character set. */
  string: ofType('String'),
  hex: ofType('Hex'),
  integer: ofType('Int'),
  decimal: ofType('Decimal', 'Float'),
  dollar_quoted: ofType('DollarQuoted'),
  table: (p) => p.atIdentifier() && parseTableName(p) !== undefined,
  /** Everything up to the end of the statement. */
  rest: (p) => {
    while (p.type !== 'End') p.advance()
    return true
  },
  // These three throw at the token that does not fit.
  expr: (p) => parseExpr(p) !== undefined,
  query: (p) => parseQuery(p) !== undefined,
}

function takeIf(p: TokenStream, holds: boolean): boolean {
  if (holds) p.advance()
  return holds
}

function ofType(...types: readonly TokenType[]): Terminal {
  return (p) => takeIf(p, types.includes(p.type))
}
