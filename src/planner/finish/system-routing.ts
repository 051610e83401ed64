import type { Routing } from '../../plan/routing.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { Expr, Query } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'
import { planList, planValue } from '../values.ts'

/**
 * Where a query of information_schema goes: `table_schema = 'shop'` asks about keyspace shop, which only its own shards
 * know. The values are known when the query runs.
 */
export function systemRouting(query: Query, otherwise: Routing): Routing {
  const schemas: PlanValue[] = []
  const lists: number[] = []
  visit(query, (node) => {
    if (node.kind === 'In' && !node.negated && node.right.kind === 'List' && namesSchema(node.left)) {
      const list = planList(node.right)
      if (list?.kind === 'Slot') lists.push(list.slot)
      else if (list?.kind === 'Values') schemas.push(...list.values)
    }
    if (node.kind !== 'Comparison') return undefined
    const { op, left, right } = node
    if (op !== '=' && op !== '<=>') return undefined
    const value = namesSchema(left) ? planValue(right) : namesSchema(right) ? planValue(left) : undefined
    if (value !== undefined) schemas.push(value)
    return undefined
  })
  if (schemas.length === 0 && lists.length === 0) return otherwise
  const { keyspace } = otherwise
  return { kind: 'SystemSchema', keyspace, schemas, ...(lists.length === 0 ? {} : { lists }) }
}

/** Columns of information_schema, performance_schema, sys and mysql that hold the name of a schema. */
const schemaColumns: ReadonlySet<string> = new Set(['schema_name', 'object_schema', 'database_name', 'db'])

export function namesSchema(expr: Expr): boolean {
  if (expr.kind !== 'Column') return false
  const name = expr.name.toLowerCase()
  return schemaColumns.has(name) || name.endsWith('_schema')
}
