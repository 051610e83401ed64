import { blockCommentEnd, isDashComment, isVersioned, lineEnd, quotedEnd, versionedBody } from './chars.ts'
import type { LexOptions } from './lexer.ts'
import { ANSI_QUOTES, NO_BACKSLASH_ESCAPES } from './sql-mode.ts'

/**
 * Client character sets of which a byte beyond ASCII (0xA0, the no-break space; 0xFF in DOS code pages) is a blank
 * between tokens. In all others such bytes belong to identifiers, or to nothing.
 * Source: observed in MySQL 9.7 and MariaDB 10.11, byte by byte.
 */
const BLANKS: ReadonlyMap<string, string> = new Map([
  ...['armscii8', 'cp1250', 'dec8', 'geostd8', 'greek', 'hebrew', 'latin1', 'latin2', 'latin5', 'latin7'].map(
    (name) => [name, '\xa0'] as const,
  ),
  ...['cp852', 'cp866', 'keybcs2'].map((name) => [name, '\xff'] as const),
])

/**
 * `sql`, a binary string in the client's character set `charset`, with a space for each byte that only its character set makes a blank; those in strings, quoted
 * names and comments stay. Nothing behind this needs to know the character set to tell tokens apart.
 */
export function blanksToSpaces(sql: string, charset: string, options: LexOptions): string {
  const blank = BLANKS.get(charset)
  return blank === undefined || !sql.includes(blank) ? sql : replaceBlanks(sql, blank, options)
}

function replaceBlanks(sql: string, blank: string, options: LexOptions): string {
  let text = ''
  let from = 0
  let pos = 0
  while (pos < sql.length) {
    if (sql[pos] === blank) {
      text += `${sql.slice(from, pos)} `
      from = ++pos
    } else pos = skipEnd(sql, pos, blank, options)
  }
  return text + sql.slice(from)
}

/** End of what begins at `pos` and keeps its bytes: a quoted text or a comment as a whole, else a single character. */
function skipEnd(sql: string, pos: number, blank: string, { mode, serverVersion }: LexOptions): number {
  switch (sql[pos]) {
    case "'":
      return orTextEnd(sql, quotedEnd(sql, pos, (mode & NO_BACKSLASH_ESCAPES) === 0))
    case '"':
      return orTextEnd(sql, quotedEnd(sql, pos, (mode & (NO_BACKSLASH_ESCAPES | ANSI_QUOTES)) === 0))
    case '`':
      return orTextEnd(sql, quotedEnd(sql, pos, false))
    case '#':
      return lineEnd(sql, pos)
    case '-':
      return isDashComment(sql, pos) || sql.startsWith(`--${blank}`, pos) ? lineEnd(sql, pos) : pos + 1
    case '/':
      return sql[pos + 1] === '*' ? commentEnd(sql, pos, serverVersion) : pos + 1
    default:
      return pos + 1
  }
}

/** What a versioned comment holds is text like any other. */
function commentEnd(sql: string, pos: number, serverVersion: number): number {
  const versioned = isVersioned(sql, pos, serverVersion)
  const body = versioned ? versionedBody(sql, pos, serverVersion) : 0
  return body > 0 ? body : orTextEnd(sql, blockCommentEnd(sql, pos, versioned))
}

function orTextEnd(sql: string, end: number): number {
  return end < 0 ? sql.length : end
}
