/** What the reading of a text takes for each token, at its peak: slots, keys, nodes. Measured at 36 to 73 bytes that stay. */
const TOKEN_BYTES = 100

/** Texts that are shorter take too little to be looked at. */
export const COSTLY_TEXT_BYTES_MIN = 128 * 1024

/**
 * About the bytes of memory that reading and planning a text takes: tokens count, what is in quotes does not. A megabyte of
 * `(1,1),` takes 70 of them, one of a picture none.
 */
export function parseCost(sql: string): number {
  let tokens = 0
  for (let pos = 0; pos < sql.length; pos++) {
    const c = sql.charCodeAt(pos)
    if (c === QUOTE || c === DOUBLE_QUOTE || c === BACKTICK) {
      const end = sql.indexOf(sql[pos], pos + 1)
      if (end < 0) break
      pos = end
    } else if (!isWord(c)) tokens++
  }
  return tokens * TOKEN_BYTES
}

const QUOTE = 0x27
const DOUBLE_QUOTE = 0x22
const BACKTICK = 0x60

/** Letters, digits and bytes of other characters, which make up one token. */
function isWord(c: number): boolean {
  return (
    (c >= 0x30 && c <= 0x39) ||
    (c >= 0x41 && c <= 0x5a) ||
    (c >= 0x61 && c <= 0x7a) ||
    c >= 0x80 ||
    c === 0x5f
  )
}
