import type { BoundDerived } from '../binding/bound.ts'

/** A query in FROM, as a table of FROM. */
export interface DerivedOp<Input> {
  readonly kind: 'Derived'
  readonly input: Input
  readonly bound: BoundDerived
}
