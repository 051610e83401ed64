import { SqlError } from '../errors/sql-error.ts'
import { allShards, type Destination, noShard } from '../key/destination.ts'
import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import type { Value } from '../values/value.ts'
import type { SingleColumnVindex, VindexInfo } from './vindex.ts'

/** The description of a functional vindex, which is unique and reads no table. */
export function functionalInfo(
  type: string,
  options: {
    readonly name: string
    readonly cost: number
    readonly params: Readonly<Record<string, string>>
    readonly known?: readonly string[]
  },
): VindexInfo {
  const { name, cost, params, known = [] } = options
  return { name, type, cost, unique: true, needsLookup: false, unknownParams: unknownParams(params, known) }
}

/** A single-column vindex made of one function from a value to its id; undefined where no row can have the value. */
export function hashingVindex(
  info: VindexInfo,
  hash: (value: Value) => KeyspaceId | undefined,
): SingleColumnVindex & { readonly hash: (value: Value) => KeyspaceId | undefined } {
  return {
    kind: 'single',
    ...info,
    hash,
    map(value) {
      const id = hash(value)
      return id === undefined ? noShard : { kind: 'KeyspaceId', id }
    },
    verify(value, id) {
      const own = hash(value)
      return own !== undefined && sameBytes(own, id)
    },
  }
}

/** The id of a value; a value that the vindex cannot take is in no row, as one without an id is. */
export function idOrNone(
  hash: (value: Value) => KeyspaceId | undefined,
  value: Value,
): KeyspaceId | undefined {
  try {
    return hash(value)
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

/** All ids that begin with the prefix; every id for an empty one. */
export function prefixDestination(prefix: Uint8Array): Destination {
  if (prefix.length === 0) return allShards
  return { kind: 'KeyRange', range: { start: prefix, end: successor(prefix) } }
}

/** The bytes as a number plus one, in as many bytes; nothing (an open bound) after the highest. */
export function successor(bytes: Uint8Array): Uint8Array {
  const next = Uint8Array.from(bytes)
  for (let i = next.length - 1; i >= 0; i--) {
    next[i]++
    if (next[i] !== 0) return next
  }
  return new Uint8Array(0)
}

export function concatenate(parts: readonly Uint8Array[]): KeyspaceId {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return keyspaceId(bytes)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function unknownParams(params: Readonly<Record<string, string>>, known: readonly string[]): string[] {
  return Object.keys(params)
    .filter((name) => !known.includes(name))
    .sort()
}
