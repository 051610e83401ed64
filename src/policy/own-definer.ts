import { tokenize } from '../sql/lexer.ts'
import type { ParseOptions } from '../sql/parse.ts'
import { decodeBinary, unquote } from '../sql/text.ts'

/**
 * The text of a CREATE or ALTER (a binary string) with CURRENT_USER where its DEFINER is the client's own user, of whatever host:
 * users of the proxy have none, and on the servers what the client makes is the proxy's account's. As in dumps of a server where
 * the user has been an account. All other texts as they are.
 */
export function withOwnDefiner(sql: string, user: string, options: ParseOptions): string {
  if (!MAKES.test(sql) || !/\bdefiner\b/i.test(sql)) return sql
  const { mode = 0, serverVersion } = options
  const { types, starts, ends } = tokenize(sql, { mode, serverVersion })
  const textAt = (at: number) => sql.slice(starts[at], ends[at])
  // In front of what is made: behind it the word is one of a body, or SQL SECURITY DEFINER.
  const at = types.findIndex((type, i) => type === 'Ident' && /^definer$/i.test(textAt(i)))
  if (at < 0 || textAt(at + 1) !== '=') return sql
  const name = textAt(at + 2)
  const isName = types[at + 2] === 'Ident' && !/^current_user$/i.test(name)
  const isQuoted = types[at + 2] === 'Quoted' || types[at + 2] === 'String'
  if (!isName && !isQuoted) return sql
  if ((isQuoted ? unquote(name) : decodeBinary(name)) !== user) return sql
  const end = types[at + 3] === 'UserVariable' ? ends[at + 3] : ends[at + 2]
  return `${sql.slice(0, starts[at + 2])}CURRENT_USER${sql.slice(end)}`
}

/** Told by the first letters of nearly all others; it may stand in a comment with a version, as in dumps. */
const MAKES = /^(?:\s|\/\*M?!\d*)*(?:create|alter)\b/i
