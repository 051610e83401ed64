import { allKeywords, type Keyword } from './keywords.ts'

/**
 * Finds keywords in a text without making a string: an open-addressing table over a hash that callers compute while
 * they look for the word's end. Letters' case is ignored.
 */
const SIZE = 8192
const table: (Keyword | undefined)[] = new Array(SIZE).fill(undefined)

/** One step of the hash; start with 0. */
export const hashStep = (hash: number, c: number): number => (Math.imul(hash, 33) + (c | 32)) | 0

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SIZE - 1)
}

for (const word of allKeywords()) {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i))
  let slot = slotOf(hash)
  while (table[slot] !== undefined) slot = (slot + 1) & (SIZE - 1)
  table[slot] = word as Keyword
}

/** The keyword that `sql` holds from `start` to `end`, in upper case, or ''. */
export function findKeyword(sql: string, start: number, end: number, hash: number): Keyword | '' {
  let slot = slotOf(hash)
  for (;;) {
    const word = table[slot]
    if (word === undefined) return ''
    if (word.length === end - start && equalsWord(sql, start, word)) return word
    slot = (slot + 1) & (SIZE - 1)
  }
}

function equalsWord(sql: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const want = word.charCodeAt(i)
    const have = sql.charCodeAt(start + i)
    if (have !== want && (want < 65 || want > 90 || have !== want + 32)) return false
  }
  return true
}

/** As findKeyword, for a word whose hash is not at hand. */
export function keywordAt(sql: string, start: number, end: number): Keyword | '' {
  let hash = 0
  for (let i = start; i < end; i++) hash = hashStep(hash, sql.charCodeAt(i))
  return findKeyword(sql, start, end, hash)
}
