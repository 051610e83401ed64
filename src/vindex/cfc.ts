import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import { concatenate, functionalInfo, prefixDestination, sameBytes } from './functional.ts'
import { parseJsonIntegerList } from './json-integers.ts'
import { md5 } from './md5.ts'
import { invalid, valueBytes } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'
import { xxhash64 } from './xxhash64.ts'

/**
 * `cfc`, the concatenated fixed-width composite: a key made of several parts in one column, cut at the byte
 * `offsets`; each part is hashed on its own, so that keys with a common beginning have ids with a common beginning and
 * `LIKE 'abc%'` reaches a key range. Without `hash` the key is its own id.
 */
export const createCfc: VindexFactory = (name, params) => {
  const hash = partHash(name, params)
  const offsets = hash === undefined ? [] : parseOffsets(name, params)
  const idOf = (bytes: Uint8Array) => {
    if (hash === undefined) return keyspaceId(bytes)
    const need = offsets[offsets.length - 1]
    if (bytes.length < need) {
      throw invalid(`insufficient size for cfc vindex ${name}. need ${need}, got ${bytes.length}`)
    }
    return hashParts(bytes, offsets, hash)
  }
  return {
    kind: 'single',
    ...functionalInfo('cfc', { name, cost: 1, params, known: ['hash', 'offsets'] }),
    map: (v) => ({ kind: 'KeyspaceId', id: idOf(valueBytes(v)) }),
    verify: (v, id) => sameBytes(idOf(valueBytes(v)), id),
    prefix: {
      cost: offsets.length || 2,
      map(pattern) {
        const { prefix, isWhole } = patternPrefix(valueBytes(pattern))
        if (hash === undefined) return prefixDestination(prefix)
        // What follows the last offset is hashed as a whole: the beginning of it says nothing.
        const known = isWhole ? prefix : prefix.subarray(0, offsets[offsets.length - 1])
        return prefixDestination(hashParts(known, offsets, hash))
      },
    },
  }
}

type PartHash = (part: Uint8Array) => Uint8Array

// A hash is no longer than the part it stands for: long ids make comparisons slow.
function partHash(name: string, params: Readonly<Record<string, string>>): PartHash | undefined {
  const hash = params['hash'] ?? ''
  switch (hash) {
    case '':
      return undefined
    case 'md5':
      return (part) => md5(part).subarray(0, part.length)
    case 'xxhash64':
      return (part) => xxhash64(part).subarray(0, part.length)
    default:
      throw invalid(`invalid hash ${hash} to CFC vindex ${name}`)
  }
}

function parseOffsets(name: string, params: Readonly<Record<string, string>>): readonly number[] {
  const text = params['offsets'] ?? ''
  if (text === '') throw invalid('CFC vindex requires offsets when hash is defined')
  const offsets = parseJsonIntegerList(text)
  const valid = offsets?.every((offset, i) => offset > (i === 0 ? 0 : offsets[i - 1]))
  if (offsets === undefined || offsets.length === 0 || !valid) {
    throw invalid(`invalid offsets ${text} to CFC vindex ${name}. expected sorted positive ints in brackets`)
  }
  return offsets
}

/** Hashes the whole parts of a key and what follows the last offset; a part that is not whole is left out. */
function hashParts(bytes: Uint8Array, offsets: readonly number[], hash: PartHash): KeyspaceId {
  const parts: Uint8Array[] = []
  let start = 0
  for (const end of offsets) {
    if (bytes.length < end) return concatenate(parts)
    parts.push(hash(bytes.subarray(start, end)))
    start = end
  }
  if (start < bytes.length) parts.push(hash(bytes.subarray(start)))
  return concatenate(parts)
}

// Characters after a backslash that stand for others; any other character stands for itself.
const escapes = new Map([
  [0x30, 0x00], // \0
  [0x62, 0x08], // \b
  [0x6e, 0x0a], // \n
  [0x72, 0x0d], // \r
  [0x74, 0x09], // \t
  [0x5a, 0x1a], // \Z
])

/** A LIKE pattern up to its first wildcard, unescaped. */
function patternPrefix(pattern: Uint8Array): { readonly prefix: Uint8Array; readonly isWhole: boolean } {
  const prefix: number[] = []
  let isWhole = true
  for (let i = 0; i < pattern.length; i++) {
    const byte = pattern[i]
    if (byte === 0x25 || byte === 0x5f) {
      isWhole = false // % _
      break
    }
    if (byte !== 0x5c || i === pattern.length - 1) {
      prefix.push(byte)
    } else {
      i++
      prefix.push(escapes.get(pattern[i]) ?? pattern[i])
    }
  }
  return { prefix: Uint8Array.from(prefix), isWhole }
}
