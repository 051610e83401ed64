import type { JoinedColumn } from '../../../plan/primitives.ts'
import type { ColumnName, Comparison, Expr, SelectItem } from '../../../sql/ast.ts'
import { isIntegral, isSigned, type ValueType } from '../../../values/value.ts'
import { sameColumn } from '../../../vschema/model.ts'
import { type BoundSelect, type Conjunct, inOrderOfText } from '../../binding/bound.ts'
import { findSource } from '../../binding/scope.ts'
import { isTotal } from '../../binding/total.ts'
import { isHarmless } from '../../federate/harmless.ts'
import { makeItem } from '../../make-node.ts'
import type { BindJoinOp } from '../../operators/bind-join.ts'
import type { Operator } from '../../operators/operator.ts'
import type { ProjectOp } from '../../operators/project.ts'
import type { MergeKey } from '../../operators/select-list.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { ColumnPicker } from './column-picker.ts'
import { type JoinOrder, joinOrder, type Link } from './join-order.ts'
import { isPlain, type JoinShape, joinShape } from './join-shape.ts'
import { type JoinSide, joinSide } from './join-side.ts'
import { isAlikeInTemporary, takesTemporary } from './join-temporary.ts'
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
  const sides = sidesOf(shape, block)
  if (sides === undefined) return unchanged('not of tables whose columns are known')
  if (!haveNames([...sides.inner, ...sides.outer])) return unchanged('two of its tables have one name')
  const links = linksOf(shape, sides)
  if (links === undefined) return unchanged('a condition is about several of them, or may be noticed')
  const order = joinOrder(sides.inner, sides.outer, links)
  if (order === undefined) return unchanged('no integers are equal')
  const rows = shownRows(order, shape, block)
  if (rows === undefined) return unchanged('it shows more than columns and what is computed of them')
  if (isRefusal(rows)) return rows
  return rewrote({ ...op, input: rows }, 'a table is asked for what equals the values of those before')
}

interface Sides {
  readonly inner: readonly JoinSide[]
  readonly outer: readonly JoinSide[]
}

function sidesOf({ inner, outer }: JoinShape, { scope }: BoundSelect): Sides | undefined {
  const of = (ops: readonly Operator[], isOuter: boolean) =>
    ops.flatMap((op) => joinSide(op, scope, isOuter) ?? [])
  const sides = {
    inner: of(inner, false),
    outer: of(
      outer.map(({ op }) => op),
      true,
    ),
  }
  return sides.inner.length === inner.length && sides.outer.length === outer.length ? sides : undefined
}

/** In two keyspaces; what is named by one name is told apart by no one. */
function haveNames(sides: readonly JoinSide[]): boolean {
  const names = sides.flatMap(({ tables }) => tables.map(({ source }) => source.name))
  return names.every((name, i) => !names.slice(0, i).some((other) => sameColumn(other, name)))
}

// --------------------------------------------------------------------------------------------- conditions

/** Gives each side its conditions. Undefined where one is neither a side's nor an equality of two. */
function linksOf({ conjuncts, outer }: JoinShape, sides: Sides): readonly Link[] | undefined {
  const links: Link[] = []
  const all = [...sides.inner, ...sides.outer]
  const areOwn = all.every((side) => side.conditions.every((expr) => isAskedOf(side, expr)))
  const areTaken =
    conjuncts.every((conjunct) => takeConjunct(conjunct, { linked: sides.inner, own: sides.inner }, links)) &&
    outer.every(({ on }, i) => {
      const own = sides.outer[i]!
      const before = [...sides.inner, ...sides.outer.slice(0, i)]
      return on.every((conjunct) => takeConjunct(conjunct, { linked: [own, ...before], own: [own] }, links))
    })
  return areOwn && areTaken ? links : undefined
}

interface Takers {
  /** Between these an equality links. */
  readonly linked: readonly JoinSide[]
  /** These may be asked the condition. */
  readonly own: readonly JoinSide[]
}

function takeConjunct({ expr, subqueries }: Conjunct, { linked, own }: Takers, links: Link[]): boolean {
  if (subqueries.length > 0) return false
  const side = own.find((each) => each.hasAll(expr))
  if (side !== undefined) {
    if (!isAskedOf(side, expr)) return false
    side.conditions.push(expr)
    return true
  }
  if (!isEquality(expr)) return false
  const [a, b] = [expr.left, expr.right].map((column) => {
    const owner = linked.find((each) => each.columnOf(column) !== undefined)
    return owner && { side: owner, column }
  })
  if (a === undefined || b === undefined || a.side === b.side) return false
  // Of an outer join's ON, for its inner side.
  if (own.length === 1 && a.side !== own[0] && b.side !== own[0]) return false
  if (!areAlike(a.side.columnOf(a.column)?.type, b.side.columnOf(b.column)?.type)) return false
  links.push({ a, b })
  return true
}

function isAskedOf(side: JoinSide, expr: Expr): boolean {
  return isHarmless(expr, (column) => side.columnOf(column))
}

type Equality = Comparison & { readonly left: ColumnName; readonly right: ColumnName }

function isEquality(expr: Expr): expr is Equality {
  return (
    expr.kind === 'Comparison' &&
    expr.op === '=' &&
    expr.left.kind === 'Column' &&
    expr.right.kind === 'Column'
  )
}

/** Integers with a sign, or without: what is equal is written alike. */
function areAlike(a: ValueType | undefined, b: ValueType | undefined): boolean {
  if (a === undefined || b === undefined || !isIntegral(a) || !isIntegral(b)) return false
  return a !== 'YEAR' && b !== 'YEAR' && isSigned(a) === isSigned(b)
}

// ----------------------------------------------------------------------------------- what is shown of them

/** A column of the rows that are made. */
interface Shown {
  readonly side: JoinSide
  readonly column: number
}

/** Undefined where the select list shows what no side has by itself. */
function shownRows(order: JoinOrder, shape: JoinShape, block: BoundSelect): Operator | Refusal | undefined {
  const sides = [order.first, ...order.steps.map(({ side }) => side)]
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

/** Each join but the last one passes on all columns that it has. */
function joinedRows(
  { first, steps }: JoinOrder,
  shown: readonly Shown[],
  { list, isTemporary }: Pick<BindJoinOp<Operator>, 'list' | 'isTemporary'>,
): Operator {
  const keys = steps.map((step) => ({
    left: step.keys.map(({ other }) => ({ side: other.side, column: other.side.pick(other.column) })),
    right: step.keys.map(({ own }) => step.side.pick(own)),
  }))
  const sides = [first, ...steps.map(({ side }) => side)]
  const before = (side: JoinSide) =>
    sides.slice(0, sides.indexOf(side)).reduce((sum, { width }) => sum + width, 0)
  const placeOf = ({ side, column }: Shown) => before(side) + column
  return steps.reduce<Operator>((left, step, i): BindJoinOp<Operator> => {
    const isLast = i === steps.length - 1
    const { side } = step
    return {
      kind: 'BindJoin',
      how: step.how,
      left,
      right: side.route,
      asked: { ...(i === 0 && { left: first.asked() }), right: side.asked() },
      keys: { left: keys[i]!.left.map(placeOf), right: keys[i]!.right },
      bound: step.keys[0]!.own,
      rightRouting: step.routing,
      columns: isLast
        ? shown.map(
            (each): JoinedColumn =>
              each.side === side
                ? { side: 'right', column: each.column }
                : { side: 'left', column: placeOf(each) },
          )
        : [...columnsOf('left', before(side)), ...columnsOf('right', side.width)],
      list,
      isTemporary: isLast && isTemporary,
    }
  }, first.route)
}

function columnsOf(side: JoinedColumn['side'], count: number): readonly JoinedColumn[] {
  return Array.from({ length: count }, (_, column) => ({ side, column }))
}
