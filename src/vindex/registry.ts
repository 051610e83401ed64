import { createBinary } from './binary.ts'
import { createBinaryMd5 } from './binary-md5.ts'
import { createCfc } from './cfc.ts'
import { createHash } from './hash.ts'
import { lookupFactories } from './lookup.ts'
import { createMulticol } from './multicol.ts'
import { createNull } from './null.ts'
import { createNumeric } from './numeric.ts'
import { createNumericStaticMap } from './numeric-static-map.ts'
import { createRegionExperimental } from './region-experimental.ts'
import { createRegionJson } from './region-json.ts'
import { createReverseBits } from './reverse-bits.ts'
import { createUnicodeLooseMd5, createUnicodeLooseXxhash } from './unicode-loose.ts'
import { invalid } from './value-bytes.ts'
import type { Vindex, VindexContext, VindexDeps, VindexFactory } from './vindex.ts'
import { createXxhash } from './xxhash.ts'

const factories: ReadonlyMap<string, VindexFactory> = new Map([
  ['binary', createBinary],
  ['binary_md5', createBinaryMd5],
  ['cfc', createCfc],
  ['hash', createHash],
  ['multicol', createMulticol],
  ['null', createNull],
  ['numeric', createNumeric],
  ['numeric_static_map', createNumericStaticMap],
  ['region_experimental', createRegionExperimental],
  ['region_json', createRegionJson],
  ['reverse_bits', createReverseBits],
  ['unicode_loose_md5', createUnicodeLooseMd5],
  ['unicode_loose_xxhash', createUnicodeLooseXxhash],
  ['xxhash', createXxhash],
  ...lookupFactories,
])

/** All types there are, sorted. */
export const vindexTypes: readonly string[] = [...factories.keys()].sort()

/**
 * Makes a vindex of the named type. Throws `SqlError` for an unknown type and for missing or wrong parameters.
 * Parameters that the type does not know are listed in the vindex's `unknownParams`.
 */
export function createVindex(
  type: string,
  name: string,
  params: Readonly<Record<string, string>>,
  deps: VindexDeps,
): Vindex {
  const factory = factories.get(type)
  if (factory === undefined) throw invalid(`vindexType ${JSON.stringify(type)} not found`)
  const create: VindexContext['create'] = (...args) => createVindex(...args, deps)
  const context = { readFile: (path: string) => deps.readFile(path), create }
  return factory(name, params, deps.lookup === undefined ? context : { ...context, lookup: deps.lookup })
}
