import { functionalInfo, hashingVindex } from './functional.ts'
import { md5 } from './md5.ts'
import { valueBytes } from './value-bytes.ts'
import type { VindexFactory } from './vindex.ts'

/** `binary_md5`: MD5 of the value's bytes, 16 bytes. */
export const createBinaryMd5: VindexFactory = (name, params) =>
  hashingVindex(functionalInfo('binary_md5', { name, cost: 1, params }), (v) => md5(valueBytes(v)))
