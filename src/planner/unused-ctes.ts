import type { Cte, Statement, With } from '../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode, visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { keyspaceOf } from './binding/find-table.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * The statement without tables of WITH that nobody names, where one of them is about another keyspace: MySQL does not look at
 * them, and MariaDB, which looks at their names, would not find that one where the statement goes. Those with a `?` stay, for clients count them.
 */
export function withoutUnusedCtes<S extends Statement>(statement: S, context: PlanContext): S {
  const names = new Set<string>()
  let hasUnused = false
  visit(statement, (node) => {
    if (node.kind === 'Cte') names.add(node.name)
    const clause = withOf(node)
    hasUnused ||= clause !== undefined && unusedIn(node, clause).size > 0
    return undefined
  })
  if (!hasUnused) return statement
  const keyspacesOf = (part: Part) => keyspacesIn(part, names, context)
  const used = keyspacesOf(rewrite(statement, (node) => withoutUnused(node, () => true)))
  const isElsewhere = (cte: Cte) => [...keyspacesOf(cte)].some((keyspace) => !used.has(keyspace))
  return rewrite(statement, (node) => withoutUnused(node, (unused) => unused.some(isElsewhere)))
}

/** The node without its unused tables, if they are to go; undefined: they are not, but those of nodes below may be. */
function withoutUnused(node: AnyNode, mustGo: (unused: readonly Cte[]) => boolean): AnyNode | undefined {
  const clause = withOf(node)
  const unused = clause === undefined ? new Set<Cte>() : unusedIn(node, clause)
  if (clause === undefined || unused.size === 0 || !mustGo([...unused])) return undefined
  if (someNode([...unused], ({ kind }) => kind === 'Param')) return undefined
  const { with: _, ...rest } = node as AnyNode & { readonly with?: With }
  const tables = clause.tables.filter((cte) => !unused.has(cte))
  const left = (tables.length === 0 ? rest : { ...rest, with: { ...clause, tables } }) as typeof node
  return rewrite(left, (inner) => (inner === left ? undefined : withoutUnused(inner, mustGo)))
}

/** WITH of a query: that of UPDATE and DELETE MariaDB does not know. */
function withOf(node: AnyNode): With | undefined {
  return 'with' in node && node.kind !== 'Update' && node.kind !== 'Delete' ? node.with : undefined
}

/** Those that neither the query names nor another table of WITH that is used. */
function unusedIn(node: AnyNode, clause: With): ReadonlySet<Cte> {
  const unused = new Set(clause.tables)
  const use = (part: Part): void => {
    const names = namesIn(part, clause)
    for (const cte of [...unused]) {
      if (!names.has(cte.name.toLowerCase())) continue
      unused.delete(cte)
      use(cte)
    }
  }
  use(node)
  return unused
}

/** Names of tables in lower case; what is in `clause` is not looked at. */
function namesIn(part: Part, clause: With): ReadonlySet<string> {
  const names = new Set<string>()
  visit(part, (node) => {
    if (node === clause) return 'skip'
    if (node.kind === 'Table' && node.name.qualifier === undefined) names.add(node.name.name.toLowerCase())
    return undefined
  })
  return names
}

/** Of tables that are not found, what the text says. */
function keyspacesIn(
  part: Part,
  ctes: ReadonlySet<string>,
  context: PlanContext,
): ReadonlySet<string | undefined> {
  const keyspaces = new Set<string | undefined>()
  visit(part, (node) => {
    if (node.kind !== 'Table') return undefined
    const { name } = node
    const keyspace = keyspaceOf(name, context)
    if ((name.qualifier === undefined && ctes.has(name.name)) || isSystemSchema(keyspace)) return undefined
    const found = context.vschema.findTable(keyspace, name.name, context.tabletType)
    keyspaces.add(found.kind === 'found' ? found.table.keyspace : keyspace)
    return undefined
  })
  return keyspaces
}
