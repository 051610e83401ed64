import type { Literal, LiteralType } from '../ast.ts'
import type { TokenStream } from './token-stream.ts'

/**
 * Numbers where the grammar takes no expression. MySQL tells whole numbers by their size: those of 32 bits, of 64 bits,
 * and larger ones, which count as decimals.
 */

const INT32_MAX = '2147483647'
const UINT64_MAX = '18446744073709551615'

function isAtMost(digits: string, max: string): boolean {
  const significant = digits.replace(/^0+/, '')
  if (significant.length !== max.length) return significant.length < max.length
  return significant <= max
}

function take(p: TokenStream): Literal {
  const { start, type } = p
  p.advance()
  return p.literal(type as LiteralType, start)
}

/** The current token is a whole number of 32 bits, the sign among them. */
export function atSmallInt(p: TokenStream): boolean {
  return p.type === 'Int' && isAtMost(p.text, INT32_MAX)
}

export function takeSmallInt(p: TokenStream): Literal {
  if (!atSmallInt(p)) p.fail()
  return take(p)
}

/** The current token is a whole number of 64 bits. */
function atWholeNumber(p: TokenStream): boolean {
  return p.type === 'Int' && isAtMost(p.text, UINT64_MAX)
}

export function takeWholeNumber(p: TokenStream): Literal {
  if (!atWholeNumber(p)) p.fail()
  return take(p)
}

/** As atWholeNumber, or a hexadecimal number. */
export function atLength(p: TokenStream): boolean {
  return atWholeNumber(p) || p.type === 'Hex'
}

/** Any number, without a sign. */
export function takeNumber(p: TokenStream): Literal {
  if (p.type !== 'Int' && p.type !== 'Hex' && p.type !== 'Decimal' && p.type !== 'Float') p.fail()
  return take(p)
}
