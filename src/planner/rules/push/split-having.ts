import type { Predicate } from '../../../plan/primitives.ts'
import type { AggregateCall, Expr } from '../../../sql/ast.ts'
import { type AnyNode, rewrite, sameTree, visit } from '../../../sql/visit.ts'
import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import { hasColumn } from '../../binding/scope.ts'
import { hasAggregate } from '../../binding/traits.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import { conjunction, type FilterOp } from '../../operators/filter.ts'
import type { Operator } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'
import type { MergeKey, ShownColumn } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { GroupDraft } from './group-draft.ts'
import { conjunctionOf, predicateOf } from './having-predicate.ts'
import { namedItem } from './meaning-of.ts'
import { groupedRows, groupsAbove } from './shard-groups.ts'

/**
 * Having(Aggregate(groups, Route(…))) -> Filter(Aggregate(groups, Route(Having(…)))): what only asks for keys is pushed, for
 * each shard can leave groups out by itself; what asks for aggregates is asked of whole groups.
 */
export function splitHaving(op: FilterOp<Operator>): RuleResult {
  const { input: aggregate, predicate } = op
  if (predicate !== undefined) return unchanged('it is asked of whole groups')
  if (aggregate.kind !== 'Aggregate' || aggregate.groups === undefined || aggregate.input.kind !== 'Route')
    return unchanged('its groups are not put together')
  return split(op, aggregate, aggregate.input)
}

function split(
  op: FilterOp<Operator>,
  aggregate: AggregateOp<Operator>,
  route: RouteOp<Operator>,
): RuleResult {
  const { block } = aggregate
  const draft = new GroupDraft(block, route.list ?? { items: block.ast.items, hidden: [] }, aggregate.groups)
  const asked = askedOfGroups(op.conjuncts, block, draft)
  if (isRefusal(asked)) return asked
  const { onKeys: pushed, parts } = asked
  const { rows } = groupedRows(route.input)
  const groups = groupsAbove(draft, aggregate, route, {
    rows,
    ...(pushed.length === 0 ? {} : { having: having(op, pushed) }),
  })
  if (isRefusal(groups)) return groups
  if (parts.length === 0) return rewrote(groups, 'it asks for keys only')
  return rewrote(
    { ...op, input: groups, predicate: conjunctionOf(parts) },
    'aggregates are known of whole groups',
  )
}

interface AskedOfGroups {
  /** What only asks for keys. */
  readonly onKeys: readonly Conjunct[]
  /** What is asked of whole groups: all of it must hold. */
  readonly parts: readonly Predicate<ShownColumn>[]
}

/** What HAVING asks. The draft shows the aggregates of it. */
export function askedOfGroups(
  conjuncts: readonly Conjunct[],
  block: BoundSelect,
  draft: GroupDraft,
): AskedOfGroups | Refusal {
  const { keys } = draft
  const asked = eachOrRefusal(conjuncts, (conjunct) => {
    const meaning = withoutAliases(conjunct.expr, block, keys)
    return isRefusal(meaning) ? meaning : { conjunct, meaning }
  })
  if (isRefusal(asked)) return asked
  const onKeys = asked.filter(({ meaning }) => !hasAggregate(meaning))
  for (const { meaning } of onKeys) {
    const problem = problemOfKeys(meaning, keys)
    if (problem !== undefined) return problem
  }
  const onGroups = asked.filter(({ meaning }) => hasAggregate(meaning))
  const parts = eachOrRefusal(onGroups, ({ meaning }) => predicateOf(meaning, (call) => pick(call, draft)))
  return isRefusal(parts) ? parts : { onKeys: onKeys.map(({ conjunct }) => conjunct), parts }
}

function having(op: FilterOp<Operator>, conjuncts: readonly Conjunct[]): FilterOp<Operator> {
  return { ...op, conjuncts, condition: conjunction(conjuncts) }
}

function pick(call: AggregateCall, draft: GroupDraft) {
  if (draft.isPlainNumber(call)) return draft.pick(call)
  return refused('HAVING on MIN() or MAX() of what is not known to be a number, over several shards')
}

/** HAVING looks for aliases first, but for a column of GROUP BY before that, and within an aggregate for columns. */
function withoutAliases(
  expr: Expr,
  { ast: { items }, scope }: BoundSelect,
  keys: readonly MergeKey[],
): Expr | Refusal {
  let unclear: string | undefined
  const meaning = rewrite(expr, (node) => {
    if (node.kind === 'Subquery') return node
    if (node.kind === 'Aggregate') {
      visit(node, (inner) => {
        if (inner.kind !== 'Column' || inner.qualifiers.length > 0) return undefined
        const { name } = inner
        if (namedItem(name, items) !== undefined && hasColumn(name, scope) !== 'yes') unclear ??= name
        return undefined
      })
      return node
    }
    if (node.kind !== 'Column' || node.qualifiers.length > 0) return undefined
    const named = namedItem(node.name, items)
    if (named === undefined || named.kind === 'Column') return undefined
    if (keys.some((key) => isNameOf(key.expr, node))) unclear ??= node.name
    return named
  })
  if (unclear === undefined) return meaning
  return refused(`'${unclear}' in HAVING, which may be a column and an alias, over several shards`)
}

function problemOfKeys(expr: Expr, keys: readonly MergeKey[]): Refusal | undefined {
  if (keys.length === 0) return refused('HAVING without aggregates or GROUP BY over several shards')
  let isKeysOnly = true
  rewrite(expr, (node) => {
    if (keys.some((key) => sameTree(key.expr, node) || isNameOf(key.expr, node))) return node
    if (node.kind === 'Column' || node.kind === 'Subquery') isKeysOnly = false
    return undefined
  })
  return isKeysOnly
    ? undefined
    : refused('HAVING on a column that is no key of GROUP BY, over several shards')
}

/** `t.a` and `a`, where GROUP BY says the one and HAVING the other. */
function isNameOf(key: Expr, node: AnyNode): boolean {
  if (key.kind !== 'Column' || node.kind !== 'Column' || key.name.toLowerCase() !== node.name.toLowerCase())
    return false
  return key.qualifiers.length === 0 || node.qualifiers.length === 0
}
