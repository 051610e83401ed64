import { isBlank } from './chars.ts'

const NUL = 0
const SEMICOLON = 59

/**
 * A client's text, a binary string, as a server begins to read it: without the blanks before it, and without the blanks
 * and `;` behind it. A NUL that is the last byte then ends the text, too; any other is a syntax error.
 */
export function trimText(sql: string): string {
  let start = 0
  let end = sql.length
  while (start < end && isBlank(sql.charCodeAt(start))) start++
  while (end > start && isLeftOut(sql.charCodeAt(end - 1))) end--
  if (end > start && sql.charCodeAt(end - 1) === NUL) end--
  return end - start === sql.length ? sql : sql.slice(start, end)
}

function isLeftOut(c: number): boolean {
  return c === SEMICOLON || isBlank(c)
}
