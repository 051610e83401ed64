import type { BoundSelect } from '../binding/bound.ts'
import { hasWindow } from '../binding/traits.ts'

/** Computes the window functions of the select list and ORDER BY, each over rows that it looks at together. */
export interface WindowOp<Input> {
  readonly kind: 'Window'
  readonly input: Input
  readonly block: BoundSelect
}

export function windowed<Input>(input: Input, block: BoundSelect): Input | WindowOp<Input> {
  const { items, orderBy } = block.ast
  return hasWindow([items, orderBy]) ? { kind: 'Window', input, block } : input
}
