import { type Value, value } from '../values/value.ts'
import { createUnicodeLooseMd5 } from './unicode-loose.ts'
import { invalid } from './value-bytes.ts'
import type { LookupVindex, VindexContext, VindexFactory } from './vindex.ts'

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
    (name, params, context) => {
      checkParams(params)
      return {
        ...storedBy(type, context),
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

function storedBy(type: string, context: VindexContext): Pick<LookupVindex, 'isHashed' | 'fromValue'> {
  const isHashed = type.startsWith('lookup_hash')
  if (!type.startsWith('lookup_unicodeloosemd5_hash')) return { isHashed }
  return { isHashed: true, fromValue: looseNumbers(context) }
}

/** The first eight bytes of what `unicode_loose_md5` makes of a value, most significant byte first. */
function looseNumbers(context: VindexContext): (of: Value) => Value | undefined {
  const loose = createUnicodeLooseMd5('unicode_loose_md5', {}, context)
  return (of) => {
    const id = loose.kind === 'single' ? loose.hash?.(of) : undefined
    return id && value('UINT64', Buffer.from(id).readBigUInt64BE().toString())
  }
}

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
