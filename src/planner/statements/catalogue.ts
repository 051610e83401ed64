import type { Expr, Query, TableName } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { type AnyNode, someNode, visit } from '../../sql/visit.ts'
import {
  isCatalogueTable,
  isSessionTable,
  partColumnsOf,
  schemaColumnOf,
} from '../../vschema/catalogue-tables.ts'
import { comparedWith } from '../../vschema/compared-with.ts'
import { namesSchema } from '../finish/system-routing.ts'
import type { PlanContext } from '../plan-context.ts'
import { sessionFunctions } from '../session-names.ts'
import { planValue } from '../values.ts'

/**
 * Whether a query asks information_schema, or the process list, for more than one server has: the session puts the rows of
 * such tables together first (src/session/catalogue). What asks about one schema is left to a shard of it.
 */
export function asksCatalogue(query: Query, context: PlanContext): boolean {
  const named = tablesOf(query)
  return (
    named.some((name) => isCatalogue(name, context)) && !(named.length === 1 && isOfOneSchema(query, context))
  )
}

function isCatalogue({ qualifier, name }: TableName, { defaultKeyspace = '' }: PlanContext): boolean {
  return isCatalogueTable(qualifier ?? defaultKeyspace, name)
}

/**
 * A query of one table whose rows are those of one schema, and which every shard of it knows alike. Tables that no VSchema
 * names are on other servers than those of the schema in which they are seen.
 */
function isOfOneSchema(query: Query, { vschema }: PlanContext): boolean {
  if (vschema.defaultUnsharded !== undefined) return false
  if (query.kind !== 'Select') return false
  const [table] = query.from
  if (table?.kind !== 'Table' || isSessionTable('information_schema', table.name.name)) return false
  const column = schemaColumnOf(table.name.name)
  const [value] = (column && comparedWith(query, table, column)) || []
  if (value === undefined || !isKnown(value)) return false
  const parts = partColumnsOf(table.name.name)
  const asksParts = (node: AnyNode) =>
    node.kind === 'Star' || (node.kind === 'Column' && parts!.has(node.name.toLowerCase()))
  if (parts !== undefined && someNode(query, asksParts)) return false
  // Anything but that one comparison would meet names that no shard knows.
  const computed = query.items.filter((item) => item.kind === 'SelectExpr' && item.expr.kind !== 'Column')
  return schemasNamedIn([query.where, query.having, ...computed]) === 1
}

function schemasNamedIn(parts: readonly (AnyNode | undefined)[]): number {
  let count = 0
  visit(parts, (node) => {
    if (node.kind === 'Column' && namesSchema(node)) count++
    return undefined
  })
  return count
}

function isKnown(value: Expr): boolean {
  if (value.kind === 'Function') return sessionFunctions.get(value.name) === 'database'
  return planValue(value) !== undefined
}
