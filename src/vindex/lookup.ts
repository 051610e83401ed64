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

const known = [
  'autocommit',
  'batch_lookup',
  'from',
  'ignore_nulls',
  'multi_shard_autocommit',
  'no_verify',
  'read_lock',
  'table',
  'to',
  'write_only',
]

export const lookupFactories: ReadonlyMap<string, VindexFactory> = new Map(
  Object.entries(lookupTypes).map(([type, { cost, unique }]) => [
    type,
    (name, params) => ({
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
    }),
  ]),
)
