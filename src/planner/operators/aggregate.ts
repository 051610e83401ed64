import type { AggregateColumn } from '../../plan/primitives.ts'
import type { AggregateCall, Expr, OrderItem, Select } from '../../sql/ast.ts'
import type { BoundSelect } from '../binding/bound.ts'
import { isAggregated } from '../binding/traits.ts'
import type { MergeKey, ShownColumn } from './select-list.ts'

/**
 * Makes one row of each group. Where groups lie on several shards there are two of them: under the route one that makes
 * `part`s of groups, above it one with `groups`, which puts the parts together.
 */
export interface AggregateOp<Input> {
  readonly kind: 'Aggregate'
  readonly input: Input
  readonly block: BoundSelect
  readonly groups?: MergedGroups
  readonly part?: PartialGroups
}

export interface MergedGroups {
  /** In the order in which groups come. */
  readonly keys: readonly MergeKey[]
  readonly aggregates: readonly MergedAggregate[]
  /** The argument of the DISTINCT aggregates, by which shards group too. */
  readonly distinct?: MergeKey
  /** Some DISTINCT aggregate is right on each shard by itself, as long as shards group by nothing more than asked. */
  readonly isDistinctOnShards: boolean
}

export interface MergedAggregate {
  readonly call: AggregateCall
  readonly column: AggregateColumn<ShownColumn>
}

interface PartialGroups {
  /** What shards group by beside the client's keys. */
  readonly more: readonly Expr[]
}

export function aggregated<Input>(input: Input, block: BoundSelect): Input | AggregateOp<Input> {
  return isAggregated(block.ast) ? { kind: 'Aggregate', input, block } : input
}

export function printAggregate({ block, part }: AggregateOp<unknown>, query: Select): Select {
  const { groupBy, span } = block.ast
  const more = part?.more.map((expr): OrderItem => ({ kind: 'OrderItem', expr, span })) ?? []
  if (more.length === 0) return groupBy === undefined ? query : { ...query, groupBy }
  return { ...query, groupBy: { kind: 'GroupBy', items: [...(groupBy?.items ?? []), ...more], span } }
}
