import type { JoinedColumn } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { ColumnName, Select } from '../../sql/ast.ts'

/**
 * Inner join of two routes above them: the rows of `left` are read, and `right` is asked for those alone that have one of their
 * keys.
 */
export interface BindJoinOp<Input> {
  readonly kind: 'BindJoin'
  readonly left: Input
  readonly right: Input
  /** What each side's shards are asked; of the right one, without the keys. */
  readonly asked: { readonly left: AskedSide; readonly right: AskedSide }
  /** The column of `right` that the first key is bound to, and the shards that can have those rows. */
  readonly bound: ColumnName
  readonly rightRouting: Routing
  /** Where the client's columns come from. */
  readonly columns: readonly JoinedColumn[]
}

export interface AskedSide {
  readonly query: Select
  /** Columns of its rows, those for the join alone included. */
  readonly width: number
  /** Columns that are equal to those of the other side, in the same order; at least one. */
  readonly keys: readonly number[]
}
