import type { Conjunct } from '../binding/bound.ts'

/** Each row of `preserved`, with the rows of `inner` that fulfil `on`, or with NULLs where there is none. */
export interface OuterJoinOp<Input> {
  readonly kind: 'OuterJoin'
  readonly preserved: Input
  readonly inner: Input
  readonly on: readonly Conjunct[]
}
