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
  /** All that it has. */
  namesOf(column: string): readonly string[]
}

/**
 * A view of one table lies where the table's rows lie, and can be written as such: each shard has the view over its own rows, and
 * says itself what of it may not be changed (1288, 1348, 1369). `tables` are those of a sharded keyspace.
 *
 * Left as they are: views that do not show what their rows are placed by, or show it under two names, either of which may be
 * assigned; those of tables where it is generated, which a view does not tell of its columns; and those of tables that own lookup
 * vindexes, for a view need not show all that feeds these.
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

function placeAs(view: DraftTable, live: LiveTable, shown: Shown): void {
  const { base, nameOf } = shown
  const [primary] = base.columnVindexes
  const isShown = primary?.columns.every((column) => nameOf(column) !== undefined)
  if (isShown !== true || base.columnVindexes.some((vindex) => !isTold(vindex, shown))) return
  view.columnVindexes = base.columnVindexes.flatMap((vindex) => asShown(vindex, nameOf) ?? [])
  view.vindexesByCost = [...view.columnVindexes].sort((a, b) => a.cost - b.cost)
  const within = base.shows
  view.shows =
    within === undefined
      ? { table: base, nameOf }
      : { table: within.table, nameOf: (column) => named(within.nameOf(column), nameOf) }
  view.live = { ...live, keys: (base.live?.keys ?? []).flatMap((key) => keyAsShown(key, nameOf) ?? []) }
}

/** Whoever writes through the view knows by its columns what feeds the vindex. */
function isTold({ owned, columns }: ColumnVindex, { base, namesOf }: Shown): boolean {
  const isGenerated = (column: string) =>
    base.live?.columns.some(
      ({ name, stored }) => stored?.computedOf !== undefined && sameColumn(name, column),
    )
  return !owned && columns.every((column) => namesOf(column).length < 2 && isGenerated(column) !== true)
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
  const namesOf = (column: string) =>
    live.columns.filter((_, i) => isColumn(shown[i], column)).map(({ name }) => name)
  return { base, namesOf, nameOf: (column) => namesOf(column)[0] }
}

function isColumn(shown: string | undefined, column: string): boolean {
  return shown !== undefined && sameColumn(shown, column)
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
