import { noShard } from '../key/destination.ts'
import { concatenate, functionalInfo } from './functional.ts'
import { hashOfUnsigned } from './hash.ts'
import { parseJsonIntegers } from './json-integers.ts'
import { regionPrefix, verifyByMap } from './region-experimental.ts'
import { parseGoInt } from './uint64.ts'
import { invalid } from './value-bytes.ts'
import type { MultiColumnVindex, VindexDeps, VindexFactory } from './vindex.ts'

/**
 * `region_json` over (id, country): the region number that the JSON file `region_map` gives for the country, in
 * `region_bytes` bytes, then the `hash` of the id.
 */
export const createRegionJson: VindexFactory = (name, params, deps) => {
  const regions = readRegions(params['region_map'] ?? '', deps)
  const regionBytes = parseRegionBytes(params['region_bytes'] ?? '')
  const map: MultiColumnVindex['map'] = (values) => {
    if (values.length !== 2) return noShard
    const [number, country] = values
    const hash = hashOfUnsigned(number)
    const region = country.type === 'EXPRESSION' ? regions.get('') : regions.get(byteText(country.bytes))
    if (hash === undefined || region === undefined) return noShard
    return { kind: 'KeyspaceId', id: concatenate([regionPrefix(region, regionBytes), hash]) }
  }
  return {
    kind: 'multi',
    ...functionalInfo('region_json', { name, cost: 1, params, known: ['region_bytes', 'region_map'] }),
    columnCount: 2,
    partial: false,
    map,
    verify: (values, id) => verifyByMap(map, values, id),
  }
}

/** Region numbers, low 16 bits, by the country's bytes as text of one character a byte. */
function readRegions(path: string, deps: VindexDeps): ReadonlyMap<string, number> {
  const entries = parseJsonIntegers(deps.readFile(path))
  return new Map([...entries].map(([country, n]) => [byteText(Buffer.from(country)), Number(n & 0xffffn)]))
}

function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}

function parseRegionBytes(text: string): number {
  const n = parseGoInt(text)
  if (n !== 1 && n !== 2) throw invalid(`region_bytes must be 1 or 2: ${n}`)
  return n
}
