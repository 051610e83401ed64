import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import type { DistinctOp } from '../../operators/distinct.ts'
import type { LimitOp } from '../../operators/limit.ts'
import type { Operator } from '../../operators/operator.ts'
import type { OrderOp } from '../../operators/order.ts'

/** A SELECT whose rows are those of a join: what is done with them, and what is joined. */
export interface JoinShape extends JoinedParts {
  readonly limit: LimitOp<Operator> | undefined
  readonly distinct: DistinctOp<Operator> | undefined
  readonly order: OrderOp<Operator> | undefined
}

export interface JoinedParts {
  /** Of inner joins, in any order. */
  readonly inner: readonly Operator[]
  /** What their rows must fulfil, WHERE included. */
  readonly conjuncts: readonly Conjunct[]
  /** Inner sides of outer joins, each joined to all before it. */
  readonly outer: readonly OuterPart[]
}

export interface OuterPart {
  readonly op: Operator
  readonly on: readonly Conjunct[]
}

/** Undefined where its rows are those of no join, or something else is done with them. */
export function joinShape(op: Operator): JoinShape | undefined {
  const limit = op.kind === 'Limit' ? op : undefined
  const cut = limit === undefined ? op : limit.input
  const distinct = cut.kind === 'Distinct' ? cut : undefined
  const dropped = distinct === undefined ? cut : distinct.input
  const order = dropped.kind === 'Order' ? dropped : undefined
  const sorted = order === undefined ? dropped : order.input
  const where = sorted.kind === 'Filter' && sorted.clause === 'WHERE' ? sorted : undefined
  const parts = partsOf(where === undefined ? sorted : where.input)
  if (parts === undefined || parts.inner.length + parts.outer.length < 2) return undefined
  const conjuncts = [...parts.conjuncts, ...(where?.conjuncts ?? [])]
  return { ...parts, conjuncts, limit, distinct, order }
}

function partsOf(op: Operator): JoinedParts | undefined {
  switch (op.kind) {
    case 'Route':
      return { inner: [op], conjuncts: [], outer: [] }
    case 'Join':
      return { inner: op.inputs, conjuncts: op.conjuncts, outer: [] }
    case 'OuterJoin': {
      const preserved = partsOf(op.preserved)
      return preserved && { ...preserved, outer: [...preserved.outer, { op: op.inner, on: op.on }] }
    }
    default:
      return undefined
  }
}

/** It has no clauses that are not in the shape, or would be lost with it. */
export function isPlain({ ast, scope, subqueries }: BoundSelect): boolean {
  const { hints, modifiers, windows, qualify, procedure, rowsExamined, locks, into, limit } = ast
  const others = [hints, windows, qualify, procedure, rowsExamined, locks, into, ast.with]
  return (
    others.every((clause) => clause === undefined) &&
    modifiers.every((modifier) => modifier === 'DISTINCT') &&
    limit?.ties !== true &&
    subqueries.length === 0 &&
    // USING shows one column for two.
    scope.merged.size === 0
  )
}
