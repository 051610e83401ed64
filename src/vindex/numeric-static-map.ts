import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import { functionalInfo, hashingVindex, idOrNone } from './functional.ts'
import { parseJsonIntegers } from './json-integers.ts'
import { numericId } from './numeric.ts'
import { bigEndian, uint64Text } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { SingleColumnVindex, VindexContext, VindexFactory } from './vindex.ts'

/**
 * `numeric_static_map`: an unsigned integer replaced by the one that a JSON map (`json`, or a file `json_path`) gives
 * for it. An integer that is not in the map is its own id, or gets the one of the vindex type `fallback_type`.
 */
export const createNumericStaticMap: VindexFactory = (name, params, context) => {
  const map = readMap(params, context)
  const fallback = fallbackHash(name, params, context)
  const known = ['json', 'json_path', 'fallback_type']
  return hashingVindex(functionalInfo('numeric_static_map', { name, cost: 1, params, known }), (v) => {
    const own = numericId(v)
    if (own === undefined) return undefined
    return map.get(uint64Text(own)) ?? (fallback === undefined ? own : idOrNone(fallback, v))
  })
}

/** Ids by the decimal text of the integer. */
function readMap(
  params: Readonly<Record<string, string>>,
  context: VindexContext,
): ReadonlyMap<string, KeyspaceId> {
  const json = params['json']
  const path = params['json_path']
  if (json === undefined && path === undefined) {
    throw invalid('NumericStaticMap: Could not find either `json_path` or `json` params in vschema')
  }
  if (json !== undefined && path !== undefined) {
    throw invalid('NumericStaticMap: Found both `json` and `json_path` params in vschema')
  }
  const entries = parseJsonIntegers(path === undefined ? Buffer.from(json ?? '') : context.readFile(path))
  return new Map([...entries].map(([key, to]) => [mapKey(key), idOf(to)]))
}

function mapKey(key: string): string {
  const isDigits = /^[0-9]+$/.test(key)
  if (!isDigits) throw invalid(`strconv.ParseUint: parsing "${key}": invalid syntax`)
  if (BigInt(key) >> 64n !== 0n) throw invalid(`strconv.ParseUint: parsing "${key}": value out of range`)
  return BigInt(key).toString()
}

function idOf(n: bigint): KeyspaceId {
  return keyspaceId(bigEndian(Number(n >> 32n), Number(n & 0xffff_ffffn)))
}

// As in Vitess, a fallback type that cannot hash single values (`null`, `cfc`) has no effect.
function fallbackHash(
  name: string,
  params: Readonly<Record<string, string>>,
  context: VindexContext,
): SingleColumnVindex['hash'] {
  const type = params['fallback_type']
  if (type === undefined) return undefined
  const vindex = context.create(type, `${name}_hash`, {})
  return vindex.kind === 'single' ? vindex.hash : undefined
}
