import type { ShownView } from '../../plan/primitives.ts'
import type { Alias, Derived, Query, Select, TableName, TableQuery, TableRef } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { type AnyNode, rewrite, someNode } from '../../sql/visit.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { findTable, keyspaceOf } from '../binding/find-table.ts'
import { hasAggregate, hasWindow, isDistinct, itemName } from '../binding/traits.ts'
import { type View, viewOf } from '../binding/views.ts'
import { cteReferences } from '../cte-references.ts'
import type { PlanContext } from '../plan-context.ts'

/**
 * The query with those in FROM that its views stand for, and the views of these: their tables are what can be copied. A query in
 * FROM has no keyspace, so that columns of it lose theirs.
 */
export function viewsAsQueries(query: Query, context: PlanContext): Query {
  const ctes = cteReferences(query)
  const aliases = new Set<string>()
  const asDerived = (node: TableRef): Derived | undefined => {
    const view = ctes.has(node.name) ? undefined : viewNamed(node.name, context)
    if (view === undefined) return undefined
    const { alias = { kind: 'Alias', name: node.name.name, as: true, span: node.span } } = node
    aliases.add(nameKey(keyspaceOf(node.name, context) ?? view.table.keyspace, alias.name))
    return derived(view, alias, context)
  }
  const replaced = rewrite(query, (node): AnyNode | undefined => {
    if (node.kind === 'Table') return asDerived(node)
    return node.kind === 'TableQuery' ? asSelect(node, asDerived) : undefined
  })
  if (aliases.size === 0) return replaced
  return rewrite(replaced, (node) => {
    if (node.kind !== 'Column' && node.kind !== 'Star') return undefined
    const [keyspace, table] = node.qualifiers
    if (table === undefined || !aliases.has(nameKey(keyspace!, table))) return undefined
    return { ...node, qualifiers: [table] }
  })
}

function nameKey(keyspace: string, name: string): string {
  return `${keyspace}\0${name}`
}

function viewNamed(name: TableName, context: PlanContext): View | undefined {
  if (isSystemSchema(keyspaceOf(name, context))) return undefined
  return viewOf(findTable(name, context), context)
}

function derived(view: View, alias: Alias, context: PlanContext): Derived {
  const { span } = alias
  const query = viewsAsQueries(view.query(), context)
  const node: Derived = {
    kind: 'Derived',
    lateral: false,
    query: { kind: 'Subquery', query, span },
    alias,
    span,
  }
  // MariaDB has no lists of columns there, and needs none: names in its views' queries are those of the views.
  return namesOf(query)?.join() === view.columns.join() ? node : { ...node, columns: view.columns }
}

/** `TABLE v` is `SELECT * FROM v`. */
function asSelect(
  { kind: _, name, ...clauses }: TableQuery,
  asDerived: (node: TableRef) => Derived | undefined,
): Select | undefined {
  const { span } = clauses
  const from = asDerived({ kind: 'Table', name, span })
  if (from === undefined) return undefined
  const items: Select['items'] = [{ kind: 'Star', qualifiers: [], span }]
  return { ...clauses, kind: 'Select', modifiers: [], items, from: [from] }
}

/** Names of the query's columns, as far as its text tells. */
function namesOf(query: Query): readonly (string | undefined)[] | undefined {
  if (query.kind === 'Select') return query.items.map(itemName)
  if (query.kind === 'SetOperation') return namesOf(query.operands[0]!)
  return query.kind === 'NestedQuery' ? namesOf(query.query) : undefined
}

/** Views whose columns the rows of the statement may have. */
export function shownViews(query: Query, context: PlanContext): readonly ShownView[] {
  if (query.kind === 'NestedQuery') return shownViews(query.query, context)
  const ctes = cteReferences(query)
  return tablesShown(query).flatMap((node) => {
    const { name, alias } = node
    const view = ctes.has(node.name) ? undefined : viewNamed(name, context)
    if (view === undefined) return []
    const { keyspace, name: own } = view.table
    return [{ keyspace, view: own, alias: alias?.name ?? name.name, isMerged: isMerged(view.query()) }]
  })
}

function tablesShown(query: Query): readonly TableRef[] {
  if (query.kind === 'TableQuery') return [{ kind: 'Table', name: query.name, span: query.span }]
  return query.kind === 'Select' ? query.from.flatMap(tablesIn) : []
}

/** Source: MySQL 9.7 manual, "Optimizing Derived Tables, View References, and Common Table Expressions with Merging or Materialization". */
function isMerged(query: Query): boolean {
  if (query.kind !== 'Select' || isDistinct(query) || query.from.length === 0) return false
  const { items, groupBy, having, limit } = query
  if ([groupBy, having, limit].some((clause) => clause !== undefined)) return false
  return !hasAggregate(items) && !hasWindow(items) && !someNode(items, ({ kind }) => kind === 'Subquery')
}
