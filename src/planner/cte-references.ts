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
  return new Set(cteNames(part, (name) => name).keys())
}

/** The same, each with the name that its table of WITH has: `keyOf` is one of names that are the same. */
export function cteNames(part: Part, keyOf: (name: string) => string): ReadonlyMap<TableName, string> {
  const found = new Map<TableName, string>()
  const collect = (within: Part, names: ReadonlyMap<string, string>): void => {
    visit(within, (node) => {
      if (node.kind === 'Table' || node.kind === 'TableQuery') {
        const { name } = node
        const own = name.name === UNREAD_TABLE ? UNREAD_TABLE : names.get(keyOf(name.name))
        if (name.qualifier === undefined && own !== undefined) found.set(name, own)
      }
      if (!('with' in node) || node.with === undefined) return undefined
      const { with: clause, ...rest } = node
      const inner = new Map(names)
      for (const { name, query } of clause.tables) {
        const key = keyOf(name)
        collect(query, clause.recursive ? new Map(inner).set(key, name) : inner)
        inner.set(key, name)
      }
      collect(rest as AnyNode, inner)
      return 'skip'
    })
  }
  collect(part, new Map())
  return found
}
