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

/** As the clause has it: EXISTS, IN, a value; IN whose being NULL or false matters as well is a value, too. */
export function useOf({ bound }: ApplyOp<unknown>, subquery: number): string {
  const { use, asTruth } = bound[subquery]
  return use === 'IN' && !asTruth ? 'IN as value' : use
}
