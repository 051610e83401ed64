import { isUtf8 } from 'node:buffer'
import { keyspaceId } from '../key/keyspace-id.ts'
import type { Value } from '../values/value.ts'
import { RootCollation } from './collation.ts'
import { functionalInfo, hashingVindex } from './functional.ts'
import { quoteBytes } from './go-text.ts'
import { md5 } from './md5.ts'
import { invalid, valueBytes } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'
import { xxhash64 } from './xxhash64.ts'

/** `unicode_loose_md5`: MD5 of the text's primary weights: letter case, accents and trailing spaces do not count. */
export const createUnicodeLooseMd5: VindexFactory = (name, params) => {
  const keyOf = looseKeys('UnicodeLooseMD5')
  return hashingVindex(functionalInfo('unicode_loose_md5', { name, cost: 1, params }), (v) => md5(keyOf(v)))
}

/** `unicode_loose_xxhash`: xxHash64 of the same weights, least significant byte first. */
export const createUnicodeLooseXxhash: VindexFactory = (name, params) => {
  const keyOf = looseKeys('UnicodeLooseXXHash')
  return hashingVindex(functionalInfo('unicode_loose_xxhash', { name, cost: 1, params }), (v) =>
    keyspaceId(xxhash64(keyOf(v))),
  )
}

let shared: RootCollation | undefined

/**
 * Makes the function from a value to its text's primary weights, which are valid until the next call. It throws for
 * bytes that are not UTF-8. The collation is loaded here, so that no query waits for it.
 */
function looseKeys(vindex: string): (value: Value) => Uint8Array {
  shared ??= new RootCollation()
  const collation = shared
  return (v) => {
    const bytes = valueBytes(v)
    if (!isUtf8(bytes)) {
      throw invalid(`${vindex}.Map: cannot normalize string containing invalid UTF-8: ${quoteBytes(bytes)}`)
    }
    let end = bytes.length
    while (end > 0 && bytes[end - 1] === 0x20) end--
    return collation.key(bytes.subarray(0, end))
  }
}
