import type { OrderItem, Select } from '../../sql/ast.ts'
import type { BoundSelect } from '../binding/bound.ts'
import { makeInteger } from '../make-node.ts'
import { type MergeKey, positionIn, type SelectList } from './select-list.ts'

/**
 * Puts rows in order. It stands below DISTINCT and above the select list, for ORDER BY may see columns that are not
 * selected.
 */
export interface OrderOp<Input> {
  readonly kind: 'Order'
  readonly input: Input
  /** Absent: the rows are those of a union, of a query in parentheses, or to be written. */
  readonly block?: BoundSelect
  readonly items: readonly OrderItem[]
  /** The items in terms of the rows that shards send: they are sorted above them. */
  readonly keys?: readonly MergeKey[]
}

export function ordered<Input>(
  input: Input,
  items: readonly OrderItem[] | undefined,
  block?: BoundSelect,
): Input | OrderOp<Input> {
  return items === undefined ? input : { kind: 'Order', input, items, ...(block && { block }) }
}

/** ORDER BY of the keys by their places in the select list. */
export function orderByPositions(
  keys: readonly MergeKey[],
  list: SelectList,
  { span }: Select,
): readonly OrderItem[] {
  return keys.map(({ column, descending }) => {
    const item: OrderItem = { kind: 'OrderItem', expr: makeInteger(positionIn(column, list)), span }
    return descending ? { ...item, direction: 'DESC' } : item
  })
}

export function printOrder({ items }: OrderOp<unknown>, query: Select): Select {
  return { ...query, orderBy: items }
}
