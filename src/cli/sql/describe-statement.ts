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
  /** Of a text of several statements: the line, from 1 on, on which this one begins. */
  readonly line?: number
  /** For people: what the error may be about. */
  readonly hint?: string
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
export function* describeEach(sql: string, options: ParseOptions): Generator<Description, void> {
  const text = encodeBinary(sql)
  let from = 0
  let line = 1
  for (let hasMore = true; hasMore; ) {
    const found = scan(text, options.mode, options.serverVersion, from)
    line += newlines(text, from, found.start)
    if (found.key !== '') {
      const part = text.slice(found.start, found.end)
      const description = describeText(part, scan(part, options.mode, options.serverVersion), options)
      yield description.ok ? description : { ...description, ...hintOf(part, description, options), line }
    }
    line += newlines(text, found.start, found.end)
    from = found.end
    hasMore = found.hasMore
  }
}

function newlines(text: string, start: number, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** What MySQL's message says nothing of. */
function hintOf(text: string, { message }: Refused, options: ParseOptions): Pick<Refused, 'hint'> {
  if (/^delimiter\b/i.test(text))
    return { hint: 'DELIMITER is for the mysql client: leave it out, programs are read to their own END' }
  if (message.includes("near '?") && options.allowParams === false)
    return { hint: '? stands for a value with --prepared' }
  if (message.includes("near ':") && options.allowParams !== 'named')
    return { hint: ':name and ::list stand for values with --bind-variables' }
  return {}
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
