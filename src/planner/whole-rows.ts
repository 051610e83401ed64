import type { Expr } from '../sql/ast.ts'
import type { Column } from '../values/column.ts'
import type { Table } from '../vschema/model.ts'
import { transferOf } from './federate/transfer.ts'
import { makeAnd } from './make-node.ts'
import type { ShardText } from './shard-text.ts'

/**
 * Rows without a key are told by all that is stored of them, bit for bit: which of several equal ones is changed nobody can tell, so
 * that a shard changes as many of them as were chosen.
 */
export function wholeRow({ live }: Table): readonly Column[] | undefined {
  const columns = live?.columns.filter(({ stored }) => stored?.computedOf === undefined)
  return columns?.every(isComparable) ? columns : undefined
}

/** Of some types no literal is surely the same value. */
function isComparable({ type }: Column): boolean {
  return type !== undefined && type !== 'GEOMETRY' && type !== 'VECTOR'
}

/** `a <=> 1 AND …`, for the first of outer rows. */
export function isRow(columns: readonly Column[], text: ShardText): Expr {
  return makeAnd(
    columns.map((column, i): Expr => {
      const left = transferOf(column).expr
      return { kind: 'Comparison', op: '<=>', left, right: text.hole({ cell: i }), span: left.span }
    }),
  )
}
