import type { BoundSubquery } from '../binding/bound.ts'

/**
 * Rows of `input`, each with what subqueries give for it. A subquery that names no column of the row gives the same for
 * all of them. The clause that asks for it stands above.
 */
export interface ApplyOp<Input> {
  readonly kind: 'Apply'
  readonly input: Input
  readonly subqueries: readonly Input[]
  /** How each is used. */
  readonly bound: readonly BoundSubquery[]
}
