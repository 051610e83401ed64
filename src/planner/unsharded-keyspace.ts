import type { Statement } from '../sql/ast.ts'
import { visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { findTable, keyspaceOf } from './binding/find-table.ts'
import { cteReferences } from './cte-references.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * The one unsharded keyspace that has all tables of a statement. Undefined for statements without tables, and for those
 * that need more thought, such as those that draw from a sequence. Throws as findTable.
 */
export function unshardedKeyspace(statement: Statement, context: PlanContext): string | undefined {
  const ctes = cteReferences(statement)
  const keyspaces = new Set<string | undefined>()
  visit(statement, (node) => {
    if (node.kind === 'NextValues') keyspaces.add(undefined)
    if (node.kind !== 'Table') return undefined
    const { name } = node
    if (ctes.has(name)) return undefined
    if (isSystemSchema(keyspaceOf(name, context))) {
      keyspaces.add(undefined)
      return undefined
    }
    const { sharded, type, keyspace } = findTable(name, context)
    keyspaces.add(sharded || type === 'reference' ? undefined : keyspace)
    return undefined
  })
  const [keyspace] = keyspaces
  return keyspaces.size === 1 ? keyspace : undefined
}
