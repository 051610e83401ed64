import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import type { ApplyOp } from '../../operators/apply.ts'
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
  /** What WHERE asks with EXISTS and NOT EXISTS. */
  readonly asked: readonly AskedPart[]
}

export interface OuterPart {
  readonly op: Operator
  readonly on: readonly Conjunct[]
}

export interface AskedPart {
  readonly op: Operator
  readonly query: BoundSelect
  readonly how: 'semi' | 'anti'
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
  const rows = where === undefined ? sorted : where.input
  const apply = where !== undefined && rows.kind === 'Apply' ? rows : undefined
  const parts = partsOf(apply === undefined ? rows : apply.input)
  if (parts === undefined) return undefined
  const asked = (where?.conjuncts ?? []).map((conjunct) => askedPart(conjunct, apply))
  const known = asked.filter((part) => part !== undefined)
  if (parts.inner.length + parts.outer.length + known.length < 2) return undefined
  const conjuncts = [...parts.conjuncts, ...(where?.conjuncts.filter((_, i) => asked[i] === undefined) ?? [])]
  return { ...parts, conjuncts, asked: known, limit, distinct, order }
}

function askedPart(
  { expr, subqueries }: Conjunct,
  apply: ApplyOp<Operator> | undefined,
): AskedPart | undefined {
  const exists = expr.kind === 'Not' ? expr.operand : expr
  const [bound] = subqueries
  const op = bound && apply?.subqueries[apply.bound.indexOf(bound)]
  if (exists.kind !== 'Exists' || op === undefined || bound?.query.kind !== 'Select') return undefined
  return { op, query: bound.query, how: expr.kind === 'Not' ? 'anti' : 'semi' }
}

function partsOf(op: Operator): JoinedParts | undefined {
  switch (op.kind) {
    case 'Route':
      return { inner: [op], conjuncts: [], outer: [], asked: [] }
    case 'Join':
      return { inner: op.inputs, conjuncts: op.conjuncts, outer: [], asked: [] }
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
