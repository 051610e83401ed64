import type { TokenStream } from '../parser/token-stream.ts'
import type { Terminal } from './notation.ts'

/** Numbers that MySQL's grammar tells apart by their form or their value. */
export const numberTerminals: Readonly<Record<string, Terminal>> = {
  /** Digits only. */
  integer: (p) => takeIf(p, p.type === 'Int'),
  /** At most 2147483647: MySQL's lexer gives larger ones another type. */
  int31: (p) => takeIf(p, p.type === 'Int' && Number(p.text) <= 0x7fffffff),
  /** Has a point, or an exponent. */
  decimal: (p) => takeIf(p, p.type === 'Decimal' || p.type === 'Float'),
  /** Has a point and no exponent. */
  plain_decimal: (p) => takeIf(p, p.type === 'Decimal'),
  /** A switch's value: `1.9` is 1. */
  zero_or_one: (p) => takeIf(p, integralPart(p) === 0 || integralPart(p) === 1),
  whole_zero_or_one: (p) =>
    takeIf(p, (p.type === 'Int' || p.type === 'Hex') && (integralPart(p) === 0 || integralPart(p) === 1)),
  one_or_two: (p) => takeIf(p, p.type !== 'Decimal' && (integralPart(p) === 1 || integralPart(p) === 2)),
}

/** The number's integral part: the digits that it begins with. */
function integralPart(p: TokenStream): number | undefined {
  switch (p.type) {
    case 'Int':
    case 'Decimal':
    case 'Float':
      return Number.parseInt(p.text, 10) || 0
    case 'Hex':
      return Number.parseInt(p.text.replace(/^x'|'$|^0x/gi, ''), 16)
    default:
      return undefined
  }
}

function takeIf(p: TokenStream, holds: boolean): boolean {
  if (holds) p.advance()
  return holds
}
