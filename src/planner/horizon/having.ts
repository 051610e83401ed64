import type { Predicate } from '../../plan/primitives.ts'
import type { AggregateCall, ComparisonOperator, Expr, Select } from '../../sql/ast.ts'
import { type AnyNode, rewrite, sameTree, someNode } from '../../sql/visit.ts'
import { hasAggregate, isAggregateCall } from '../semantics/traits.ts'
import { unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { namedItem } from './order-by.ts'
import type { KeyDraft } from './shard-query.ts'

/** HAVING over groups of several shards. */
export interface MergedHaving {
  /** What only asks for group keys: each shard can leave groups out by itself. */
  readonly pushed: Expr | undefined
  /** What asks for merged aggregates; made when the numbers of all columns are known. */
  readonly predicate: (() => Predicate) | undefined
}

/** Offset of the column that holds the aggregate, once it is known. */
export type PickAggregate = (call: AggregateCall) => () => number

export function mergedHaving(
  condition: Expr,
  select: Select,
  keys: readonly KeyDraft[],
  pick: PickAggregate,
): MergedHaving {
  const conjuncts = condition.kind === 'And' ? condition.operands : [condition]
  const asked = conjuncts.map((conjunct) => ({ conjunct, meaning: withoutAliases(conjunct, select, keys) }))
  const onKeys = asked.filter(({ meaning }) => !hasAggregate(meaning))
  for (const { meaning } of onKeys) checkKeysOnly(meaning, keys)
  const parts = asked
    .filter(({ meaning }) => hasAggregate(meaning))
    .map(({ meaning }) => predicateOf(meaning, pick))
  const pushed = onKeys.map(({ conjunct }) => conjunct)
  return {
    pushed:
      pushed.length > 1
        ? { kind: 'And', operator: 'AND', operands: pushed, span: condition.span }
        : pushed[0],
    predicate: parts.length === 0 ? undefined : () => conjunction(parts.map((part) => part())),
  }
}

/** HAVING looks for aliases first, but for a column of GROUP BY before that. */
function withoutAliases(expr: Expr, select: Select, keys: readonly KeyDraft[]): Expr {
  return rewrite(expr, (node) => {
    if (node.kind === 'Subquery') return node
    if (node.kind !== 'Column' || node.qualifiers.length > 0) return undefined
    const named = namedItem(node.name, select.items)
    if (named === undefined || named.kind === 'Column') return undefined
    if (keys.some((key) => sameColumnName(key.expr, node)))
      unplanned(`'${node.name}' in HAVING, which is a key and an alias, over several shards`)
    return named
  })
}

function checkKeysOnly(expr: Expr, keys: readonly KeyDraft[]): void {
  if (keys.length === 0) unplanned('HAVING without aggregates or GROUP BY over several shards')
  let isKeysOnly = true
  rewrite(expr, (node) => {
    if (keys.some((key) => sameTree(key.expr, node) || sameColumnName(key.expr, node))) return node
    if (node.kind === 'Column' || node.kind === 'Subquery') isKeysOnly = false
    return undefined
  })
  if (!isKeysOnly) unplanned('HAVING on a column that is no key of GROUP BY, over several shards')
}

/** `t.a` and `a`, where GROUP BY says the one and HAVING the other. */
function sameColumnName(key: Expr, expr: AnyNode): boolean {
  if (key.kind !== 'Column' || expr.kind !== 'Column' || key.name.toLowerCase() !== expr.name.toLowerCase())
    return false
  return key.qualifiers.length === 0 || expr.qualifiers.length === 0
}

function conjunction(parts: readonly Predicate[]): Predicate {
  return parts.length === 1 ? parts[0] : { kind: 'And', parts }
}

function predicateOf(expr: Expr, pick: PickAggregate): () => Predicate {
  switch (expr.kind) {
    case 'And':
    case 'Or': {
      const parts = expr.operands.map((operand) => predicateOf(operand, pick))
      const { kind } = expr
      return () => ({ kind, parts: parts.map((part) => part()) })
    }
    case 'Comparison':
      return comparisonOf(expr.left, expr.op, expr.right, pick)
    case 'Between': {
      if (expr.negated) return unsupported(expr)
      const low = comparisonOf(expr.operand, '>=', expr.low, pick)
      const high = comparisonOf(expr.operand, '<=', expr.high, pick)
      return () => ({ kind: 'And', parts: [low(), high()] })
    }
    default:
      return unsupported(expr)
  }
}

const mirrored = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function comparisonOf(left: Expr, op: ComparisonOperator, right: Expr, pick: PickAggregate): () => Predicate {
  if (op === '<=>') return unsupported(left)
  if (!isAggregateCall(left))
    return isAggregateCall(right) ? comparisonOf(right, mirrored[op], left, pick) : unsupported(left)
  const value = planValue(right)
  if (value === undefined) return unsupported(right)
  const column = pick(left)
  return () => ({ kind: 'Compare', op, column: column(), value })
}

function unsupported(expr: Expr): never {
  const isSubquery = someNode(expr, (node) => node.kind === 'Subquery')
  return unplanned(
    isSubquery
      ? 'a subquery in HAVING over several shards'
      : 'HAVING that computes with aggregates over several shards',
  )
}
