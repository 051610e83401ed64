import type { SortKey } from '../../plan/primitives.ts'
import type { Expr, Select, SelectItem } from '../../sql/ast.ts'
import { itemName } from '../binding/traits.ts'
import { makeItem } from '../make-node.ts'

/** What a route's rows show: the columns the client asked for, and behind them what only the gateway looks at. */
export interface SelectList {
  readonly items: readonly SelectItem[]
  readonly hidden: readonly Expr[]
}

/** A column of a SelectList. Its offset is known when nothing more will be hidden. */
export type ShownColumn = { readonly item: number } | { readonly hidden: number }

/** A key by which rows are merged, sorted or grouped above the shards. */
export interface MergeKey extends SortKey<ShownColumn> {
  readonly expr: Expr
}

/** The number that a plan uses: from the start, or from the end where a `*` stands before. */
export function offsetOf(column: ShownColumn, { items, hidden }: SelectList): number {
  if ('item' in column) return column.item
  return isCounted(items, items.length) ? items.length + column.hidden : column.hidden - hidden.length
}

/** No `*` stands before or at the item, so that its number is its place. */
export function isCounted(items: readonly SelectItem[], item: number): boolean {
  return items.slice(0, item + 1).every(({ kind }) => kind !== 'Star')
}

/** From 1, as ORDER BY counts. */
export function positionIn(column: ShownColumn, { items }: SelectList): number {
  return 1 + ('item' in column ? column.item : items.length + column.hidden)
}

export function printSelectList({ items, hidden }: SelectList, query: Select): Select {
  if (hidden.length === 0) return query
  const names = items.map((item) => itemName(item)?.toLowerCase())
  return { ...query, items: [...items, ...hidden.map((expr, i) => hiddenItem(expr, i, names))] }
}

/** A column that is called like one that the client asked for would make the name ambiguous to the clauses behind. */
function hiddenItem(expr: Expr, number: number, names: readonly (string | undefined)[]): SelectItem {
  const item = makeItem(expr)
  if (expr.kind !== 'Column' || !names.includes(expr.name.toLowerCase())) return item
  const { span } = item
  return { ...item, alias: { kind: 'Alias', name: `_shardgate_hidden_${number + 1}`, as: true, span } }
}
