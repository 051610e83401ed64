import type { LiteralType } from './ast.ts'
import { wholeNumberType } from './chars.ts'

/** Type of the literal that a token is, its sign included: a number that no integer type holds is a decimal. */
export function literalType(tokenType: LiteralType, text: string): LiteralType {
  if (tokenType !== 'Int') return tokenType
  const isSigned = text.startsWith('-') || text.startsWith('+')
  return wholeNumberType(text, isSigned ? 1 : 0, text.length)
}
