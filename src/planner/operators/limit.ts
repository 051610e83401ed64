import type { PlanValue } from '../../plan/values.ts'
import type { LimitClause, Select } from '../../sql/ast.ts'
import type { BoundSelect } from '../binding/bound.ts'
import type { ShardText } from '../shard-text.ts'

export interface LimitValues {
  readonly count: PlanValue
  readonly offset?: PlanValue
}

/** Cuts rows off before `offset` and behind `count` more. */
export interface LimitOp<Input> {
  readonly kind: 'Limit'
  readonly input: Input
  readonly clause: LimitClause
  /** As in Order. */
  readonly block?: BoundSelect
  /** What is cut above the shards, or under a route what each of them may send for that. */
  readonly values?: LimitValues
}

export function limited<Input>(
  input: Input,
  clause: LimitClause | undefined,
  block?: BoundSelect,
): Input | LimitOp<Input> {
  return clause === undefined ? input : { kind: 'Limit', input, clause, ...(block && { block }) }
}

/** Any of the first `offset + count` rows of a shard may be wanted. */
export function printLimit({ clause, values }: LimitOp<unknown>, query: Select, text: ShardText): Select {
  if (values?.offset === undefined) return { ...query, limit: clause }
  const sum = text.hole({ limitSum: [values.offset, values.count] })
  return { ...query, limit: { kind: 'Limit', count: sum, span: clause.span } }
}
