import { SqlError } from '../errors/sql-error.ts'
import type { Expr, Select, TableRef } from '../sql/ast.ts'
import { parseStatement } from '../sql/parse.ts'
import { DEFAULT_SQL_MODE } from '../sql/sql-mode.ts'
import { someNode } from '../sql/visit.ts'
import type { StoredKey, StoredView } from '../values/column.ts'
import { quoteName } from '../values/sql-literal.ts'
import type { DraftTable } from './build-table.ts'
import { type ColumnVindex, type LiveTable, sameColumn } from './model.ts'

/** A view whose rows are those of one table, one by one; a column of the table may have a name in the view. */
interface Shown {
  readonly base: DraftTable
  nameOf(column: string): string | undefined
}

/**
 * A view of one table lies where the table's rows lie, and can be written as such: each shard has the view over its own rows, and
 * says itself what of it may not be changed (1288, 1348, 1369). `tables` are those of a sharded keyspace.
 *
 * Left as they are: views that do not show what their rows are placed by, and those of tables that own lookup vindexes, for a
 * view need not show all that feeds these.
 */
export function placeViews(tables: ReadonlyMap<string, DraftTable>): void {
  const seen = new Set<DraftTable>()
  const place = (view: DraftTable): void => {
    const { live } = view
    if (live?.view === undefined || view.columnVindexes.length > 0 || seen.has(view)) return
    seen.add(view)
    const shown = shownBy(live, live.view, tables)
    if (shown === undefined) return
    place(shown.base)
    placeAs(view, live, shown)
  }
  for (const table of tables.values()) place(table)
}

function placeAs(view: DraftTable, live: LiveTable, { base, nameOf }: Shown): void {
  const [primary] = base.columnVindexes
  const isShown = primary?.columns.every((column) => nameOf(column) !== undefined)
  if (isShown !== true || base.columnVindexes.some(({ owned }) => owned)) return
  view.columnVindexes = base.columnVindexes.flatMap((vindex) => asShown(vindex, nameOf) ?? [])
  view.vindexesByCost = [...view.columnVindexes].sort((a, b) => a.cost - b.cost)
  const within = base.shows
  view.shows =
    within === undefined
      ? { table: base, nameOf }
      : { table: within.table, nameOf: (column) => named(within.nameOf(column), nameOf) }
  view.live = { ...live, keys: (base.live?.keys ?? []).flatMap((key) => keyAsShown(key, nameOf) ?? []) }
}

function named(column: string | undefined, nameOf: Shown['nameOf']): string | undefined {
  return column === undefined ? undefined : nameOf(column)
}

function asShown(vindex: ColumnVindex, nameOf: Shown['nameOf']): ColumnVindex | undefined {
  const columns = vindex.columns.map(nameOf)
  return columns.every((name) => name !== undefined) ? { ...vindex, columns } : undefined
}

function keyAsShown(key: StoredKey, nameOf: Shown['nameOf']): StoredKey | undefined {
  const names = key.parts.map(({ column }) => nameOf(column))
  // A part may be a beginning, or an expression: of these the text would have to be written anew.
  if (key.kind !== 'PRIMARY' || !names.every((name) => name !== undefined)) return undefined
  return { ...key, parts: names.map((column) => ({ column, text: quoteName(column) })) }
}

/** Undefined where rows of the view are not rows of one table of its own keyspace. */
function shownBy(
  live: LiveTable,
  { query: text, database }: StoredView,
  tables: ReadonlyMap<string, DraftTable>,
): Shown | undefined {
  const query = selectOf(text)
  const from = query?.from[0]
  if (query === undefined || from?.kind !== 'Table' || !isOneByOne(query)) return undefined
  const { qualifier = database, name } = from.name
  const base = qualifier === database ? tables.get(name) : undefined
  if (base === undefined || query.items.length !== live.columns.length) return undefined
  const shown = query.items.map((item) =>
    item.kind === 'SelectExpr' ? columnOf(item.expr, from) : undefined,
  )
  const nameOf = (column: string) =>
    live.columns[shown.findIndex((name) => name !== undefined && sameColumn(name, column))]?.name
  return { base, nameOf }
}

/** Undefined for what is no SELECT, and for a query that may not be read or is not understood. */
function selectOf(text: string): Select | undefined {
  try {
    const options = { mode: DEFAULT_SQL_MODE, serverVersion: 0, allowParams: false }
    const statement = parseStatement(text, options)
    return statement.kind === 'Select' ? statement : undefined
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

function isOneByOne(query: Select): boolean {
  const { from, modifiers, groupBy, having, limit, with: ctes, into } = query
  if (from.length !== 1 || modifiers.some((modifier) => modifier.startsWith('DISTINCT'))) return false
  if ([groupBy, having, limit, ctes, into].some((clause) => clause !== undefined)) return false
  return !someNode(query, ({ kind }) => kind === 'Subquery')
}

function columnOf(expr: Expr, { alias, name }: TableRef): string | undefined {
  if (expr.kind !== 'Column') return undefined
  const table = expr.qualifiers.at(-1)
  return table === undefined || table === (alias?.name ?? name.name) ? expr.name : undefined
}
