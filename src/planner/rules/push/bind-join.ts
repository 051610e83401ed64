import type { Expr, SelectItem } from '../../../sql/ast.ts'
import { type BoundSelect, inOrderOfText } from '../../binding/bound.ts'
import { findSource } from '../../binding/scope.ts'
import { isTotal } from '../../binding/total.ts'
import { makeItem } from '../../make-node.ts'
import type { Operator } from '../../operators/operator.ts'
import type { ProjectOp } from '../../operators/project.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { ColumnPicker } from './column-picker.ts'
import { type JoinOrder, sidesIn } from './join-order.ts'
import { isPlain, type JoinShape, joinShape } from './join-shape.ts'
import type { JoinSide } from './join-side.ts'
import { isAlikeInTemporary, takesTemporary } from './join-temporary.ts'
import { joinedRows, type Shown } from './joined-rows.ts'
import { linkedSides } from './linked-sides.ts'
import { meaningOf } from './meaning-of.ts'
import { limitValues } from './push-limit.ts'
import { distinctKeys } from './split-distinct.ts'

/**
 * Project(… Join(Route(a), Route(b), …)) -> Project(… BindJoin(Route(a), Route(b))): the rows of one route are read, the next one is
 * asked for those with equal values, and so on. Right where each thing that the statement says is about one of the routes, but for
 * equalities of integers: conditions and what is shown can be asked of rows that find no partner without being noticed. What an
 * outer join may not find shows as it is, and WHERE does not speak of it. The rows are sorted above, by columns of any of them.
 */
export function bindJoin(op: ProjectOp<Operator>): RuleResult {
  const { block } = op
  const shape = joinShape(op.input)
  if (shape === undefined) return unchanged('its rows are not those of a join')
  if (!isPlain(block)) return unchanged('a join is put together without other clauses')
  const order = linkedSides(shape, block)
  if ('kind' in order) return order
  const rows = shownRows(order, shape, block)
  if (rows === undefined) return unchanged('it shows more than columns and what is computed of them')
  if (isRefusal(rows)) return rows
  return rewrote({ ...op, input: rows }, 'a table is asked for what equals the values of those before')
}

/** Undefined where the select list shows what no side has by itself. */
function shownRows(order: JoinOrder, shape: JoinShape, block: BoundSelect): Operator | Refusal | undefined {
  const sides = sidesIn(order)
  const shown: Shown[] = []
  const isSorted = (shape.order ?? shape.distinct) !== undefined
  if (isSorted && !block.ast.items.every((item) => isAlikeInTemporary(item, sides))) return undefined
  for (const item of block.ast.items) {
    const columns = shownBy(item, sides, block)
    if (columns === undefined) return undefined
    shown.push(...columns)
  }
  const picker = new ColumnPicker({ items: block.ast.items, hidden: [] }, block.scope)
  const keys = orderKeys(shape, sides, block, picker)
  if (isRefusal(keys)) return keys
  const distinct = shape.distinct === undefined ? undefined : distinctKeys(block, picker, keys)
  if (isRefusal(distinct)) return distinct
  const { list } = picker
  for (const expr of list.hidden) {
    const side = sides.find((each) => each.hasAll(expr))
    if (side === undefined) return undefined
    shown.push({ side, column: side.show(makeItem(expr))[0]! })
  }
  const isTemporary =
    distinct !== undefined ||
    takesTemporary(
      keys.map(({ expr }) => expr),
      order,
    )
  return above({ shape, block, keys, distinct }, joinedRows(order, shown, { list, isTemporary }))
}

/** Which side shows the item, and the numbers of its columns there. */
function shownBy(
  item: SelectItem,
  sides: readonly JoinSide[],
  { scope }: BoundSelect,
): readonly Shown[] | undefined {
  if (item.kind === 'SelectExpr') {
    const side = sides.find((each) => each.hasAll(item.expr))
    return side !== undefined && isShownBy(side, item.expr)
      ? side.show(item).map((column) => ({ side, column }))
      : undefined
  }
  if (item.kind !== 'Star') return undefined
  const source = item.qualifiers.length === 0 ? undefined : findSource(item.qualifiers, scope)
  const tables = sides
    .flatMap((side) => side.tables.map((table) => ({ side, table })))
    .filter(({ table }) => item.qualifiers.length === 0 || table.source === source)
    .sort((a, b) => inOrderOfText(a.table, b.table))
  if (tables.length === 0) return undefined
  return tables.flatMap(({ side, table }) => {
    const own = { ...item, qualifiers: [table.source.name] }
    return side.show(own, table).map((column) => ({ side, column }))
  })
}

/** What an outer join has not found is NULL, which an expression may make something of. */
function isShownBy(side: JoinSide, expr: Expr): boolean {
  return side.isOuter ? expr.kind === 'Column' : isTotal(expr, (column) => side.columnOf(column))
}

function orderKeys(
  { order }: JoinShape,
  sides: readonly JoinSide[],
  block: BoundSelect,
  picker: ColumnPicker,
): readonly MergeKey[] | Refusal {
  return eachOrRefusal(order?.items ?? [], (item) => {
    const expr = meaningOf(item, 'ORDER BY', block)
    if (expr === undefined || isRefusal(expr)) return expr
    const side = sides.find((each) => each.hasAll(expr))
    if (side === undefined || !isShownBy(side, expr))
      return refused('a join over several shards in another order than that of its columns')
    return picker.sortKey(expr, item.direction === 'DESC')
  })
}

interface Clauses {
  readonly shape: JoinShape
  readonly block: BoundSelect
  readonly keys: readonly MergeKey[]
  readonly distinct: readonly MergeKey[] | undefined
}

/** The clauses over the rows. Equal rows follow each other where they are sorted by all of their columns. */
function above({ shape, block, keys, distinct }: Clauses, rows: Operator): Operator | Refusal {
  const { limit } = shape
  const sortedBy = distinct ?? keys
  const sorted: Operator =
    sortedBy.length === 0 ? rows : { kind: 'Order', input: rows, block, items: [], keys: sortedBy }
  const dropped: Operator =
    distinct === undefined ? sorted : { kind: 'Distinct', input: sorted, block, keys: distinct }
  if (limit === undefined) return dropped
  const values = limitValues(limit.clause)
  return isRefusal(values) ? values : { ...limit, input: dropped, values }
}
