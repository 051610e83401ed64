import type { BoundSelect } from '../binding/bound.ts'
import { isDistinct } from '../binding/traits.ts'
import type { MergeKey } from './select-list.ts'

/** Drops rows that are equal in the select list. Under a route it is the modifier that the client wrote. */
export interface DistinctOp<Input> {
  readonly kind: 'Distinct'
  readonly input: Input
  readonly block: BoundSelect
  /** All columns that the client asked for, in the order in which the rows come: above the shards. */
  readonly keys?: readonly MergeKey[]
}

export function distinct<Input>(input: Input, block: BoundSelect): Input | DistinctOp<Input> {
  return isDistinct(block.ast) ? { kind: 'Distinct', input, block } : input
}
