import type { BoundTable, BoundUnplaced } from '../binding/bound.ts'

/** Rows of a table, or rows that every server has. Leaf of the tree until a route is put over it. */
export interface TableOp {
  readonly kind: 'Table'
  readonly bound: BoundTable | BoundUnplaced
}

export function nameOfTable({ bound }: TableOp): string {
  return bound.kind === 'Table' ? bound.instance.table.name : bound.what
}
