import type { Brand } from '../base/brand.ts'
import { SqlError } from '../errors/sql-error.ts'

/** Position of a row in its keyspace. Usually 8 bytes; compared unsigned, trailing zero bytes ignored. */
export type KeyspaceId = Brand<Uint8Array, 'KeyspaceId'>

/** Names bytes a keyspace id; the caller no longer changes them. */
export function keyspaceId(bytes: Uint8Array): KeyspaceId {
  return bytes as KeyspaceId
}

/** Order of two ids (or key range bounds): negative, zero or positive. `80` and `8000` are equal. */
export function compareKeyspaceIds(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i] - b[i]
    if (difference !== 0) return difference
  }
  if (hasNonZero(a, shared)) return 1
  return hasNonZero(b, shared) ? -1 : 0
}

/** Whether the id is the lowest of all: empty, or only zero bytes. */
export function isLowest(id: Uint8Array): boolean {
  return !hasNonZero(id, 0)
}

/** Lower-case hex, as shard names and Vitess write ids. */
export function printKeyspaceId(id: Uint8Array): string {
  let hex = ''
  for (const byte of id) hex += hexOfByte[byte]
  return hex
}

/** Reads hex digits of either case, two a byte. Throws ER_WRONG_ARGUMENTS for anything else. */
export function parseKeyspaceId(hex: string): KeyspaceId {
  if (hex.length % 2 !== 0) throw invalidHex(hex)
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(hex.charCodeAt(2 * i))
    const low = hexDigit(hex.charCodeAt(2 * i + 1))
    if (high < 0 || low < 0) throw invalidHex(hex)
    bytes[i] = high * 16 + low
  }
  return keyspaceId(bytes)
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hasNonZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return true
  return false
}

function hexDigit(char: number): number {
  if (char >= 0x30 && char <= 0x39) return char - 0x30
  const letter = char | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function invalidHex(hex: string): SqlError {
  return new SqlError('ER_WRONG_ARGUMENTS', `invalid hexadecimal keyspace id: '${hex}'`)
}
