import type { TableName, TableRef } from '../sql/ast.ts'
import { type Part, rewrite } from '../sql/visit.ts'
import { cteNames } from './cte-references.ts'
import { makeAlias } from './make-node.ts'

/** For MariaDB, where `Users` of WITH is meant by `users`, too: the same with the names that its tables of WITH have. */
export function withOwnCteNames<S extends Part>(part: S): S {
  const own = cteNames(part, lowerCase)
  return rewrite(part, (node) => (node.kind === 'Table' ? named(node, own.get(node.name)) : undefined))
}

/**
 * Shards get tables without their keyspace: what was `main.users` could be a table of WITH there. That one gets another name.
 * `references`: those names of the part that stand for tables of WITH.
 */
export function withoutHidingCtes<S extends Part>(part: S, references: ReadonlySet<TableName>): S {
  const hiding = new Set<string>()
  for (const [name, own] of cteNames(part, lowerCase)) if (!references.has(name)) hiding.add(own)
  if (hiding.size === 0) return part
  const otherName = (name: string) => (hiding.has(name) ? `_shardgate_with_${name}` : name)
  const renamed = <T extends Part>(within: T): T =>
    rewrite(within, (node) => {
      switch (node.kind) {
        case 'Cte':
          return { ...node, name: otherName(node.name), query: renamed(node.query) }
        case 'Table':
          return references.has(node.name) ? named(node, otherName(node.name.name)) : undefined
        case 'TableQuery':
          if (!references.has(node.name) || !hiding.has(node.name.name)) return undefined
          return renamed({ ...node, name: { ...node.name, name: otherName(node.name.name) } })
        default:
          return undefined
      }
    })
  return renamed(part)
}

function lowerCase(name: string): string {
  return name.toLowerCase()
}

/** Another name for the same table, which is still called as before; undefined where it has that name. */
export function named(node: TableRef, name: string | undefined): TableRef | undefined {
  if (name === undefined || name === node.name.name) return undefined
  return { ...node, name: { ...node.name, name }, alias: node.alias ?? makeAlias(node.name.name) }
}
