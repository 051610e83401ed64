import type { Predicate } from '../../../plan/primitives.ts'
import type { AggregateCall, SelectItem } from '../../../sql/ast.ts'
import { sameTree, someInBlock } from '../../../sql/visit.ts'
import type { BoundSelect } from '../../binding/bound.ts'
import { quietKind } from '../../binding/quiet.ts'
import type { Scope } from '../../binding/scope.ts'
import { isTotal } from '../../binding/total.ts'
import { hasAggregate, isAggregateCall, isDistinct } from '../../binding/traits.ts'
import { hidesColumns } from '../../federate/grouped-blocks.ts'
import { makeItem } from '../../make-node.ts'
import type { AggregateOp } from '../../operators/aggregate.ts'
import type { FilterOp } from '../../operators/filter.ts'
import type { LimitOp } from '../../operators/limit.ts'
import type { Operator } from '../../operators/operator.ts'
import type { OrderOp } from '../../operators/order.ts'
import type { ProjectOp } from '../../operators/project.ts'
import type { MergeKey, ShownColumn } from '../../operators/select-list.ts'
import { isRefusal, type Refusal } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import type { GroupDraft } from './group-draft.ts'
import { conjunctionOf } from './having-predicate.ts'
import { type JoinOrder, sidesIn } from './join-order.ts'
import { isPlain, type JoinedParts, joinShape } from './join-shape.ts'
import type { JoinSide } from './join-side.ts'
import { isAlikeInTemporary, takesTemporary } from './join-temporary.ts'
import { joinedRows, type Shown } from './joined-rows.ts'
import { linkedSides } from './linked-sides.ts'
import { orderOfGroups } from './order-groups.ts'
import { limitValues } from './push-limit.ts'
import { draftOfGroups } from './split-aggregate.ts'
import { askedOfGroups } from './split-having.ts'

/**
 * Project(… Aggregate(Join(Route(a), Route(b), …))) -> Project(… Aggregate(groups, Order(BindJoin(Route(a), Route(b))))): the table that
 * all aggregates are of is asked for groups of its rows, by what it is joined by and what it shows. A group is joined with a row as
 * often as its rows would be, and what it has counted and summed is put together above, as parts that shards have made are.
 */
export function bindGroups(op: ProjectOp<Operator>): RuleResult {
  const { block } = op
  const shape = groupShape(op.input)
  if (shape === undefined) return unchanged('its rows are not groups of those of a join')
  if (!isPlain(block) || isDistinct(block.ast))
    return unchanged('groups of a join are put together without other clauses')
  if (hidesColumns(block)) return unchanged('a name is that of a column and of something else')
  const joined = linkedSides(shape.joined, block)
  if ('kind' in joined) return joined
  const draft = draftOfGroups(block)
  if (isRefusal(draft)) return draft
  const asked = askedOfGroups(shape.having?.conjuncts ?? [], block, draft)
  if (isRefusal(asked)) return asked
  if (asked.onKeys.length > 0) return unchanged('HAVING asks for keys')
  const sorted = orderOfGroups(shape.order?.items ?? [], block, draft)
  if (isRefusal(sorted)) return sorted
  const order = sorted === 'that of keys' ? [] : sorted
  if (![...draft.keys, ...order].every(({ expr }) => expr.kind === 'Column' || isAggregateCall(expr)))
    return unchanged('its groups are not by columns')
  if (hasSeveralKeyspaces(joined) && !showsKeys(block, draft.keys, order))
    return unchanged('no shard can tell whether what it shows is one value of a group')
  const rows = groupedRows(joined, draft, block)
  if (rows === undefined)
    return unchanged('it shows more than columns, and aggregates of one table, that shards can make')
  const groups = above(shape, { draft, parts: asked.parts, order, rows })
  return isRefusal(groups)
    ? groups
    : rewrote({ ...op, input: groups }, 'a table is asked for groups of its rows')
}

interface GroupShape {
  readonly joined: JoinedParts
  readonly aggregate: AggregateOp<Operator>
  readonly having: FilterOp<Operator> | undefined
  readonly order: OrderOp<Operator> | undefined
  readonly limit: LimitOp<Operator> | undefined
}

function groupShape(op: Operator): GroupShape | undefined {
  const limit = op.kind === 'Limit' ? op : undefined
  const cut = limit === undefined ? op : limit.input
  const order = cut.kind === 'Order' ? cut : undefined
  const kept = order === undefined ? cut : order.input
  const having = kept.kind === 'Filter' ? kept : undefined
  const aggregate = having === undefined ? kept : having.input
  if (aggregate.kind !== 'Aggregate' || aggregate.groups !== undefined) return undefined
  const joined = joinShape(aggregate.input)
  return joined && { joined, aggregate, having, order, limit }
}

function hasSeveralKeyspaces({ first, steps }: JoinOrder): boolean {
  const tables = [first, ...steps.map(({ side }) => side)].flatMap((side) => side.tables)
  return new Set(tables.map(({ instance }) => instance.table.keyspace)).size > 1
}

/** Beside aggregates nothing but what makes the groups. */
function showsKeys({ ast }: BoundSelect, keys: readonly MergeKey[], order: readonly MergeKey[]): boolean {
  const shown = [
    ...ast.items.map((item) => (item.kind === 'SelectExpr' ? item.expr : undefined)),
    ...order.map(({ expr }) => expr),
  ]
  return (
    keys.length > 0 &&
    shown.every(
      (expr) => expr !== undefined && (isAggregateCall(expr) || keys.some((key) => sameTree(key.expr, expr))),
    )
  )
}

/** The rows that are put together, as the draft wants them. */
function groupedRows(joined: JoinOrder, draft: GroupDraft, block: BoundSelect): Operator | undefined {
  const sides = sidesIn(joined)
  const { keys, distinct } = draft.groups
  const { list } = draft.columns
  if (distinct !== undefined) return undefined
  const items = [...list.items, ...list.hidden.map((expr) => makeItem(expr))]
  const grouped = groupedSide(items, sides, block.scope)
  if (grouped === undefined) return undefined
  const shown: Shown[] = []
  for (const item of items) {
    const side = sideOf(item, grouped, sides)
    if (side === undefined) return undefined
    shown.push({ side, column: side.show(item)[0]! })
  }
  if (!list.items.every((item) => isAggregate(item) || isAlikeInTemporary(item, sides))) return undefined
  grouped.group()
  const isTemporary = takesTemporary(
    keys.map(({ expr }) => expr),
    joined,
  )
  return joinedRows(joined, shown, { list, isTemporary })
}

function isAggregate(item: SelectItem): boolean {
  return item.kind === 'SelectExpr' && isAggregateCall(item.expr)
}

function sideOf(item: SelectItem, grouped: JoinSide, sides: readonly JoinSide[]): JoinSide | undefined {
  if (item.kind !== 'SelectExpr') return undefined
  if (hasAggregate(item.expr)) return grouped
  return sides.find((side) => side.hasAll(item.expr))
}

// ------------------------------------------------------------------------------------------ aggregates

/** The one that all aggregates are of; of several of which all are, the one that is asked last. */
function groupedSide(
  items: readonly SelectItem[],
  sides: readonly JoinSide[],
  scope: Scope,
): JoinSide | undefined {
  const calls: AggregateCall[] = []
  someInBlock(items, (node) => {
    if (isAggregateCall(node)) calls.push(node)
    return false
  })
  return sides.findLast((side) => calls.every((call) => isOf(call, side, scope)))
}

/** Whether parts of the aggregate can be made of rows of the side, also of such as find no partner, without an error or a warning. */
function isOf({ name, args, quantifier }: AggregateCall, side: JoinSide, scope: Scope): boolean {
  const [arg] = args
  if (arg === undefined || args.length > 1 || quantifier === 'DISTINCT') return false
  // A row without a partner counts, too.
  if (arg.kind === 'Star') return name === 'count' && !side.isOuter
  if (!side.hasAll(arg) || !isTotal(arg, (column) => side.columnOf(column))) return false
  return name === 'count' || (OF_NUMBERS.has(name) && quietKind(arg, scope) === 'number')
}

/**
 * A sum of texts converts them, row by row. In a temporary table MIN and MAX of texts are columns told in another way, and of dates
 * warn where they are NULL.
 */
const OF_NUMBERS: ReadonlySet<string> = new Set(['avg', 'max', 'min', 'sum'])

// --------------------------------------------------------------------------------------------- clauses

interface Rows {
  readonly draft: GroupDraft
  readonly parts: readonly Predicate<ShownColumn>[]
  readonly order: readonly MergeKey[]
  readonly rows: Operator
}

function above(
  { aggregate, having, limit }: GroupShape,
  { draft, parts, order, rows }: Rows,
): Operator | Refusal {
  const { block } = aggregate
  const { groups } = draft
  const ordered = (input: Operator, keys: readonly MergeKey[]): Operator =>
    keys.length === 0 ? input : { kind: 'Order', input, block, items: [], keys }
  const whole: Operator = { ...aggregate, input: ordered(rows, groups.keys), groups }
  const kept: Operator =
    having === undefined ? whole : { ...having, input: whole, predicate: conjunctionOf(parts) }
  const sorted = ordered(kept, order)
  if (limit === undefined) return sorted
  const values = limitValues(limit.clause)
  return isRefusal(values) ? values : { ...limit, input: sorted, values }
}
