import { allKeywords, type Keyword } from './keywords.ts'

/**
 * Finds keywords in a text without making a string: an open-addressing table over a hash that callers compute while
 * they look for the word's end. Letters' case is ignored. Keywords are numbered from 1 on, so that what is known of
 * each may stand in a typed array; 0 is no keyword.
 */
const SIZE = 8192
const table = new Uint16Array(SIZE)
const names: (Keyword | '')[] = ['']

/** Of each keyword, the offset of its spelling in `spellings`; one more at the end. */
const offsets: number[] = [0]
const spellings: number[] = []

/** One step of the hash; start with 0. */
export const hashStep = (hash: number, c: number): number => (Math.imul(hash, 33) + (c | 32)) | 0

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SIZE - 1)
}

for (const word of allKeywords()) {
  let hash = 0
  offsets.push(spellings.length)
  for (let i = 0; i < word.length; i++) {
    hash = hashStep(hash, word.charCodeAt(i))
    spellings.push(word.charCodeAt(i) | 32)
  }
  let slot = slotOf(hash)
  while (table[slot] !== 0) slot = (slot + 1) & (SIZE - 1)
  table[slot] = names.length
  names.push(word as Keyword)
}
offsets.push(spellings.length)

const wordStarts = Uint16Array.from(offsets)
const letters = Uint8Array.from(spellings)

/** How many numbers there are: keywords, and 0. */
export const wordCount = names.length

/** The keyword, in upper case, of a number; '' of 0. */
export const wordName = (word: number): Keyword | '' => names[word]

/** Number of a keyword; for tables that are made once. */
export const wordNumber = (keyword: Keyword): number => names.indexOf(keyword)

/** Number of the keyword that `sql` holds from `start` to `end`, all of them identifier characters, or 0. */
export function findWord(sql: string, start: number, end: number, hash: number): number {
  let slot = slotOf(hash)
  for (;;) {
    const word = table[slot]
    if (word === 0 || isSpelled(sql, start, end, word)) return word
    slot = (slot + 1) & (SIZE - 1)
  }
}

/** Of identifier characters, no two that are different letters, digits or marks agree in all bits but 32. */
function isSpelled(sql: string, start: number, end: number, word: number): boolean {
  let at = wordStarts[word]
  if (wordStarts[word + 1] - at !== end - start) return false
  for (let pos = start; pos < end; pos++) if ((sql.charCodeAt(pos) | 32) !== letters[at++]) return false
  return true
}

/** As findWord, for a word whose hash is not at hand. */
export function wordAt(sql: string, start: number, end: number): number {
  let hash = 0
  for (let i = start; i < end; i++) hash = hashStep(hash, sql.charCodeAt(i))
  return findWord(sql, start, end, hash)
}

/** The keyword that `sql` holds from `start` to `end`, in upper case, or ''. */
export function keywordAt(sql: string, start: number, end: number): Keyword | '' {
  return names[wordAt(sql, start, end)]
}
