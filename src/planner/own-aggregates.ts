import type { AggregateCall, Delete, Expr, Select, Update } from '../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode, visit } from '../sql/visit.ts'
import type { ValueType } from '../values/value.ts'
import { bindWrite } from './binding/bind-write.ts'
import type { BoundQuery, BoundSelect, BoundWrite } from './binding/bound.ts'
import { storedColumn } from './binding/live-column.ts'
import { rootPlace } from './binding/place.ts'
import { isAbsent } from './binding/scope.ts'
import { isAggregateCall } from './binding/traits.ts'
import { makeCall, makeColumn } from './make-node.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * `SET tag = (SELECT MIN(outer.tag) FROM other)`: an aggregate of columns that are all of the query around belongs to that, in a
 * SELECT. UPDATE and DELETE have none, so that it is one of the subquery's rows: which is said of it here by a column of these, for
 * the query that chooses the rows. The same statement where there is no such aggregate; undefined where that cannot be said.
 */
export function withOwnAggregates(bound: BoundWrite, context: PlanContext): BoundWrite | undefined {
  const selects = new Map<AnyNode, BoundSelect>()
  for (const { query } of [...bound.where.flatMap(({ subqueries }) => subqueries), ...bound.subqueries])
    for (const select of selectsOf(query)) if (select.hasOuterAggregate) selects.set(select.ast, select)
  if (selects.size === 0) return bound
  let isTold = true
  const ast: Update | Delete = rewrite(bound.ast, (node) => {
    const select = selects.get(node)
    if (select === undefined) return undefined
    const own = ofOwnRows(select, bound)
    isTold &&= own !== undefined
    return own
  })
  return isTold ? bindWrite(ast, rootPlace(context)) : undefined
}

function selectsOf(query: BoundQuery): readonly BoundSelect[] {
  if (query.kind === 'Select') return [query]
  if (query.kind === 'Union') return query.operands.flatMap(selectsOf)
  return query.kind === 'Nested' ? selectsOf(query.query) : []
}

function ofOwnRows(select: BoundSelect, bound: BoundWrite): Select | undefined {
  const { ast, scope } = select
  const column = someColumn(select)
  const { items, having, orderBy } = ast
  if (column === undefined) return undefined
  let isTold = true
  const own = <T extends Part>(part: T): T =>
    rewrite(part, (node) => {
      if (node.kind === 'Subquery') return node
      if (!isAggregateCall(node) || !isOfOthers(node, select)) return undefined
      isTold &&= node.args.every((arg) => keepsType(arg, bound))
      return { ...node, args: node.args.map((arg) => besides(column, arg)) }
    })
  const rewritten = {
    ...ast,
    items: own(items),
    ...(having && { having: own(having) }),
    ...(orderBy && { orderBy: own(orderBy) }),
  }
  return isTold && scope.sources.length > 0 ? rewritten : undefined
}

function isOfOthers({ args }: AggregateCall, { scope }: BoundSelect): boolean {
  const hasColumn = someNode(args, ({ kind }) => kind === 'Column')
  return (
    hasColumn &&
    visit(args, (node) => (node.kind === 'Column' && !isAbsent(node, scope) ? 'stop' : undefined))
  )
}

/** Whichever there is: only that it is there counts. */
function someColumn({ scope: { sources } }: BoundSelect): Expr | undefined {
  for (const { name, instance } of sources) {
    const [first] = instance?.table.live?.columns ?? []
    if (first !== undefined) return { ...makeColumn(first.name), qualifiers: [name] }
  }
  return undefined
}

/** IF() has the type of what it gives, but for columns that are numbers and texts at once. */
function keepsType(arg: Expr, { scope }: BoundWrite): boolean {
  if (arg.kind !== 'Column') return true
  const type = storedColumn(arg, scope)?.type
  return type !== undefined && !MANIFOLD.has(type)
}

const MANIFOLD: ReadonlySet<ValueType> = new Set(['ENUM', 'SET', 'BIT', 'YEAR', 'GEOMETRY', 'TIMESTAMP'])

function besides(column: Expr, arg: Expr): Expr {
  return makeCall('if', makeCall('isnull', column), arg, arg)
}
