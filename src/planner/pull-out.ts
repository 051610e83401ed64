import type { Plan } from '../plan/plan.ts'
import {
  answersRows,
  type Primitive,
  type PulledSubquery,
  type Route,
  type RowsPrimitive,
} from '../plan/primitives.ts'
import type { QueryPiece } from '../plan/text.ts'
import type { AggregateCall, ColumnName, Expr, In, Query, Select, Subquery } from '../sql/ast.ts'
import { type AnyNode, rewrite, someNode } from '../sql/visit.ts'
import { isIntegral, isSigned } from '../values/value.ts'
import type { Column } from '../vschema/model.ts'
import { bindQuery } from './binding/bind-query.ts'
import { storedColumn } from './binding/live-column.ts'
import { rootPlace } from './binding/place.ts'
import type { Scope } from './binding/scope.ts'
import { averageOfParts, hasAllDigits, isAverage } from './federate/grouped-aggregate.ts'
import { isHarmless } from './federate/harmless.ts'
import { makeAggregate, makeHole, makeItem } from './make-node.ts'
import type { PlanContext } from './plan-context.ts'
import { isScatter } from './rules/settle/vindex-routing.ts'

/**
 * The plan of a SELECT whose WHERE compares columns with subqueries that see nothing of it: these run first, and what they give
 * stands in their places in what the shards get. For numbers alone that a literal tells whole, and where nobody can tell when, or
 * how often, a subquery has been run. Undefined for others. `planOf` makes a plan by rules.
 */
export function pullOut(
  ast: Query,
  { context, planOf }: { readonly context: PlanContext; planOf(ast: Query, context: PlanContext): Plan },
): Pick<Plan, 'root' | 'judged'> | undefined {
  if (ast.kind !== 'Select' || ast.where === undefined || context.pulledOut !== undefined) return undefined
  if (ast.with !== undefined || someNode(ast, ({ kind }) => kind === 'Lock' || kind === 'Assign'))
    return undefined
  if (mayChangeTypes(ast)) return undefined
  const bound = bindQuery(ast, rootPlace(context))
  if (bound.kind !== 'Select') return undefined
  const conjuncts = conjunctsOf(ast.where).filter(hasSubquery)
  if (conjuncts.length > PULLED_MAX) return undefined
  const found = conjuncts.flatMap((expr) => pulledFrom(expr, bound.scope, context) ?? [])
  if (found.length === 0) return undefined
  const inner = { ...context, isChanged: true }
  const subqueries: PulledSubquery[] = []
  const values = new Map<Subquery, Expr>()
  let width = 0
  for (const { subquery, query, use, standsAs } of found) {
    const { root } = planOf(query, inner)
    if (!isFinished(root)) return undefined
    const holes = query.items.map((_, i) => makeHole(-1 - width - i))
    values.set(subquery, standsAs(holes))
    subqueries.push({ rows: root, width: holes.length, use })
    width += holes.length
  }
  const where = rewrite(ast.where, (node) => {
    if (node.kind === 'Subquery') return values.get(node)
    const value = node.kind === 'In' && node.right.kind === 'Subquery' ? values.get(node.right) : undefined
    if (node.kind !== 'In' || value === undefined) return undefined
    return { ...node, right: { kind: 'List', items: [value], span: node.right.span } }
  })
  const outer = planOf({ ...ast, where }, { ...inner, pulledOut: width })
  const hasLists = found.some(({ use }) => use !== 'value')
  if (!isFinished(outer.root) || hidesValues(outer.root, hasLists)) return undefined
  return { root: { kind: 'PullOut', subqueries, input: outer.root }, judged: outer.judged ?? 'names' }
}

/** Whether MySQL sorts a join in a temporary table may hang on the subquery, and with it the types of what is computed. */
function mayChangeTypes({ items, from, orderBy, modifiers }: Select): boolean {
  const isOfOneTable = from.length === 1 && from[0]?.kind === 'Table'
  if (isOfOneTable || (orderBy === undefined && modifiers.length === 0)) return false
  return items.some((item) => item.kind === 'SelectExpr' && item.expr.kind !== 'Column')
}

/** Each of them is a round to its shards. */
const PULLED_MAX = 8

function hasSubquery(expr: Expr): boolean {
  if (expr.kind === 'In') return expr.right.kind === 'Subquery'
  return expr.kind === 'Comparison' && (expr.left.kind === 'Subquery' || expr.right.kind === 'Subquery')
}

function isFinished(root: Primitive): root is RowsPrimitive {
  return answersRows(root) && root.kind !== 'Unsupported' && root.kind !== 'Federate'
}

/** Sides that a join asks see its keys alone, and the parts of a UNION nothing. */
function hidesValues(root: RowsPrimitive, hasLists: boolean): boolean {
  if (root.kind === 'Concatenate') return true
  if (root.kind === 'Join')
    return !isAskedByKeys(root.right.rows, hasLists) || hidesValues(root.left.rows, hasLists)
  return 'input' in root && hidesValues(root.input, hasLists)
}

/** It has no other hole than that for the keys, which alone may tell its shards: a list that runs before is one of cells, too. */
function isAskedByKeys({ query, routing }: Route, hasLists: boolean): boolean {
  const holes = query.kind === 'Template' ? query.template.filter(isHoleOfRows) : []
  const isByKeys = routing.kind === 'In' && routing.list.kind === 'Cells' && !hasLists
  const isByNone = isScatter(routing) || routing.kind === 'AnyShard' || routing.kind === 'Unsharded'
  return holes.length === 1 && (isByKeys || isByNone)
}

function isHoleOfRows(piece: QueryPiece): boolean {
  return typeof piece !== 'string' && 'rows' in piece
}

function conjunctsOf(expr: Expr): readonly Expr[] {
  return expr.kind === 'And' ? expr.operands.flatMap(conjunctsOf) : [expr]
}

interface Pulled {
  readonly subquery: Subquery
  /** Whose columns it is made of. */
  readonly query: Select
  readonly use: PulledSubquery['use']
  standsAs(columns: readonly Expr[]): Expr
}

function first([column]: readonly Expr[]): Expr {
  return column!
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '!=', '<', '<=', '>', '>='])

function pulledFrom(expr: Expr, scope: Scope, context: PlanContext): Pulled | undefined {
  if (expr.kind === 'In') return pulledList(expr, scope, context)
  if (expr.kind !== 'Comparison' || !COMPARISONS.has(expr.op)) return undefined
  const [column, subquery] = expr.left.kind === 'Subquery' ? [expr.right, expr.left] : [expr.left, expr.right]
  if (column.kind !== 'Column' || subquery.kind !== 'Subquery') return undefined
  const query = plainQuery(subquery, context)
  if (query === undefined || !isExact(storedColumn(column, scope))) return undefined
  if (isAverage(query.item)) return pulledAverage(subquery, query, query.item)
  const item = valueColumn(query.item)
  if (item === undefined || (item.kind !== 'Star' && !isExact(query.columnOf(item)))) return undefined
  return { subquery, query: query.ast, use: 'value', standsAs: first }
}

/** It has more digits than it shows: sum and count have them all. */
function pulledAverage(
  subquery: Subquery,
  { ast, columnOf }: PlainQuery,
  { args, quantifier, over }: AggregateCall,
): Pulled | undefined {
  const [arg] = args
  const column = arg?.kind === 'Column' ? columnOf(arg) : undefined
  const { orderBy, groupBy, limit } = ast
  const isOneRow = [orderBy, groupBy, limit].every((clause) => clause === undefined)
  if (!isOneRow || over !== undefined || quantifier === 'DISTINCT' || !isExact(column)) return undefined
  const scale = column?.type === 'DECIMAL' ? column.scale : 0
  if (scale === undefined || !hasAllDigits(scale)) return undefined
  const items = ['SUM', 'COUNT'].map((name) => makeItem(makeAggregate(name, args)))
  return {
    subquery,
    query: { ...ast, items },
    use: 'value',
    standsAs: ([sum, count]) => averageOfParts(sum!, count!, scale),
  }
}

/** Of a list, what is equal must be written alike, and an empty one cannot be. */
function pulledList({ left, right, negated }: In, scope: Scope, context: PlanContext): Pulled | undefined {
  if (left.kind !== 'Column' || right.kind !== 'Subquery') return undefined
  const query = plainQuery(right, context)
  if (query === undefined || query.ast.limit !== undefined || query.item.kind !== 'Column') return undefined
  const [a, b] = [storedColumn(left, scope)?.type, query.columnOf(query.item)?.type]
  if (a === undefined || b === undefined || !isIntegral(a) || !isIntegral(b)) return undefined
  if (a === 'YEAR' || b === 'YEAR' || isSigned(a) !== isSigned(b)) return undefined
  return { subquery: right, query: query.ast, use: negated ? 'none of' : 'one of', standsAs: first }
}

function isExact(column: Column | undefined): boolean {
  const type = column?.type
  return type === 'DECIMAL' || (type !== undefined && isIntegral(type) && type !== 'YEAR')
}

/** A column, or an aggregate of one that has all of its digits. */
function valueColumn(item: Expr): ColumnName | { readonly kind: 'Star' } | undefined {
  if (item.kind === 'Column') return item
  if (item.kind !== 'Aggregate' || item.over !== undefined || !EXACT_AGGREGATES.has(item.name))
    return undefined
  const [arg] = item.args
  if (item.name === 'count' && arg?.kind === 'Star') return { kind: 'Star' }
  return arg?.kind === 'Column' && item.args.length === 1 ? arg : undefined
}

const EXACT_AGGREGATES: ReadonlySet<string> = new Set(['count', 'max', 'min', 'sum'])

interface PlainQuery {
  readonly ast: Select
  /** Its only column. */
  readonly item: Expr
  columnOf(column: ColumnName): Column | undefined
}

/** A SELECT of one column from one table, all of whose names are columns of that, and whose conditions nobody notices. */
function plainQuery({ query: ast }: Subquery, context: PlanContext): PlainQuery | undefined {
  if (ast.kind !== 'Select' || ast.items.length !== 1 || ast.from.length !== 1) return undefined
  const [item] = ast.items
  const { hints, windows, qualify, procedure, rowsExamined, into, having, modifiers } = ast
  const others = [hints, windows, qualify, procedure, rowsExamined, into, having, ast.with]
  if (others.some((clause) => clause !== undefined) || modifiers.some((word) => word !== 'DISTINCT'))
    return undefined
  if (item?.kind !== 'SelectExpr' || ast.from[0]?.kind !== 'Table') return undefined
  const bound = bindQuery(ast, rootPlace(context))
  if (bound.kind !== 'Select') return undefined
  const columnOf = (column: ColumnName) => storedColumn(column, bound.scope)
  const isOther = (node: AnyNode) => {
    if (node.kind === 'Column') return columnOf(node) === undefined
    return node.kind === 'Subquery' || node.kind === 'UserVariable'
  }
  const { where, ...clauses } = ast
  if (someNode(ast, isOther) || someNode(clauses, ({ kind }) => kind === 'Function')) return undefined
  if (where !== undefined && !isHarmless(where, columnOf)) return undefined
  return { ast, item: item.expr, columnOf }
}
