import type { Span } from './ast/node.ts'
import { blockCommentEnd, isDashComment, isVersioned, lineEnd, quotedEnd, versionedBody } from './chars.ts'
import type { Scan } from './scan.ts'
import { NO_BACKSLASH_ESCAPES } from './sql-mode.ts'

/** A text and how it was read. */
export interface ScannedText {
  readonly sql: string
  readonly scan: Scan
}

/**
 * The name of a column that has no alias: the text of its expression, blanks and comments and all. A versioned comment has
 * no marks there, and where it is left out there is nothing of it. Literals, which other texts of the same key have others
 * of, are told by their slots.
 */
export function columnName(
  { sql, scan }: ScannedText,
  span: Span,
  { serverVersion, sqlMode }: { readonly serverVersion: number; readonly sqlMode: number },
): readonly (string | { readonly slot: number })[] {
  const pieces: (string | { readonly slot: number })[] = []
  let kept = span.start
  let pos = span.start
  const leaveOut = (from: number, to: number) => {
    if (from > kept) pieces.push(sql.slice(kept, from))
    kept = to
    pos = to
  }
  let slot = scan.slots.findIndex(({ start }) => start >= span.start)
  while (pos < span.end) {
    const next = scan.slots[slot]
    const c = sql[pos]
    if (next !== undefined && next.start === pos) {
      leaveOut(pos, next.end)
      pieces.push({ slot })
      slot++
    } else if (c === '`' || c === '"' || c === "'")
      pos = endOr(quotedEnd(sql, pos, c !== '`' && (sqlMode & NO_BACKSLASH_ESCAPES) === 0), span.end)
    else if (c === '#' || isDashComment(sql, pos)) pos = lineEnd(sql, pos)
    else if (sql.startsWith('*/', pos)) leaveOut(pos, pos + 2)
    else if (!sql.startsWith('/*', pos)) pos++
    else if (isVersioned(sql, pos, serverVersion)) {
      const body = versionedBody(sql, pos, serverVersion)
      leaveOut(pos, body > 0 ? body : endOr(blockCommentEnd(sql, pos, true), span.end))
    } else pos = endOr(blockCommentEnd(sql, pos, false), span.end)
  }
  leaveOut(span.end, span.end)
  return pieces
}

function endOr(end: number, otherwise: number): number {
  return end < 0 ? otherwise : end
}
