import type { JoinedColumn, JoinRows } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { ColumnName, Select } from '../../sql/ast.ts'
import type { SelectList } from './select-list.ts'

/**
 * Join of routes above them: the rows of `left` are read, and `right` is asked for those alone that have one of their keys.
 */
export interface BindJoinOp<Input> {
  readonly kind: 'BindJoin'
  readonly how: JoinRows['how']
  /** A route, or another join. */
  readonly left: Input
  /** A route. */
  readonly right: Input
  /** What each side's shards are asked; of the right one, without the keys; none of a join. */
  readonly asked: { readonly left?: AskedSide; readonly right: AskedSide }
  /** Columns that are equal, left and right, in the same order; at least one. */
  readonly keys: { readonly left: readonly number[]; readonly right: readonly number[] }
  /** The column of `right` that the first key is bound to, and the shards that can have those rows. */
  readonly bound: ColumnName
  readonly rightRouting: Routing
  /** Where the columns of its rows come from. */
  readonly columns: readonly JoinedColumn[]
  /** As `JoinRows` has them. */
  readonly isTemporary: boolean
  readonly isModest: boolean
  /** What these are. */
  readonly list: SelectList
}

export interface AskedSide {
  readonly query: Select
  /** Columns of its rows, those for the join alone included. */
  readonly width: number
}
