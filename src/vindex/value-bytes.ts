import { SqlError } from '../errors/sql-error.ts'
import type { Value } from '../values/value.ts'

/**
 * The bytes MySQL would store for the value (Vitess's `Value.ToBytes`): literals in hex or bits are decoded, all other
 * values are their text. Throws for a malformed literal and for an expression.
 */
export function valueBytes(value: Value): Uint8Array {
  switch (value.type) {
    case 'HEXVAL':
      return decodeHexVal(value.bytes)
    case 'HEXNUM':
      return decodeHexNum(value.bytes)
    case 'BITNUM':
      return decodeBitNum(value.bytes)
    case 'EXPRESSION':
      throw invalid('expression cannot be converted to bytes')
    default:
      return value.bytes
  }
}

/** An error of the kind vtgate answers for a bad argument: 1105. */
export function invalid(message: string): SqlError {
  return new SqlError('ER_UNKNOWN_ERROR', message)
}

/** `x'0A'` */
function decodeHexVal(text: Uint8Array): Uint8Array {
  const last = text.length - 1
  const isX = text[0] === 0x78 || text[0] === 0x58
  if (last < 2 || !isX || text[1] !== 0x27 || text[last] !== 0x27) {
    throw invalid(`invalid hex value: [${text.join(' ')}]`)
  }
  return decodeHex(text.subarray(2, last))
}

/** `0x0A`; only whole bytes, as in Vitess. */
function decodeHexNum(text: Uint8Array): Uint8Array {
  if (text.length < 3 || text[0] !== 0x30 || text[1] !== 0x78) {
    throw invalid(`invalid hex number: [${text.join(' ')}]`)
  }
  return decodeHex(text.subarray(2))
}

function decodeHex(digits: Uint8Array): Uint8Array {
  for (const digit of digits) {
    if (hexDigit(digit) < 0) throw invalid(`encoding/hex: invalid byte: ${describeByte(digit)}`)
  }
  if (digits.length % 2 !== 0) throw invalid('encoding/hex: odd length hex string')
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = hexDigit(digits[2 * i]) * 16 + hexDigit(digits[2 * i + 1])
  return bytes
}

/** `0b101`: the number's bytes without leading zero bytes. Go lets single underscores stand between digits. */
function decodeBitNum(text: Uint8Array): Uint8Array {
  const digits = Buffer.from(text).toString('latin1')
  if (!/^0b(?:_?[01])+$/.test(digits)) throw invalid(`invalid bit number: [${text.join(' ')}]`)
  const bits = digits.slice(2).replaceAll('_', '').replace(/^0+/, '')
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  const padded = bits.padStart(bytes.length * 8, '0')
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(padded.slice(8 * i, 8 * i + 8), 2)
  return bytes
}

function hexDigit(char: number): number {
  if (char >= 0x30 && char <= 0x39) return char - 0x30
  const letter = char | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function describeByte(byte: number): string {
  return `U+${byte.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCharCode(byte)}'`
}
