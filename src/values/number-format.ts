import { notFixedDecimals } from './types.ts'

/**
 * A DOUBLE as MySQL prints it: the shortest digits that read back as the same number, `1e15` and `1e-16` with an
 * exponent, all between without. With `decimals` below 31 (DOUBLE(10,2)) that many digits behind the point.
 * Source: strings/dtoa.cc, `my_gcvt` and `my_fcvt`.
 */
export function formatDouble(value: number, decimals: number = notFixedDecimals): string {
  if (decimals < notFixedDecimals) return formatFixed(value, decimals)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponentText] = Math.abs(value).toExponential().split('e')
  const digits = mantissa.replace('.', '')
  const sign = value < 0 ? '-' : ''
  // The value is 0.DIGITS x 10^pointAt, as dtoa counts.
  const pointAt = Number(exponentText) + 1
  return sign + (isPlain(digits, pointAt) ? plain(digits, pointAt) : scientific(digits, pointAt - 1))
}

/** DBL_DIG: more digits before the point, or as many zeros behind it, take an exponent, but for 1234567890123456.5. */
const digitsMax = 15

function isPlain(digits: string, pointAt: number): boolean {
  return pointAt > -digitsMax && (pointAt <= digitsMax || digits.length > pointAt)
}

function plain(digits: string, pointAt: number): string {
  if (pointAt <= 0) return `0.${'0'.repeat(-pointAt)}${digits}`
  if (digits.length <= pointAt) return digits + '0'.repeat(pointAt - digits.length)
  return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  return `${digits[0]}${fraction}e${exponent}`
}

/** Correctly rounded from the exact binary value, ties to even, as dtoa mode 3. */
function formatFixed(value: number, decimals: number): string {
  const magnitude = Math.abs(value)
  // toFixed is exact below 10^21; above, a double is an integer and BigInt prints all of its digits.
  const text = magnitude < 1e21 ? toFixedEven(magnitude, decimals) : fixedInteger(magnitude, decimals)
  return value < 0 || Object.is(value, -0) ? `-${text}` : text
}

/** `toFixed` rounds ties up; a tie is told by more digits than a double could hide a difference in. */
function toFixedEven(magnitude: number, decimals: number): string {
  const more = magnitude.toFixed(decimals + hiddenDigits)
  const cut = more.length - hiddenDigits
  const isTie = more.charCodeAt(cut) === 0x35 && isZeros(more, cut + 1)
  if (!isTie) return magnitude.toFixed(decimals)
  const truncated = decimals === 0 ? more.slice(0, cut - 1) : more.slice(0, cut)
  const isEven = truncated.charCodeAt(truncated.length - 1) % 2 === 0
  return isEven ? truncated : magnitude.toFixed(decimals)
}

const hiddenDigits = 30

function isZeros(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (text.charCodeAt(i) !== 0x30) return false
  return true
}

function fixedInteger(magnitude: number, decimals: number): string {
  const [mantissa, exponentText] = magnitude.toExponential().split('e')
  const digits = mantissa.replace('.', '').padEnd(Number(exponentText) + 1, '0')
  return decimals === 0 ? digits : `${digits}.${'0'.repeat(decimals)}`
}
