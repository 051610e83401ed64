import { versionedBody } from './chars.ts'
import { isMariaDb } from './keywords.ts'
import { decodeBinary } from './text.ts'

/** The server cuts the text in its message after so many bytes, of characters of up to three bytes. */
const NEAR_BYTES = 80
const ELLIPSIS = '...'

/**
 * The text behind `near` in MySQL's error 1064: what stands in `sql`, a binary string, from `offset` on. The message is
 * in utf8mb3: a character of four bytes becomes a `?`, and so does each byte of one that was cut.
 */
export function nearText(sql: string, offset: number, serverVersion: number): string {
  const from = isMariaDb(serverVersion) && sql[offset] === ',' ? offset + 1 : offset // its lexer begins the next token there
  const text = untilNul(sql.slice(from, from + 4 * NEAR_BYTES))
  const isLeftOut = text.startsWith('/*!') && versionedBody(sql, offset, serverVersion) === 0
  const bytes = isLeftOut ? withoutInnerComments(text) : text
  const narrow = bytes.replace(/[\xf0-\xf4][\x80-\xbf]{3}/g, '?')
  return isMariaDb(serverVersion) ? shortened(narrow) : cut(narrow)
}

function cut(text: string): string {
  const near = text.slice(0, NEAR_BYTES)
  const whole = near.length - cutBytes(near)
  return decodeBinary(near.slice(0, whole)) + '?'.repeat(near.length - whole)
}

/** MariaDB writes `...` at the end of what it cuts, and leaves no part of a character before it. */
function shortened(text: string): string {
  if (text.length <= NEAR_BYTES) return decodeBinary(text)
  const near = text.slice(0, NEAR_BYTES - ELLIPSIS.length)
  return decodeBinary(near.slice(0, near.length - cutBytes(near))) + ELLIPSIS
}

/** The server's message is a text of C. */
function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** Number of bytes at the end that are a character's beginning only. */
function cutBytes(text: string): number {
  const cut = /[\xc2-\xdf]$|[\xe0-\xef][\x80-\xbf]?$/.exec(text)
  return cut?.[0].length ?? 0
}

/**
 * A versioned comment that is left out is the wrong token only when it has no end. The server then has looked for
 * comments inside, and written `(*` and `*)` over their ends.
 */
function withoutInnerComments(text: string): string {
  return text.slice(0, 3) + text.slice(3).replace(/\/\*([\s\S]*?)(?:\*\/|$)/g, innerComment)
}

function innerComment(comment: string, body: string): string {
  return comment.endsWith('*/') ? `(*${body}*)` : `(*${body}`
}
