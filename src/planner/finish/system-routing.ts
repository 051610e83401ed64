import type { Routing } from '../../plan/routing.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { Expr, Query } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import { planValue } from '../values.ts'

/**
 * Where a query of information_schema goes: `table_schema = 'shop'` asks about keyspace shop, which only its own shards
 * know. The values are known when the query runs.
 */
export function systemRouting(query: Query, otherwise: Routing): Routing {
  const schemas: PlanValue[] = []
  visit(query, (node) => {
    if (node.kind !== 'Comparison') return undefined
    const { op, left, right } = node
    if (op !== '=' && op !== '<=>') return undefined
    const value = namesSchema(left) ? planValue(right) : namesSchema(right) ? planValue(left) : undefined
    if (value !== undefined) schemas.push(value)
    return undefined
  })
  return schemas.length === 0 ? otherwise : { kind: 'SystemSchema', keyspace: otherwise.keyspace, schemas }
}

/** Columns of information_schema, performance_schema, sys and mysql that hold the name of a schema. */
const schemaColumns: ReadonlySet<string> = new Set(['schema_name', 'object_schema', 'database_name', 'db'])

function namesSchema(expr: Expr): boolean {
  if (expr.kind !== 'Column') return false
  const name = expr.name.toLowerCase()
  return schemaColumns.has(name) || name.endsWith('_schema')
}
