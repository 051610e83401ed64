import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { assert } from '../base/assert.ts'

/**
 * CLDR 23's root collation, as far as primary weights need it. scripts/collation/generate makes the file and tells where
 * it comes from.
 *
 * An element is a number: its primary weight in the lower 21 bits, its canonical combining class above them.
 */
export interface CollationData {
  /** Number of the block of 64 entries that holds a code point's entry, by code point / 64. */
  readonly blocks: Uint16Array
  /** What a code point yields; see `entryKinds`. */
  readonly entries: Uint32Array
  /** Elements of expansions. */
  readonly pool: Uint32Array
  /** Nodes of the tries of contractions: low, high, next, result, a byte each. */
  readonly states: Uint32Array
  /** Entries that contractions yield. */
  readonly results: Uint32Array
  /** Code points that normalisation may move. */
  readonly marks: ReadonlyMap<number, Mark>
  /** First and last of each run of ideographic code points, ascending. */
  readonly ideographic: Uint32Array
}

/** Normalisation properties of a code point, from its canonical decomposition. */
export interface Mark {
  /** How many non-starters the decomposition begins with. */
  readonly leadingNonStarters: number
  readonly leadingClass: number
  readonly trailingClass: number
}

/** Kinds of an entry by its upper bits; 0 is a code point whose weight is implicit. */
export const entryKinds = {
  element: 0x2000_0000,
  /** Length << 20 | position in the pool. */
  expansion: 0x4000_0000,
  /** Offset of the results << 16 | first node << 4 | number of nodes. */
  contraction: 0x8000_0000,
} as const

const magic = 'SGCOLL1\n'
let loaded: CollationData | undefined

/** The data, read from its file on the first call (a few milliseconds). The build copies the file beside the bundle. */
export function collationData(): CollationData {
  loaded ??= decode(gunzipSync(readFileSync(new URL('./data/root-collation.bin.gz', import.meta.url))))
  return loaded
}

function decode(file: Buffer): CollationData {
  assert(file.latin1Slice(0, magic.length) === magic, 'the collation data is of this version')
  let at = magic.length
  // Read byte by byte: the file is little-endian wherever it is used.
  const next = () => {
    at += 4
    return file.readUInt32LE(at - 4)
  }
  const [blocks, entries, pool, states, results, marks, ideographic] = Array.from({ length: 7 }, next)
  const array = (length: number) => Uint32Array.from({ length }, next)
  const data = {
    blocks: Uint16Array.from({ length: blocks }, (_, i) => file.readUInt16LE(at + 2 * i)),
    entries: (() => {
      at += 2 * blocks
      return array(entries)
    })(),
    pool: array(pool),
    states: array(states),
    results: array(results),
    marks: decodeMarks(array(marks)),
    ideographic: array(ideographic),
  }
  assert(at === file.length, 'the collation data is complete')
  return data
}

function decodeMarks(pairs: Uint32Array): ReadonlyMap<number, Mark> {
  const marks = new Map<number, Mark>()
  for (let i = 0; i < pairs.length; i += 2) {
    marks.set(pairs[i] & 0xff_ffff, {
      leadingNonStarters: pairs[i] >>> 24,
      leadingClass: pairs[i + 1] & 0xff,
      trailingClass: pairs[i + 1] >>> 8,
    })
  }
  return marks
}
