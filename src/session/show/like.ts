/**
 * LIKE over names, as SHOW has it: case-insensitive, `%` and `_`, backslash as escape. `literal` is the pattern's
 * source text with its quotes.
 */
export function likeMatcher(literal: string): (name: string) => boolean {
  const pattern = literal.slice(1, -1).toLowerCase()
  return (name) => matches(pattern, 0, name.toLowerCase(), 0)
}

function matches(pattern: string, p: number, text: string, t: number): boolean {
  let star = -1
  let restart = 0
  while (t < text.length) {
    const c = pattern[p]
    if (c === '%') {
      star = p++
      restart = t
    } else if (c === '_' || (c !== undefined && literalAt(pattern, p) === text[t])) {
      p += c === '\\' ? 2 : 1
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++restart
    } else return false
  }
  while (pattern[p] === '%') p++
  return p >= pattern.length
}

/** The character that stands at `p`, an escape resolved. */
function literalAt(pattern: string, p: number): string | undefined {
  return pattern[p] === '\\' && p + 1 < pattern.length ? pattern[p + 1] : pattern[p]
}
