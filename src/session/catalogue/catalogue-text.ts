import { notSupported } from '../../errors/sql-error.ts'
import type { Statement, TableName, TableQuery, TableRef } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { visit } from '../../sql/visit.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { isCatalogueTable } from '../../vschema/catalogue-tables.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Reading } from '../statements/reading.ts'
import type { CatalogueContext } from './catalogue-context.ts'
import { pullTable } from './pull-table.ts'
import { constantQuery } from './system-table.ts'
import { wantedRows } from './wanted-rows.ts'

/** Text that stands in place of another one. */
interface Splice {
  readonly span: { readonly start: number; readonly end: number }
  readonly text: string
}

export interface ReadStatement {
  readonly sql: string
  readonly statement: Statement
  readonly reading: Reading
}

/**
 * A query of information_schema as any one server can answer it: in place of each table that no server has the rows of stands
 * a query of these rows, under the name that the table has in the statement. Nothing else of the text changes.
 */
export async function catalogueText(
  context: CatalogueContext,
  { sql, statement, reading }: ReadStatement,
): Promise<string> {
  const places = placesOf(statement, reading.target.keyspace)
  const wanted = wantedRows(statement, reading)
  const options = { isMariadb: context.proxy.isMariadb, isWide: !/utf8(?!mb4)/i.test(sql) }
  const splices = await Promise.all(
    places.map(async (place): Promise<Splice> => {
      const { qualifier = reading.target.keyspace, name: table } = place.name
      const rows = await pullTable(context, { schema: qualifier, table }, wanted.get(place.name) ?? {})
      return spliceOf(place, constantQuery(rows, options), sql)
    }),
  )
  return spliced(sql, [...splices, ...unqualifiedColumns(statement)])
}

/** Where a table stands: in FROM, or as a query of its own, `TABLE information_schema.schemata`. */
type Place = TableRef | TableQuery

function placesOf(statement: Statement, defaultSchema: string): readonly Place[] {
  const named = new Set(
    tablesOf(statement).filter(({ qualifier = defaultSchema, name }: TableName) =>
      isCatalogueTable(qualifier, name),
    ),
  )
  const places: Place[] = []
  visit(statement, (node) => {
    if ((node.kind === 'Table' || node.kind === 'TableQuery') && named.has(node.name)) places.push(node)
    return undefined
  })
  return places
}

function spliceOf(place: Place, query: string, sql: string): Splice {
  const { name, span } = place.name
  const named = `${query} AS ${quoteName(name)}`
  if (place.kind === 'Table') return { span, text: place.alias === undefined ? named : query }
  const [keyword] = /\bTABLE\s+$/i.exec(sql.slice(0, span.start)) ?? []
  if (keyword === undefined) throw notSupported('TABLE and a comment')
  return { span: { start: span.start - keyword.length, end: span.end }, text: `SELECT * FROM ${named}` }
}

/** Columns by the full name of a table, `information_schema.TABLES.TABLE_NAME`: what stands there now is of no schema. */
function unqualifiedColumns(statement: Statement): readonly Splice[] {
  const splices: Splice[] = []
  visit(statement, (node) => {
    if (node.kind !== 'Column' && node.kind !== 'Star') return undefined
    const [schema, table] = node.qualifiers
    if (table === undefined || !isSystemSchema(schema)) return undefined
    const column = node.kind === 'Star' ? '*' : quoteName(node.name)
    splices.push({ span: node.span, text: `${quoteName(table)}.${column}` })
    return undefined
  })
  return splices
}

function spliced(sql: string, splices: readonly Splice[]): string {
  let text = sql
  for (const { span, text: other } of [...splices].sort((a, b) => b.span.start - a.span.start))
    text = text.slice(0, span.start) + other + text.slice(span.end)
  return text
}
