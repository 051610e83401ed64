import type { BoundUnion } from '../binding/bound.ts'

/** UNION, INTERSECT or EXCEPT of two queries or more; its ORDER BY and LIMIT stand above. */
export interface UnionOp<Input> {
  readonly kind: 'Union'
  readonly inputs: readonly Input[]
  readonly bound: BoundUnion
}

/** UNION ALL without clauses of its own: the answers of its parts, one after the other. */
export function isPlainUnionAll({ ast }: BoundUnion): boolean {
  const { op, quantifier, with: ctes, orderBy, limit, locks, into } = ast
  return (
    op === 'UNION' &&
    quantifier === 'ALL' &&
    [ctes, orderBy, limit, locks, into].every((clause) => clause === undefined)
  )
}
