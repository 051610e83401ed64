import type { QueryTemplate } from '../plan/text.ts'

/** The head of an INSERT … VALUES without the word in front of its rows; undefined where it is not found. */
export function beforeValues(head: QueryTemplate): QueryTemplate | undefined {
  const last = head.at(-1)
  if (typeof last !== 'string' || !/\bVALUES?\s*$/i.test(last)) return undefined
  return [...head.slice(0, -1), last.replace(/VALUES?\s*$/i, '')]
}

/** What follows the rows begins with a name for them, which only VALUES may have: `AS fresh`. */
export function hasRowAlias([first]: QueryTemplate): boolean {
  return typeof first === 'string' && /^\s*AS\b/i.test(first)
}
