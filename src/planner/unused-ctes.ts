import type { Alias, Cte, Statement, TableName, With } from '../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode, visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { keyspaceOf } from './binding/find-table.ts'
import { cteReferences, UNREAD_TABLE } from './cte-references.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * For MySQL, which does no more than parse a table of WITH that nobody names: none of its tables is one that must be found.
 * They have a name that is nobody's.
 */
export function withUnusedUnread<S extends Part>(part: S): S {
  return rewrite(part, (node) => {
    const clause = 'with' in node ? node.with : undefined
    if (clause === undefined) return undefined
    const unused = unusedIn(node, clause)
    if (unused.size === 0) return undefined
    const tables = clause.tables.map((cte) => (unused.has(cte) ? unread(cte) : cte))
    const read = { ...node, with: { ...clause, tables } } as typeof node
    return rewrite(read, (inner) => (inner === read ? undefined : withUnusedUnread(inner)))
  })
}

function unread(cte: Cte): Cte {
  return rewrite(cte, (node) => {
    if (node.kind !== 'Table') return undefined
    const { name, span } = node
    const alias: Alias = node.alias ?? { kind: 'Alias', name: name.name, as: true, span }
    return { ...node, name: { kind: 'TableName', name: UNREAD_TABLE, span: name.span }, alias }
  })
}

/** For MariaDB, which looks at their names: some table of WITH that nobody names is about another keyspace than the statement. */
export function hasUnusedElsewhere(statement: Statement, context: PlanContext): boolean {
  const isElsewhere = elsewhere(statement, context)
  return someNode(statement, (node) => {
    const clause = withOf(node)
    return clause !== undefined && [...unusedIn(node, clause)].some(isElsewhere)
  })
}

/**
 * The statement without tables of WITH that nobody names, where one of them is about another keyspace: MariaDB would not find
 * that one where the statement goes. Those with a `?` stay, for clients count them.
 */
export function withoutUnusedElsewhere<S extends Statement>(statement: S, context: PlanContext): S {
  const isElsewhere = elsewhere(statement, context)
  const mayGo = (unused: readonly Cte[]) => !someNode(unused, ({ kind }) => kind === 'Param')
  return rewrite(statement, (node) =>
    withoutUnused(node, (unused) => unused.some(isElsewhere) && mayGo(unused)),
  )
}

function elsewhere(statement: Statement, context: PlanContext): (cte: Cte) => boolean {
  const ctes = cteReferences(statement)
  const used = keyspacesIn(
    rewrite(statement, (node) => withoutUnused(node, () => true)),
    ctes,
    context,
  )
  return (cte) => [...keyspacesIn(cte, ctes, context)].some((keyspace) => !used.has(keyspace))
}

/** The node without its unused tables, if they are to go; undefined: they are not, but those of nodes below may be. */
function withoutUnused(node: AnyNode, mustGo: (unused: readonly Cte[]) => boolean): AnyNode | undefined {
  const clause = withOf(node)
  const unused = clause === undefined ? new Set<Cte>() : unusedIn(node, clause)
  if (clause === undefined || unused.size === 0 || !mustGo([...unused])) return undefined
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
export function namesIn(part: Part, clause?: With): ReadonlySet<string> {
  const names = new Set<string>()
  visit(part, (node) => {
    if (node === clause) return 'skip'
    const isNamed = node.kind === 'Table' || node.kind === 'TableQuery'
    if (isNamed && node.name.qualifier === undefined) names.add(node.name.name.toLowerCase())
    return undefined
  })
  return names
}

/** Of tables that are not found, what the text says. */
function keyspacesIn(
  part: Part,
  ctes: ReadonlySet<TableName>,
  context: PlanContext,
): ReadonlySet<string | undefined> {
  const keyspaces = new Set<string | undefined>()
  visit(part, (node) => {
    if (node.kind !== 'Table') return undefined
    const { name } = node
    const keyspace = keyspaceOf(name, context)
    if (ctes.has(name) || isSystemSchema(keyspace)) return undefined
    const found = context.vschema.findTable(keyspace, name.name, context.tabletType)
    keyspaces.add(found.kind === 'found' ? found.table.keyspace : keyspace)
    return undefined
  })
  return keyspaces
}
