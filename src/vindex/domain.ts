import type { Vindex } from './vindex.ts'

/** What a vindex reads of a column's value. */
export type VindexDomain =
  /** The integer that the text spells. */
  | 'integer'
  /** The bytes; its columns hold strings. */
  | 'bytes'
  /** The text's bytes; its columns hold strings or integers. */
  | 'any'
  /** Letters without case and accents. */
  | 'loose'
  /** Nothing: all values have one id. */
  | 'constant'

/** Domain of a vindex's column number `column`. */
export function domainOf(vindex: Vindex, column: number): VindexDomain {
  switch (vindex.type) {
    case 'hash':
    case 'numeric':
    case 'numeric_static_map':
    case 'reverse_bits':
    case 'region_experimental':
      return 'integer'
    case 'region_json':
      return column === 0 ? 'integer' : 'bytes'
    case 'binary':
    case 'cfc':
      return 'bytes'
    case 'unicode_loose_md5':
    case 'unicode_loose_xxhash':
    case 'lookup_unicodeloosemd5_hash':
    case 'lookup_unicodeloosemd5_hash_unique':
      return 'loose'
    case 'null':
      return 'constant'
    default:
      return 'any'
  }
}

/** Which texts that a collation calls equal have one id: all of them, those of the basic plane, or not even those. */
export type Fidelity = 'all' | 'basic plane' | 'none'

/** Of texts in a column of the collation, which may be a CHAR. An integer has one spelling that has an id. */
export function fidelityOf(domain: VindexDomain, isChar: boolean, collation: string): Fidelity {
  const name = collation.toLowerCase()
  if (domain === 'constant' || domain === 'integer' || name === 'binary') return 'all'
  if (domain === 'loose') {
    if (oldRootOrder.test(name)) return basicPlaneOnly.test(name) ? 'all' : 'basic plane'
    return name.endsWith('_bin') || rootOrder.test(name) ? 'all' : 'none'
  }
  // utf8mb4_bin calls 'a' and 'a ' equal; a CHAR holds neither's space.
  return name.endsWith('_bin') && (isChar || noPadBinary.test(name)) ? 'all' : 'none'
}

/**
 * Collations of the Unicode root order: what they call equal has equal primary weights. Compared code point by code
 * point on MySQL 9.7 and MariaDB 10.11, that holds but for characters younger than the weights of unicode_loose
 * (Unicode 6.2), such as the digits of newer scripts, which 0900 and uca1400 call equal to ASCII digits.
 */
const rootOrder =
  /^(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf32)_(?:unicode_520(?:_nopad)?_ci|0900_a[is]_c[is]|uca1400(?:_nopad)?_a[is]_c[is])$/

/** Unicode 4.0: all characters beyond the basic plane are equal to each other. */
const oldRootOrder = /^(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf32)_unicode(?:_nopad)?_ci$/

const basicPlaneOnly = /^(?:utf8|utf8mb3|ucs2)_/

const noPadBinary = /_(?:0900|nopad)_bin$/
