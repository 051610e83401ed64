/** An exact decimal number: `unscaled / 10^scale`. */
export interface Decimal {
  readonly unscaled: bigint
  /** Digits behind the point, 0 or more. */
  readonly scale: number
}

/** The most digits a MySQL DECIMAL holds. */
export const decimalDigitsMax = 65

export const decimalZero: Decimal = { unscaled: 0n, scale: 0 }

/** Reads `-12.340`, `.5` or `7.`; undefined for anything else (no blanks, no exponent). */
export function parseDecimal(text: string): Decimal | undefined {
  const negative = text.charCodeAt(0) === 0x2d
  const start = negative || text.charCodeAt(0) === 0x2b ? 1 : 0
  const point = text.indexOf('.', start)
  const whole = text.slice(start, point < 0 ? text.length : point)
  const fraction = point < 0 ? '' : text.slice(point + 1)
  const digits = whole + fraction
  if (digits.length === 0 || !isDigits(digits)) return undefined
  const magnitude = BigInt(digits)
  return { unscaled: negative ? -magnitude : magnitude, scale: fraction.length }
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.scale === b.scale) return { unscaled: a.unscaled + b.unscaled, scale: a.scale }
  if (a.scale < b.scale) return addDecimals(b, a)
  return { unscaled: a.unscaled + b.unscaled * powerOfTen(a.scale - b.scale), scale: a.scale }
}

/** Negative, zero or positive; 1.0 and 1.00 are equal. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const left = a.scale < b.scale ? a.unscaled * powerOfTen(b.scale - a.scale) : a.unscaled
  const right = b.scale < a.scale ? b.unscaled * powerOfTen(a.scale - b.scale) : b.unscaled
  return left < right ? -1 : left > right ? 1 : 0
}

/** The same number with `scale` digits behind the point, rounded half away from zero as MySQL rounds decimals. */
export function rescaleDecimal(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) {
    return { unscaled: value.unscaled * powerOfTen(scale - value.scale), scale }
  }
  const divisor = powerOfTen(value.scale - scale)
  const half = divisor / 2n
  const away = value.unscaled < 0n ? -half : half
  return { unscaled: (value.unscaled + away) / divisor, scale }
}

/**
 * Quotient as MySQL's `decimal_div` computes it: truncated (not rounded) at a whole number of nine-digit words that
 * hold at least `dividend.scale + scaleIncrement` digits. Where that is exactly the wanted scale, the last digit stays
 * truncated in the result: AVG of a DECIMAL(10,5) gives 0.666666666 for 2/3.
 * Source: strings/decimal.cc, `do_div_mod`.
 */
export function divideDecimal(dividend: Decimal, divisor: bigint, scaleIncrement: number): Decimal {
  const dividendScale = wholeWords(dividend.scale)
  const missing = Math.max(0, scaleIncrement - (dividendScale - dividend.scale))
  const scale = wholeWords(dividendScale + missing)
  return { unscaled: (dividend.unscaled * powerOfTen(scale - dividend.scale)) / divisor, scale }
}

/** `-0.50`: all `scale` digits, a digit before the point, no sign for zero. */
export function formatDecimal(value: Decimal): string {
  const negative = value.unscaled < 0n
  const magnitude = formatDigits((negative ? -value.unscaled : value.unscaled).toString(), value.scale)
  return negative ? `-${magnitude}` : magnitude
}

/** The digits with `scale` of them behind the point and at least one before it. */
export function formatDigits(digits: string, scale: number): string {
  if (scale === 0) return digits
  const padded = digits.padStart(scale + 1, '0')
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** Digits of the number before the point (0 for 0.5) plus its scale: what a DECIMAL must hold. */
export function decimalDigits(value: Decimal): number {
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled
  return magnitude === 0n ? value.scale : Math.max(magnitude.toString().length, value.scale)
}

const digitsPerWord = 9
const powersOfTen = Array.from({ length: 2 * decimalDigitsMax }, (_, exponent) => 10n ** BigInt(exponent))

function powerOfTen(exponent: number): bigint {
  return powersOfTen[exponent] ?? 10n ** BigInt(exponent)
}

function wholeWords(digits: number): number {
  return Math.ceil(digits / digitsPerWord) * digitsPerWord
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char < 0x30 || char > 0x39) return false
  }
  return true
}
