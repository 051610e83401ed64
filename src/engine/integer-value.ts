import { type Decimal, parseDecimal, rescaleDecimal } from '../values/decimal.ts'
import { isFloat, isIntegral, isQuoted, isText, type Value, type ValueType } from '../values/value.ts'

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const uint64Max = 2n ** 64n - 1n

const zero = 0x30
const nine = 0x39

/** Digits that a double surely holds. */
export const exactDigits = 15

/** An integer as MySQL prints it: no blanks, no plus, no leading zeros. Undefined outside of what 64 bits hold. */
export function integerValue(n: bigint): Value | undefined {
  if (n < int64Min || n > uint64Max) return undefined
  return { type: n > int64Max ? 'UINT64' : 'INT64', bytes: Buffer.from(n.toString(), 'latin1') }
}

/**
 * The integer that an integer column must hold for MySQL to call it equal to the value, provided there is exactly one:
 * undefined for fractions, numbers too large for a double where doubles are compared, text such as `12abc` or `1e1`,
 * and for types that MySQL converts in its own ways. (Seen on MySQL 9.7 and MariaDB 10.11: `bigint = '90071992547409931'`
 * compares exactly, with leading blanks, zeros and plus too; `bigint = 90071992547409931e0` as doubles.)
 */
export function equalInteger(value: Value): Value | undefined {
  if (isCanonicalInteger(value)) return value
  if (value.radix !== undefined) return radixInteger(value)
  const text = textOf(value)
  if (isIntegral(value.type)) return parseInteger(text)
  if (value.type === 'DECIMAL') return wholeDecimal(parseDecimal(text))
  if (isFloat(value.type)) return wholeDouble(Number(text))
  return isCharacters(value.type) ? parseInteger(text.trimStart()) : undefined
}

/**
 * The integer that an integer column holds once MySQL has stored the value there; where strict mode refuses the value
 * the shard will say so, and without it this is what gets stored: decimals and text round half away from zero, doubles
 * half to even, text counts as far as it is a number. Undefined for types that MySQL converts in its own ways.
 */
export function storedInteger(value: Value): bigint | undefined {
  if (value.radix !== undefined) return radixNumber(value)
  const text = textOf(value)
  if (isFloat(value.type)) return roundDouble(Number(text))
  if (isIntegral(value.type) || value.type === 'DECIMAL') return roundText(text)
  return isCharacters(value.type) ? roundText(text) : undefined
}

/** Beyond 63 bits it depends on the column's sign. */
function radixNumber({ bytes, radix }: Value): bigint | undefined {
  if (radix !== 'number') return undefined
  const n = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  return n > int64Max ? undefined : n
}

function radixInteger(value: Value): Value | undefined {
  const n = radixNumber(value)
  return n === undefined ? undefined : integerValue(n)
}

/** The number that is the usual value of a literal or param, up to `exactDigits`; undefined for all others. */
export function plainInteger(value: Value): number | undefined {
  const { type, bytes } = value
  if (type !== 'INT64' || bytes.length > exactDigits || !isCanonicalInteger(value)) return undefined
  const isNegative = bytes[0] === 0x2d
  let n = 0
  for (let i = Number(isNegative); i < bytes.length; i++) n = 10 * n + (bytes[i] - zero)
  return isNegative ? -n : n
}

/** The usual value of a literal or param: `7`, `-7`, `0`, of an integer type. */
function isCanonicalInteger(value: Value): boolean {
  const { type, bytes } = value
  if (type !== 'INT64' && type !== 'UINT64') return false
  const start = bytes.length > 1 && bytes[0] === 0x2d ? 1 : 0
  const first = bytes[start]
  if (first === zero) return bytes.length === 1
  return first > zero && first <= nine && bytes.length - start < 20
}

function isCharacters(type: ValueType): boolean {
  return isText(type) && isQuoted(type)
}

function parseInteger(text: string): Value | undefined {
  return /^[+-]?[0-9]+$/.test(text)
    ? integerValue(BigInt(text.startsWith('+') ? text.slice(1) : text))
    : undefined
}

function wholeDecimal(decimal: Decimal | undefined): Value | undefined {
  if (decimal === undefined) return undefined
  const whole = rescaleDecimal(decimal, 0)
  return rescaleDecimal(whole, decimal.scale).unscaled === decimal.unscaled
    ? integerValue(whole.unscaled)
    : undefined
}

function wholeDouble(n: number): Value | undefined {
  return Number.isSafeInteger(n) ? integerValue(BigInt(n)) : undefined
}

function roundDouble(n: number): bigint | undefined {
  if (!Number.isFinite(n)) return undefined
  const floor = Math.floor(n)
  const fraction = n - floor
  const up = fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0)
  return BigInt(up ? floor + 1 : floor)
}

/** Longest exponent that is still worth computing: 64-bit integers have 20 digits. */
const exponentMax = 40

function roundText(text: string): bigint {
  const number = /^[ \t\n\v\f\r]*([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?/.exec(text)
  const [, sign, whole = '', fraction = '', exponentText = '0'] = number ?? []
  const exponent = Math.max(-exponentMax - whole.length, Math.min(Number(exponentText), exponentMax))
  const unscaled = BigInt(whole + fraction || '0')
  const scale = fraction.length - exponent
  const magnitude =
    scale <= 0 ? unscaled * 10n ** BigInt(-scale) : rescaleDecimal({ unscaled, scale }, 0).unscaled
  return sign === '-' ? -magnitude : magnitude
}

function textOf(value: Value): string {
  const { bytes } = value
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}
