import type { Statement } from '../../../src/sql/ast.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { normalize, type ParseOptions, parseStatement } from '../../../src/sql/parse.ts'
import type { Scan } from '../../../src/sql/scan.ts'

export const mysql: ParseOptions = { mode: 0, serverVersion: 90700 }
export const mariadb: ParseOptions = { mode: 0, serverVersion: 101106 }

/** SQL text as the product sees it: a binary string. */
export function binary(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice()
}

export function parse(text: string, options: ParseOptions = mysql): Statement {
  return parseStatement(binary(text), options)
}

/** The tree of a text (a binary string) that holds for every text with its key; throws where it is for this one alone. */
export function parseNormalized(sql: string, found: Scan, options: ParseOptions): Statement {
  const { statement, isShared } = normalize(sql, found, options)
  if (!isShared) throw new Error(`the parser has no node for a slot of ${sql}`)
  return statement
}

export function scanText(text: string, mode = 0, serverVersion = 90700): Scan {
  return scan(binary(text), mode, serverVersion)
}

/** A tree without its spans: what two texts of one meaning have in common. */
export function withoutSpans(value: unknown, ...alsoWithout: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutSpans(item, ...alsoWithout))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([key]) => key !== 'span' && !alsoWithout.includes(key))
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutSpans(field, ...alsoWithout)]))
}

/** The `near` text of the error that a statement raises. */
export function nearOf(text: string, options: ParseOptions = mysql): string {
  try {
    parse(text, options)
  } catch (error) {
    const { message } = error as Error
    return message.slice(message.indexOf("near '"))
  }
  return 'no error'
}
