import type { Statement, TableName } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { visit } from '../sql/visit.ts'
import { schemaColumnOf } from '../vschema/catalogue-tables.ts'
import { fold } from './fold.ts'

/** A text may concern information_schema: what others cost is this test. */
export function mayNameInformationSchema(sql: string, defaultSchema: string): boolean {
  return defaultSchema.toLowerCase() === INFORMATION_SCHEMA || /information_schema/i.test(sql)
}

const INFORMATION_SCHEMA = 'information_schema'

/**
 * The statement with only those rows of information_schema that are of the given schemas: each of its tables becomes a
 * query of it. Undefined where that cannot be done: a table that is not known here, or where no query may stand.
 */
export function withOwnSchemas(
  sql: string,
  statement: Statement,
  { schemas, defaultSchema }: { readonly schemas: readonly string[]; readonly defaultSchema: string },
): string | undefined {
  const named = tablesOf(statement).filter(
    ({ qualifier }) => fold(qualifier ?? defaultSchema) === INFORMATION_SCHEMA,
  )
  const queries = new Map<TableName, string>()
  visit(statement, (node) => {
    if (node.kind !== 'Table' || !named.includes(node.name)) return undefined
    const query = queryOf(node.name, schemas)
    const alias = node.alias === undefined ? ` AS ${quote(node.name.name)}` : ''
    if (query !== undefined) queries.set(node.name, `${query}${alias}`)
    return undefined
  })
  if (queries.size < named.length) return undefined
  let text = sql
  for (const [{ span }, query] of [...queries].sort(([a], [b]) => b.span.start - a.span.start))
    text = text.slice(0, span.start) + query + text.slice(span.end)
  return text
}

function queryOf({ name }: TableName, schemas: readonly string[]): string | undefined {
  const column = schemaColumnOf(name)
  if (column === undefined) return undefined
  const list = schemas.map((schema) => `'${schema.replaceAll("'", "''")}'`).join(', ')
  // An expression: a comparison of the column itself would say which keyspace the client asks about.
  const where = column === '' ? '' : ` WHERE CONCAT(${column}) IN (${list})`
  return `(SELECT * FROM ${INFORMATION_SCHEMA}.${quote(name)}${where})`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
