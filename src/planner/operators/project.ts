import type { BoundSelect } from '../binding/bound.ts'

/** What a SELECT answers: the columns that the client asked for, without those that were hidden behind them. */
export interface ProjectOp<Input> {
  readonly kind: 'Project'
  readonly input: Input
  readonly block: BoundSelect
}
