import type { Expr, Select, Statement, TableName, TableRef } from '../../sql/ast.ts'
import { literalValue } from '../../sql/literal-value.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { type AnyNode, visit } from '../../sql/visit.ts'
import { schemaColumnOf } from '../../vschema/catalogue-tables.ts'
import { comparedWith } from '../../vschema/compared-with.ts'
import type { Reading } from '../statements/reading.ts'

/** Which rows of a table of information_schema a statement can be about; what is absent is left open. */
export interface WantedRows {
  /** Of these schemas, in lower case. */
  readonly schemas?: ReadonlySet<string>
  /** Of tables of these names. */
  readonly tables?: readonly Buffer[]
  /** Of these columns, in lower case: those that the statement names, of whatever table. */
  readonly columns?: ReadonlySet<string>
}

/** By what WHERE says of each table that the statement names. */
export function wantedRows(statement: Statement, reading: Reading): ReadonlyMap<TableName, WantedRows> {
  const wanted = new Map<TableName, WantedRows>()
  const columns = columnsNamed(statement)
  visit(statement, (node) => {
    if (node.kind !== 'Select') return undefined
    for (const table of node.from.flatMap(tablesIn))
      wanted.set(table.name, { ...wantedOf(node, table, reading), ...(columns && { columns }) })
    return undefined
  })
  return wanted
}

/** Undefined for a statement that may mean any column: by `*`, or by what two tables have in common. */
function columnsNamed(statement: Statement): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  const counted = new Set<AnyNode>()
  let isOpen = false
  visit(statement, (node) => {
    switch (node.kind) {
      case 'Column':
        names.add(node.name.toLowerCase())
        return undefined
      case 'Aggregate':
        for (const arg of node.args) counted.add(arg) // COUNT(*) means no column
        return undefined
      case 'Join':
        for (const name of node.using ?? []) names.add(name.toLowerCase())
        isOpen ||= node.natural
        return undefined
      case 'Star':
        isOpen ||= !counted.has(node)
        return undefined
      case 'TableQuery':
        isOpen = true
        return undefined
      default:
        return undefined
    }
  })
  return isOpen ? undefined : names
}

function wantedOf(select: Select, table: TableRef, reading: Reading): WantedRows {
  const schemas = valuesOf(comparedWith(select, table, schemaColumnOf(table.name.name) ?? ''), reading)
  const tables = HAVE_TABLE_NAME.has(table.name.name.toLowerCase())
    ? valuesOf(comparedWith(select, table, 'table_name'), reading)
    : undefined
  return {
    ...(schemas && { schemas: new Set(schemas.map((name) => name.toString().toLowerCase())) }),
    ...(tables && { tables }),
  }
}

const HAVE_TABLE_NAME: ReadonlySet<string> = new Set([
  ...['tables', 'columns', 'statistics', 'key_column_usage', 'table_constraints', 'referential_constraints'],
  ...['views', 'partitions'],
])

/** Undefined unless each of them is known without a server. */
function valuesOf(exprs: readonly Expr[] | undefined, reading: Reading): readonly Buffer[] | undefined {
  const values = exprs?.map((expr) => textIn(expr, reading))
  return values?.every((value) => value !== undefined) ? values : undefined
}

function textIn(expr: Expr, { target, sqlMode }: Reading): Buffer | undefined {
  if (expr.kind === 'Function' && (expr.name === 'database' || expr.name === 'schema'))
    return expr.args.length === 0 ? Buffer.from(target.keyspace) : undefined
  if (expr.kind !== 'Literal' || expr.type !== 'String') return undefined
  const { text, type } = expr
  const { bytes } = literalValue(text, { type, start: 0, end: text.length }, sqlMode)
  return Buffer.from(bytes)
}
