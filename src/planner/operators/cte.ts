import type { BoundDerived } from '../binding/bound.ts'

/** A table of WITH where it is named; each name has the query anew, as MySQL may do. */
export interface CteOp<Input> {
  readonly kind: 'Cte'
  readonly input: Input
  readonly bound: BoundDerived
}
