import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import type { Literal, Statement } from '../../../src/sql/ast.ts'
import { tablesOf } from '../../../src/sql/tables-of.ts'
import { visit } from '../../../src/sql/visit.ts'
import { applicationStatements } from './queries.ts'
import { mysqlStatements } from './statements.ts'
import { parse } from './support.ts'

/** Where another parser accepts a statement too, both must find the same tables, columns and literals. */

interface Found {
  readonly tables: readonly string[]
  /** `[table.]column@offset`. */
  readonly columns: readonly string[]
  readonly literals: readonly string[]
}

type OtherNode = Readonly<Record<string, unknown>>
type OtherParser = new () => {
  parse(sql: string, options: object): { readonly tableList: readonly string[]; readonly ast: unknown }
}
const { Parser } = createRequire(import.meta.url)('node-sql-parser/build/mysql') as { Parser: OtherParser }
const other = new Parser()

function foundByOther(sql: string): Found | undefined {
  try {
    const { tableList, ast } = other.parse(sql, { parseOptions: { includeLocations: true } })
    const columns: string[] = []
    const literals: string[] = []
    collectOther(ast, columns, literals)
    return {
      tables: sorted(tableList.map(tableOfOther)),
      columns: sorted(columns),
      literals: sorted(literals),
    }
  } catch {
    return undefined
  }
}

/** `select::schema::table`, where the schema may be null. */
function tableOfOther(entry: string): string {
  const [, schema, table] = entry.split('::')
  return schema === 'null' ? table : `${schema}.${table}`
}

function collectOther(value: unknown, columns: string[], literals: string[]): void {
  if (typeof value !== 'object' || value === null) return
  const node = value as OtherNode
  const { type, loc } = node
  if (type === 'column_ref' && node['column'] !== '*' && loc !== undefined) {
    const { offset } = (loc as { start: { offset: number } }).start
    columns.push(columnText(nameOf(node['table']), nameOf(node['column']) ?? '', offset))
  } else if (type === 'number' || type === 'single_quote_string')
    literals.push(String(node['value']).replace(/^-/, ''))
  for (const key in node) if (key !== 'loc') collectOther(node[key], columns, literals)
}

/** A name, which is an object when it was quoted and qualified. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return value as string | undefined
  const { value: name, expr } = value as { value?: string; expr?: { value: string } }
  return name ?? expr?.value
}

function columnText(table: string | null | undefined, column: string, offset: number): string {
  return `${table ? `${table}.` : ''}${column}@${offset}`
}

function foundByUs(statement: Statement): Found {
  const columns: string[] = []
  const literals: string[] = []
  // The columns that INSERT and UPDATE write to have no position in the other tree.
  const written = new Set<object>()
  visit(statement, (node) => {
    if (node.kind === 'Assignment') written.add(node.column)
    if (node.kind === 'Insert') for (const column of node.columns ?? []) written.add(column)
    if (node.kind === 'Column' && !written.has(node)) {
      const { qualifiers, name, span } = node
      columns.push(columnText(qualifiers.at(-1), name, span.start))
    } else if (node.kind === 'Literal') addLiteral(node, literals)
    return undefined
  })
  const tables = tablesOf(statement).map(({ qualifier, name }) => (qualifier ? `${qualifier}.${name}` : name))
  return { tables: sorted(tables), columns: sorted(columns), literals: sorted(literals) }
}

function addLiteral({ type, text }: Literal, literals: string[]): void {
  if (type === 'String') literals.push(text.slice(1, -1))
  else if (type === 'Int' || type === 'Decimal' || type === 'Float')
    literals.push(String(Math.abs(Number(text))))
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}

/** The other parser counts the names that a WITH clause defines as tables. */
function ctesOf(statement: Statement): ReadonlySet<string> {
  const names = new Set<string>()
  visit(statement, (node) => {
    if (node.kind === 'Cte') names.add(node.name)
    return undefined
  })
  return names
}

/** What the other parser gets wrong: doubled quotes in names, BINARY as an operator, `((a))` and tables like it. */
const mistaken = /``|BINARY|\(\((a|t3)\)\)/

const isQuery = /^\s*\(*\s*(SELECT|INSERT|REPLACE|UPDATE|DELETE|WITH)/i

describe('node-sql-parser', () => {
  const accepted = [...applicationStatements, ...mysqlStatements]
    .filter((sql) => isQuery.test(sql) && !mistaken.test(sql))
    .map((sql) => ({ sql, found: foundByOther(sql) }))
    .filter((one): one is { sql: string; found: Found } => one.found !== undefined)

  it('accepts enough for a comparison', () => {
    expect(accepted.length).toBeGreaterThan(40)
  })

  it.each(accepted)('finds the tables, columns and literals that we find: $sql', ({ sql, found }) => {
    const statement = parse(sql)
    const defined = ctesOf(statement)
    const tables = found.tables.filter((table) => !defined.has(table))
    expect(foundByUs(statement)).toEqual({ ...found, tables })
  })
})
