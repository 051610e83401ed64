import { allShards, noShard } from '../key/destination.ts'
import { concatenate, functionalInfo, prefixDestination, sameBytes } from './functional.ts'
import { hashOfUnsigned } from './hash.ts'
import { parsed, parseUint64 } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { MultiColumnVindex, VindexFactory } from './vindex.ts'

/**
 * `region_experimental` over (region, id): one or two bytes of the region number (`region_bytes`), then the `hash` of
 * the id, so that a region's rows lie together. The region alone maps to a key range.
 */
export const createRegionExperimental: VindexFactory = (name, params) => {
  const regionBytes = parseRegionBytes(params['region_bytes'])
  const map: MultiColumnVindex['map'] = (values) => {
    if (values.length === 0) return allShards
    if (values.length > 2 || !parseUint64(values[0].bytes)) return noShard
    const region = regionPrefix(parsed[1], regionBytes)
    if (values.length === 1) return prefixDestination(region)
    const hash = hashOfUnsigned(values[1])
    return hash === undefined ? noShard : { kind: 'KeyspaceId', id: concatenate([region, hash]) }
  }
  return {
    kind: 'multi',
    ...functionalInfo('region_experimental', { name, cost: 1, params, known: ['region_bytes'] }),
    columnCount: 2,
    partial: true,
    map,
    verify: (values, id) => verifyByMap(map, values, id),
  }
}

/** The low bytes of a region number. */
export function regionPrefix(region: number, regionBytes: number): Uint8Array {
  return regionBytes === 1 ? Uint8Array.of(region) : Uint8Array.of(region >>> 8, region)
}

/** Whether the values map to just this id. */
export function verifyByMap(
  map: MultiColumnVindex['map'],
  ...[values, id]: Parameters<MultiColumnVindex['verify']>
): boolean {
  const destination = map(values)
  return destination.kind === 'KeyspaceId' && sameBytes(destination.id, id)
}

function parseRegionBytes(text: string | undefined): number {
  if (text === undefined) throw invalid('region_experimental missing region_bytes param')
  if (text !== '1' && text !== '2') throw invalid(`region_bytes must be 1 or 2: ${text}`)
  return Number(text)
}
