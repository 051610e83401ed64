import type { JoinedColumn } from '../../../plan/primitives.ts'
import type { Routing } from '../../../plan/routing.ts'
import type { ColumnName, Comparison, Expr, SelectItem } from '../../../sql/ast.ts'
import { visit } from '../../../sql/visit.ts'
import { isIntegral, isSigned, type ValueType } from '../../../values/value.ts'
import { sameColumn } from '../../../vschema/model.ts'
import type { BoundSelect, Conjunct } from '../../binding/bound.ts'
import { Level } from '../../binding/level.ts'
import { findSource, type Scope } from '../../binding/scope.ts'
import { columnKey } from '../../binding/source.ts'
import { isHarmless } from '../../federate/harmless.ts'
import type { BindJoinOp } from '../../operators/bind-join.ts'
import type { JoinOp } from '../../operators/join.ts'
import type { LimitOp } from '../../operators/limit.ts'
import type { Operator } from '../../operators/operator.ts'
import type { ProjectOp } from '../../operators/project.ts'
import { isRefusal } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { isScatter, routingOfTables } from '../settle/vindex-routing.ts'
import { columnsFrom, type JoinSide, joinSide } from './join-side.ts'
import { limitValues } from './push-limit.ts'

/**
 * Project(Limit(Filter(Join(Route(a), Route(b))))) -> Project(Limit(BindJoin(Route(a), Route(b)))): the rows of one table are
 * read, the other one is asked for those with equal values. Right where each thing that the statement says is about one of two
 * tables, but for equalities of integers: columns are shown as they are, and conditions can be asked of rows that find no
 * partner without being noticed.
 */
export function bindJoin(op: ProjectOp<Operator>): RuleResult {
  const { block } = op
  const shape = shapeOf(op.input)
  if (shape === undefined) return unchanged('its rows are not those of a join of two')
  if (!isPlain(block)) return unchanged('a join is put together without other clauses')
  const { join, conjuncts, limit } = shape
  const sides = join.inputs.map(joinSide)
  const [a, b] = sides
  if (a === undefined || b === undefined) return unchanged('not of two tables whose columns are known')
  // In two keyspaces; what is named by it is told apart by no one.
  if (sameColumn(a.table.source.name, b.table.source.name)) return unchanged('both tables have one name')
  if (!conjuncts.every((conjunct) => takeConjunct(conjunct, a, b, block.scope)))
    return unchanged('a condition is about both tables, or may be noticed')
  if (a.keys.length === 0) return unchanged('no integers are equal')
  const joined = putTogether(inOrder(a, b), a, b, block)
  if (joined === undefined) return unchanged('it shows more than columns')
  if (limit === undefined) return rewrote({ ...op, input: joined }, REASON)
  const values = limitValues(limit.clause)
  if (isRefusal(values)) return values
  return rewrote({ ...op, input: { ...limit, input: joined, values } }, REASON)
}

const REASON = 'one table is asked for what equals the values of the other'

interface Shape {
  readonly join: JoinOp<Operator>
  readonly conjuncts: readonly Conjunct[]
  readonly limit: LimitOp<Operator> | undefined
}

function shapeOf(op: Operator): Shape | undefined {
  const limit = op.kind === 'Limit' ? op : undefined
  const rows = limit === undefined ? op : limit.input
  const filter = rows.kind === 'Filter' && rows.clause === 'WHERE' ? rows : undefined
  const join = filter === undefined ? rows : filter.input
  if (join.kind !== 'Join' || join.inputs.length !== 2) return undefined
  return { join, conjuncts: [...join.conjuncts, ...(filter?.conjuncts ?? [])], limit }
}

/** Clauses that are not in the shape, or would be lost with it. */
function isPlain({ ast, scope, subqueries }: BoundSelect): boolean {
  const { hints, modifiers, windows, qualify, procedure, rowsExamined, locks, into, limit } = ast
  const others = [hints, windows, qualify, procedure, rowsExamined, locks, into, ast.with]
  return (
    others.every((clause) => clause === undefined) &&
    modifiers.length === 0 &&
    limit?.ties !== true &&
    subqueries.length === 0 &&
    // USING shows one column for two.
    scope.merged.size === 0
  )
}

/** Whether the conjunct is one of a side, or makes keys of both. */
function takeConjunct({ expr, subqueries }: Conjunct, a: JoinSide, b: JoinSide, scope: Scope): boolean {
  if (subqueries.length > 0) return false
  if (isEquality(expr)) {
    for (const [left, right] of [
      [expr.left, expr.right],
      [expr.right, expr.left],
    ] as const) {
      const types = [a.columnOf(left, scope)?.type, b.columnOf(right, scope)?.type]
      if (!areAlike(types[0], types[1])) continue
      a.keys.push(left)
      b.keys.push(right)
      return true
    }
  }
  const side = [a, b].find((each) => isOf(each, expr, scope))
  if (side === undefined || !isHarmless(expr, ({ name }) => side.liveColumn(name))) return false
  side.conditions.push(expr)
  return true
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

/** It names columns, and these are all of the one table. */
function isOf(side: JoinSide, expr: Expr, scope: Scope): boolean {
  let names = 0
  const isOwn = visit(expr, (node) => {
    if (node.kind !== 'Column') return undefined
    names++
    return side.columnOf(node, scope) === undefined ? 'stop' : undefined
  })
  return isOwn && names > 0
}

// ---------------------------------------------------------------------------------------------- the two sides

/** The one first that is known to give fewer rows, or whose values tell the shards of the other. */
function inOrder(a: JoinSide, b: JoinSide): readonly [JoinSide, JoinSide] {
  const [sizeOfA, sizeOfB] = [sizeOf(a), sizeOf(b)]
  if (sizeOfA !== sizeOfB) return sizeOfA < sizeOfB ? [a, b] : [b, a]
  return isScatter(boundBy(b).routing) && !isScatter(boundBy(a).routing) ? [b, a] : [a, b]
}

function sizeOf({ route: { routing }, conditions }: JoinSide): number {
  if (conditions.length > 0) return isScatter(routing) ? 1 : 0
  // Tables that stand on one server are mostly the small ones.
  return routing?.kind === 'Unsharded' || routing?.kind === 'AnyShard' ? 2 : 3
}

interface BoundBy {
  readonly key: number
  readonly routing: Routing
}

/** By which of its keys the fewest shards are asked. */
function boundBy({ route, table, keys }: JoinSide): BoundBy {
  const { routing } = route
  if (routing !== undefined && !isScatter(routing)) return { key: 0, routing }
  const { instance } = table
  const ways = keys.map(({ name }, key): BoundBy => {
    const level = new Level()
    level.addList(columnKey({ instance, name: name.toLowerCase() }), { kind: 'Cells', column: 0 })
    return { key, routing: routingOfTables([{ ...table, level }], level) }
  })
  return ways.find((way) => !isScatter(way.routing)) ?? ways[0]!
}

/** Undefined where the select list shows anything but columns. */
function putTogether(
  [left, right]: readonly [JoinSide, JoinSide],
  a: JoinSide,
  b: JoinSide,
  { ast, scope }: BoundSelect,
): BindJoinOp<Operator> | undefined {
  const columns: JoinedColumn[] = []
  for (const item of ast.items) {
    const shown = shownBy(item, [a, b], scope)
    if (shown === undefined) return undefined
    for (const { side, item: own } of shown)
      columns.push(...columnsFrom(side === left ? 'left' : 'right', side.show(own)))
  }
  const { key, routing } = boundBy(right)
  for (const { keys } of [left, right]) keys.unshift(...keys.splice(key, 1))
  const bound = right.keys[0]!
  return {
    kind: 'BindJoin',
    left: left.route,
    right: right.route,
    asked: { left: left.asked(), right: right.asked() },
    bound,
    rightRouting: routing,
    columns,
  }
}

/** Which side shows the item, and how it reads there; `*` is both, in the order of FROM. */
function shownBy(
  item: SelectItem,
  sides: readonly JoinSide[],
  scope: Scope,
): readonly { readonly side: JoinSide; readonly item: SelectItem }[] | undefined {
  if (item.kind === 'SelectExpr') {
    const { expr } = item
    if (expr.kind !== 'Column') return undefined
    const side = sides.find((each) => each.columnOf(expr, scope) !== undefined)
    return side && [{ side, item }]
  }
  if (item.kind !== 'Star') return undefined
  if (item.qualifiers.length === 0)
    return sides.map((side) => ({ side, item: { ...item, qualifiers: [side.table.source.name] } }))
  const source = findSource(item.qualifiers, scope)
  const side = sides.find(({ table }) => table.source === source)
  return side && [{ side, item }]
}
