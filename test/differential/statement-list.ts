import { readFileSync } from 'node:fs'

/**
 * A list of statements in a text file:
 *
 *     # why these statements
 *     %% foundrows              for the whole list: the client sets CLIENT_FOUND_ROWS
 *     %% admin                  for the whole list: the proxy's client has role admin, as the plain server's may do everything
 *     %% catalogue              for the whole list: where columns of information_schema come from may differ, for MySQL makes
 *                               them by queries of its own, whose plans change with its statistics
 *     % differs message: why    for the next statement: a difference that is meant
 *     SELECT …
 *       continued               lines that begin with white space go on with the statement
 *
 * Directives: `1235` (the proxy refuses it), `unordered` (ORDER BY leaves ties), `mariadb` and `mysql` (only there),
 * `text` (not by the binary protocol), `differs FIELD, FIELD: REASON` (`differs@mysql`, `differs@mariadb`: on that one), `may differ FIELD: REASON`,
 * `params [JSON]` (values for `?`), `literal` (the
 * proxy writes what the session knows into the text, so that columns are those of a literal, not of a function),
 * `catalogue` (which table of MySQL's dictionary a column of information_schema is said to be of depends on the plan).
 */
export interface StatementList {
  readonly name: string
  readonly foundRows: boolean
  readonly isAdmin: boolean
  readonly statements: readonly ListedStatement[]
}

export interface ListedStatement {
  readonly sql: string
  readonly line: number
  readonly refused: boolean
  readonly unordered: boolean
  readonly only: 'mariadb' | 'mysql' | undefined
  readonly textOnly: boolean
  /** Fields that may differ, each with the reason. */
  readonly differs: ReadonlyMap<string, string>
  readonly params: readonly JsonParam[] | undefined
}

/** A number is sent as BIGINT or DOUBLE, text as VAR_STRING, `{"hex"}` as BLOB, `{"datetime"}` as DATETIME. */
export type JsonParam = null | number | string | { readonly hex: string } | { readonly datetime: string }

/** The reason of `may differ`: it need not show. */
export const MAYBE = 'maybe'

/** What may differ about a literal's columns; rows of the binary protocol differ with the types. */
const LITERAL_FIELDS = ['length', 'type', 'flags', 'decimals', 'collationId']
  .flatMap((field) => [`column.${field}`, `prepared.column.${field}`])
  .concat('binary rows')

/** What hangs on the plan by which MySQL reads its data dictionary. */
const CATALOGUE_FIELDS = ['schema', 'table', 'orgTable', 'orgName', 'length', 'type', 'flags', 'decimals']
  .flatMap((field) => [`column.${field}`, `prepared.column.${field}`])
  .concat('binary rows')
const READS_CATALOGUE = /\binformation_schema\b|^(?:\/\*.*?\*\/\s*)?show\b/i

export function readStatementList(file: URL, flavor: 'mysql' | 'mariadb'): StatementList {
  const lines = readFileSync(file, 'utf8').split('\n')
  const statements: (ListedStatement & { readonly differs: Map<string, string> })[] = []
  const ofList: string[] = []
  let directives: string[] = []
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith('%%')) ofList.push(line.slice(2).trim())
    else if (line.startsWith('%')) directives.push(line.slice(1).trim())
    else if (/^\s/.test(line)) {
      const before = statements.pop()!
      statements.push({ ...before, sql: `${before.sql}\n${line.trim()}` })
    } else {
      statements.push(parseStatement(line, { line: i + 1, directives, flavor }))
      directives = []
    }
  }
  const name = /([^/]+)\.txt$/.exec(file.pathname)![1]!
  if (ofList.includes('catalogue')) {
    for (const { sql, differs } of statements) {
      if (READS_CATALOGUE.test(sql)) for (const field of CATALOGUE_FIELDS) differs.set(field, MAYBE)
    }
  }
  return { name, foundRows: ofList.includes('foundrows'), isAdmin: ofList.includes('admin'), statements }
}

function parseStatement(
  sql: string,
  {
    line,
    directives,
    flavor,
  }: { readonly line: number; readonly directives: readonly string[]; readonly flavor: string },
): ListedStatement & { readonly differs: Map<string, string> } {
  const differs = new Map<string, string>()
  let params: readonly JsonParam[] | undefined
  const words = new Set<string>()
  for (const directive of directives) {
    const [, word, rest] = /^(\S+)\s*(.*)$/.exec(directive)!
    if (word === 'may') {
      const [, fields] = /^differ ([^:]+):\s*\S/.exec(rest!)!
      for (const field of fields!.split(',')) differs.set(field.trim(), MAYBE)
    } else if (word === 'params') params = JSON.parse(rest!) as JsonParam[]
    else if (word === 'differs' || word === `differs@${flavor}`) {
      const [, fields, reason] = /^([^:]+):\s*(.+)$/.exec(rest!)!
      for (const field of fields!.split(',')) differs.set(field.trim(), reason!)
    } else if (word === 'catalogue') {
      for (const field of CATALOGUE_FIELDS) differs.set(field, MAYBE)
    } else if (word === 'literal' || word === 'differs@mysql' || word === 'differs@mariadb') {
      if (word !== 'literal') continue
      for (const field of LITERAL_FIELDS) differs.set(field, MAYBE)
    } else words.add(word!)
  }
  const only = words.has('mariadb') ? 'mariadb' : words.has('mysql') ? 'mysql' : undefined
  for (const word of words) {
    if (!['1235', 'unordered', 'mariadb', 'mysql', 'text'].includes(word)) {
      throw new Error(`line ${line}: unknown directive ${word}`)
    }
  }
  return {
    sql,
    line,
    refused: words.has('1235'),
    unordered: words.has('unordered'),
    only,
    textOnly: words.has('text'),
    differs,
    params,
  }
}
