import { SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { scan } from '../../sql/fingerprint.ts'
import { type ParseOptions, parseStatement } from '../../sql/parse.ts'
import { print } from '../../sql/print.ts'
import type { Scan, SlotItem } from '../../sql/scan.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { decodeBinary, encodeBinary } from '../../sql/text.ts'
import { statementKind } from './statement-kind.ts'

/** What the proxy understands of one statement. */
export interface Understood {
  readonly ok: true
  /** SELECT, INSERT, CREATE TABLE, SHOW VARIABLES … */
  readonly kind: string
  readonly fingerprint: string
  /** Source text of each literal that the fingerprint leaves out, in the order of the text. */
  readonly literals: readonly string[]
  /** `[schema.]table`, each once. */
  readonly tables: readonly string[]
  readonly printed: string
}

export interface Refused {
  readonly ok: false
  readonly errno: number
  readonly sqlState: string
  readonly message: string
}

export type Description = Understood | Refused

/** Describes `sql` (a Unicode text) as one statement: a second one behind a `;` is an error, as in MySQL. */
export function describeSql(sql: string, options: ParseOptions): Description {
  const text = encodeBinary(sql)
  return describeText(text, scan(text, options.mode, options.serverVersion), options)
}

/**
 * Describes each statement of a text, those of nothing but blanks and comments left out; behind an error the rest is
 * still read. Names and literals are UTF-8.
 */
export function describeEach(sql: string, options: ParseOptions): Description[] {
  const text = encodeBinary(sql)
  const descriptions: Description[] = []
  let at = 0
  for (;;) {
    const found = scan(text, options.mode, options.serverVersion, at)
    const part = text.slice(found.start, found.end)
    if (found.key !== '') {
      const again = scan(part, options.mode, options.serverVersion)
      descriptions.push(describeText(part, again, options))
    }
    if (!found.hasMore) return descriptions
    at = found.end
  }
}

function describeText(text: string, found: Scan, options: ParseOptions): Description {
  try {
    return understood(text, found, options)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const { errno, sqlState, message } = error
    return { ok: false, errno, sqlState, message }
  }
}

function understood(text: string, found: Scan, options: ParseOptions): Understood {
  const statement = parseStatement(text, options)
  return {
    ok: true,
    kind: statementKind(statement),
    fingerprint: decodeBinary(found.key),
    literals: literalsOf(text, found),
    tables: tableNames(statement),
    printed: decodeBinary(print(statement, options.mode)),
  }
}

function literalsOf(text: string, found: Scan): string[] {
  const sources: string[] = []
  const add = (item: SlotItem): void => {
    sources.push(decodeBinary(text.slice(item.start, item.end)))
  }
  for (const slot of found.slots) {
    if (slot.kind === 'literal') add(slot)
    else for (const item of slot.items) add(item)
  }
  return sources
}

function tableNames(statement: Statement): string[] {
  const names = new Set<string>()
  for (const { qualifier, name } of tablesOf(statement)) {
    names.add(qualifier === undefined ? name : `${qualifier}.${name}`)
  }
  return [...names]
}
