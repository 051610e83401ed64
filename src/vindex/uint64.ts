/**
 * 64-bit integers as two 32-bit halves: keyspace ids are made millions of times a second, and a BigInt costs an
 * allocation at each step.
 *
 * A parser answers whether the text is a number; the number is then in `parsed` (`[high, low]`) until the next call.
 */

import { invalid } from './value-bytes.ts'

export const parsed = new Uint32Array(2)

const space = 0x20
const tab = 0x09
const plus = 0x2b
const minus = 0x2d
const zero = 0x30
const two32 = 0x1_0000_0000
// Fifteen digits are below 2^53: one double holds them exactly.
const exactDigits = 15

/**
 * Vitess's `Value.ToCastUint64` (fastparse.ParseUint64): spaces and tabs around decimal digits, no sign, at most
 * 2^64 - 1. The type of the value does not matter, only its text.
 */
export function parseUint64(text: Uint8Array): boolean {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return parseDigits(text, start, end)
}

/** Go's `strconv.ParseInt(s, 10, 64)`, then cast to unsigned: an optional sign and digits, nothing else. */
export function parseInt64(text: Uint8Array): boolean {
  const sign = text.length > 0 ? text[0] : 0
  const signed = sign === minus || sign === plus
  if (!parseDigits(text, signed ? 1 : 0, text.length)) return false
  const magnitudeHigh = parsed[0]
  if (sign !== minus) return magnitudeHigh <= 0x7fff_ffff
  if (magnitudeHigh > 0x8000_0000 || (magnitudeHigh === 0x8000_0000 && parsed[1] !== 0)) return false
  negate()
  return true
}

/** Go's `strconv.Atoi`, for small numbers. Throws for text that is no integer. */
export function parseGoInt(text: string): number {
  const n = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(n)) return n
  const problem = Number.isNaN(n) ? 'invalid syntax' : 'value out of range'
  throw invalid(`strconv.Atoi: parsing "${text}": ${problem}`)
}

/** Eight bytes, the most significant first. */
export function bigEndian(high: number, low: number): Uint8Array {
  const bytes = new Uint8Array(8)
  bytes[0] = high >>> 24
  bytes[1] = high >>> 16
  bytes[2] = high >>> 8
  bytes[3] = high
  bytes[4] = low >>> 24
  bytes[5] = low >>> 16
  bytes[6] = low >>> 8
  bytes[7] = low
  return bytes
}

/** The four bytes from `at`, the most significant first, as a signed 32-bit integer. */
export function readBigEndian32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
}

/** The unsigned integer of eight bytes, in decimal digits. */
export function uint64Text(bytes: Uint8Array): string {
  const high = BigInt(readBigEndian32(bytes, 0) >>> 0)
  return ((high << 32n) | BigInt(readBigEndian32(bytes, 4) >>> 0)).toString()
}

function parseDigits(text: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false
  let at = start
  let n = 0
  for (const stop = Math.min(end, start + exactDigits); at < stop; at++) {
    const digit = text[at] - zero
    if (digit < 0 || digit > 9) return false
    n = n * 10 + digit
  }
  let high = Math.floor(n / two32)
  let low = n % two32
  for (; at < end; at++) {
    const digit = text[at] - zero
    if (digit < 0 || digit > 9) return false
    low = low * 10 + digit
    const carry = Math.floor(low / two32)
    low %= two32
    high = high * 10 + carry
    if (high >= two32) return false
  }
  parsed[0] = high
  parsed[1] = low
  return true
}

function negate(): void {
  const low = (~parsed[1] + 1) >>> 0
  parsed[0] = ~parsed[0] + (low === 0 ? 1 : 0)
  parsed[1] = low
}

function isBlank(byte: number): boolean {
  return byte === space || byte === tab
}
