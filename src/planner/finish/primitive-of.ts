import { unreachable } from '../../base/assert.ts'
import type { AggregateColumn, Predicate, RowsPrimitive, SortKey } from '../../plan/primitives.ts'
import type { UnaryOperator } from '../operators/operator.ts'
import { offsetOf, type SelectList, type ShownColumn } from '../operators/select-list.ts'

/** What stands above a route, as the gateway carries it out; undefined for what has not found its form. */
export function primitiveOf(
  op: UnaryOperator,
  input: RowsPrimitive,
  list: SelectList,
): RowsPrimitive | undefined {
  switch (op.kind) {
    case 'Project':
      return list.hidden.length === 0 ? input : { kind: 'Truncate', input, drop: list.hidden.length }
    case 'Limit':
      return op.values && { kind: 'Limit', input, ...op.values }
    case 'Distinct':
      return op.keys && { kind: 'Distinct', input, keys: sortKeysOf(op.keys, list) }
    case 'Order':
      return op.keys && { kind: 'Sort', input, keys: sortKeysOf(op.keys, list) }
    case 'Filter':
      return op.predicate && { kind: 'Filter', input, predicate: predicateOf(op.predicate, list) }
    case 'Aggregate': {
      if (op.groups === undefined) return undefined
      const { keys, aggregates } = op.groups
      return {
        kind: 'Aggregate',
        input,
        groupBy: sortKeysOf(keys, list),
        aggregates: aggregates.map(({ column }) => aggregateOf(column, list)),
      }
    }
    default:
      return undefined
  }
}

export function sortKeysOf(keys: readonly SortKey<ShownColumn>[], list: SelectList): readonly SortKey[] {
  return keys.map((key) => sortKeyOf(key, list))
}

function sortKeyOf({ column, descending, ...weights }: SortKey<ShownColumn>, list: SelectList): SortKey {
  return { column: offsetOf(column, list), ...weightsOf(weights, list), descending }
}

function weightsOf(
  { weight, pad }: { readonly weight?: ShownColumn; readonly pad?: ShownColumn },
  list: SelectList,
) {
  return {
    ...(weight && { weight: offsetOf(weight, list) }),
    ...(pad && { pad: offsetOf(pad, list) }),
  }
}

function aggregateOf(merged: AggregateColumn<ShownColumn>, list: SelectList): AggregateColumn {
  const column = offsetOf(merged.column, list)
  switch (merged.kind) {
    case 'Sum':
    case 'Count':
      return { kind: merged.kind, column }
    case 'Min':
    case 'Max':
      return { kind: merged.kind, column, ...weightsOf(merged, list) }
    case 'Avg':
      return { kind: 'Avg', column, sum: offsetOf(merged.sum, list), count: offsetOf(merged.count, list) }
    case 'CountDistinct':
    case 'SumDistinct':
    case 'AvgDistinct':
      return { kind: merged.kind, column, value: sortKeyOf(merged.value, list) }
    default:
      return unreachable(merged)
  }
}

function predicateOf(predicate: Predicate<ShownColumn>, list: SelectList): Predicate {
  if (predicate.kind === 'Compare') return { ...predicate, column: offsetOf(predicate.column, list) }
  return { kind: predicate.kind, parts: predicate.parts.map((part) => predicateOf(part, list)) }
}
