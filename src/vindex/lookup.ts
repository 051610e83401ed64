import { invalid } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

/** Lookup types and what sets them apart; costs are Vitess's. */
const lookupTypes = {
  lookup: { cost: 20, unique: false },
  lookup_unique: { cost: 10, unique: true },
  lookup_hash: { cost: 20, unique: false },
  lookup_hash_unique: { cost: 10, unique: true },
  lookup_unicodeloosemd5_hash: { cost: 20, unique: false },
  lookup_unicodeloosemd5_hash_unique: { cost: 10, unique: true },
  consistent_lookup: { cost: 20, unique: false },
  consistent_lookup_unique: { cost: 10, unique: true },
} as const

const flags = [
  'autocommit',
  'batch_lookup',
  'ignore_nulls',
  'multi_shard_autocommit',
  'no_verify',
  'write_only',
] as const
const known: readonly string[] = [...flags, 'from', 'read_lock', 'table', 'to']
const readLocks = ['exclusive', 'none', 'shared']

export const lookupFactories: ReadonlyMap<string, VindexFactory> = new Map(
  Object.entries(lookupTypes).map(([type, { cost, unique }]) => [
    type,
    (name, params) => {
      checkParams(params)
      return {
        kind: 'lookup',
        name,
        type,
        cost,
        unique,
        needsLookup: true,
        unknownParams: Object.keys(params)
          .filter((param) => !known.includes(param))
          .sort(),
        params,
        backfilling: params['write_only'] === 'true',
      }
    },
  ]),
)

function checkParams(params: Readonly<Record<string, string>>): void {
  for (const flag of flags) {
    const text = params[flag] ?? 'false'
    if (text !== 'true' && text !== 'false') {
      throw invalid(`${flag} value must be 'true' or 'false': '${text}'`)
    }
  }
  const lock = params['read_lock']
  if (lock !== undefined && !readLocks.includes(lock)) throw invalid(`invalid read_lock value: ${lock}`)
}
