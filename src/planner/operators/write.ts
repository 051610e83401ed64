import type { BoundInsertSelect, BoundWrite } from '../binding/bound.ts'

/** Changes rows of its input (UPDATE, DELETE), or puts them into a table (INSERT … SELECT). */
export interface WriteOp<Input> {
  readonly kind: 'Write'
  readonly input: Input
  readonly bound: BoundWrite | BoundInsertSelect
}
