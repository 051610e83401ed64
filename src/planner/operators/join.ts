import type { Conjunct } from '../binding/bound.ts'
import type { Level } from '../binding/level.ts'

/**
 * Inner join of two inputs or more: rows of all of them that fulfil the conjuncts. It has no order, for any two routes in
 * it may turn out to be one: of a, b and c it may be a and c that meet, and then b.
 */
export interface JoinOp<Input> {
  readonly kind: 'Join'
  readonly inputs: readonly Input[]
  /** Those of ON. What WHERE says stands above, in a Filter. */
  readonly conjuncts: readonly Conjunct[]
  /** What must hold for a row of the join to count. */
  readonly level: Level
}
