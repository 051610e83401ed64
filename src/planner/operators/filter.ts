import type { Predicate } from '../../plan/primitives.ts'
import type { Expr, Select } from '../../sql/ast.ts'
import type { Conjunct } from '../binding/bound.ts'
import type { ShownColumn } from './select-list.ts'

/** Keeps the rows for which the condition is true. */
export interface FilterOp<Input> {
  readonly kind: 'Filter'
  readonly input: Input
  /** ON: of an inner join, but about rows that only an outer join or a subquery above it has. */
  readonly clause: 'ON' | 'WHERE' | 'HAVING'
  readonly condition: Expr
  readonly conjuncts: readonly Conjunct[]
  /** The condition in terms of the rows that shards send: it is asked above them. */
  readonly predicate?: Predicate<ShownColumn>
}

/** `condition` is what the conjuncts are of, in one piece where it stands so in the text; nothing without conjuncts. */
export function filtered<Input>(
  input: Input,
  clause: FilterOp<Input>['clause'],
  conjuncts: readonly Conjunct[],
  condition?: Expr,
): Input | FilterOp<Input> {
  if (conjuncts.length === 0) return input
  return { kind: 'Filter', input, clause, condition: condition ?? conjunction(conjuncts), conjuncts }
}

export function conjunction(conjuncts: readonly Conjunct[]): Expr {
  const operands = conjuncts.map(({ expr }) => expr)
  return operands.length === 1
    ? operands[0]
    : { kind: 'And', operator: 'AND', operands, span: operands[0].span }
}

/** FROM and WHERE go to a shard as they came, for all that they need is there. */
export function printFilter({ clause, condition }: FilterOp<unknown>, query: Select): Select {
  return clause === 'HAVING' ? { ...query, having: condition } : query
}
