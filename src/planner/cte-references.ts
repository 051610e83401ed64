import type { TableName } from '../sql/ast.ts'
import { type AnyNode, type Part, visit } from '../sql/visit.ts'

/** Name of a table that no server looks for. */
export const UNREAD_TABLE = '_shardgate_unread'

/**
 * The names that stand for a table of WITH: for one that stands before it in its own clause, or in a clause around. Any other of that
 * name is a table of a keyspace, as in `WITH users AS (SELECT * FROM users) …`.
 * Source: MySQL manual, "WITH (Common Table Expressions)".
 */
export function cteReferences(part: Part): ReadonlySet<TableName> {
  const found = new Set<TableName>()
  collect(part, new Set(), found)
  return found
}

function collect(part: Part, names: ReadonlySet<string>, found: Set<TableName>): void {
  visit(part, (node) => {
    if (node.kind === 'Table' || node.kind === 'TableQuery') {
      const { name } = node
      if (name.qualifier === undefined && (names.has(name.name) || name.name === UNREAD_TABLE))
        found.add(name)
    }
    if (!('with' in node) || node.with === undefined) return undefined
    const { with: clause, ...rest } = node
    const inner = new Set(names)
    for (const { name, query } of clause.tables) {
      collect(query, clause.recursive ? new Set([...inner, name]) : inner, found)
      inner.add(name)
    }
    collect(rest as AnyNode, inner, found)
    return 'skip'
  })
}
