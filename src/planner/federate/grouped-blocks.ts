import type { Plan } from '../../plan/plan.ts'
import type { Recounted } from '../../plan/primitives.ts'
import type { AggregateCall, Expr, Query, Select, SelectItem, TableRef } from '../../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someInBlock, someNode, visit } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundFrom, BoundQuery, BoundSelect } from '../binding/bound.ts'
import { hasFloatingType } from '../binding/floating-type.ts'
import { isQuiet } from '../binding/quiet.ts'
import { findSource, hasColumn, type Scope } from '../binding/scope.ts'
import {
  isAggregateCall,
  isAggregated,
  isChanging,
  isDistinct,
  itemName,
  setsLastInsertId,
} from '../binding/traits.ts'
import { makeColumn, makeInteger, makeItem, makeSelect, makeTable } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { isRefusal } from '../refusal.ts'
import { meaningOf } from '../rules/push/meaning-of.ts'
import { ShardText } from '../shard-text.ts'
import { isRecounted, overGroups, type Use } from './grouped-aggregate.ts'
import { asNumber, transferOfExtreme, transferOfValue } from './grouped-value.ts'
import { type Groups, GroupsDraft } from './groups-draft.ts'
import { selectsIn } from './selects-in.ts'

/** A query some of whose blocks are asked of groups that shards have made. */
export interface GroupedQuery {
  readonly query: Query
  readonly groups: readonly Groups[]
  /** Numbers of the columns of its rows that hold counts and sums of groups' own, whose types have more digits. */
  readonly recounted: Recounted
}

/** How a query is answered by rules alone. */
export type PlanRows = (query: Query, context: PlanContext) => Plan

/**
 * Blocks with aggregates whose FROM and WHERE shards can do alone: each groups its own rows, and only groups are copied. What
 * the block does with them (aggregates of aggregates, HAVING, ORDER BY, windows, ROLLUP) it does as before. A subquery all of
 * whose groups lie on one shard each is left to the shards whole. `tables`: those of the query that are no CTE's.
 */
export function withGroups(
  query: Query,
  tables: readonly TableRef[],
  bound: BoundQuery,
  planning: { readonly context: PlanContext; readonly planRows: PlanRows },
): GroupedQuery {
  const blocks = new GroupedBlocks(new Set(tables), selectsIn(bound), planning)
  const grouped = blocks.rewritten(query, { isOpen: false, isRoot: true, isNamed: false })
  return { query: grouped, groups: blocks.found, recounted: blocks.recounted }
}

interface Position {
  /** A query around it may give it columns. */
  readonly isOpen: boolean
  readonly isRoot: boolean
  /** A query around it names its columns. */
  readonly isNamed: boolean
}

class GroupedBlocks {
  readonly found: Groups[] = []
  recounted: Recounted = []
  readonly #tables: ReadonlySet<AnyNode>
  readonly #blocks: ReadonlyMap<Select, BoundSelect>
  readonly #context: PlanContext
  readonly #planRows: PlanRows

  constructor(
    tables: ReadonlySet<AnyNode>,
    blocks: ReadonlyMap<Select, BoundSelect>,
    { context, planRows }: { readonly context: PlanContext; readonly planRows: PlanRows },
  ) {
    this.#tables = tables
    this.#blocks = blocks
    this.#context = { ...context, isChanged: true }
    this.#planRows = planRows
  }

  rewritten<T extends Part>(part: T, position: Position): T {
    return rewrite(part, (node): AnyNode | undefined => {
      switch (node.kind) {
        case 'Derived': {
          const isOpen = position.isOpen || node.lateral
          const query = this.rewritten(node.query.query, { isOpen, isRoot: false, isNamed: true })
          return query === node.query.query ? node : { ...node, query: { ...node.query, query } }
        }
        case 'Subquery': {
          const query = this.rewritten(node.query, { isOpen: true, isRoot: false, isNamed: false })
          return query === node.query ? node : { ...node, query }
        }
        case 'Cte': {
          const query = this.rewritten(node.query, { ...position, isRoot: false, isNamed: true })
          return query === node.query ? node : { ...node, query }
        }
        case 'Select': {
          const grouped = this.#grouped(node, position)
          if (grouped === undefined) return undefined
          this.#noteRecounted(node, position)
          return this.#inClauses(grouped, position)
        }
        default:
          return undefined
      }
    })
  }

  /** Which columns of the answer hold what is counted in a query inside of it, nobody asks. */
  #noteRecounted({ items }: Select, { isRoot }: Position): void {
    const own = [...items.entries()].flatMap(([i, item]) => (someInBlock(item, isRecounted) ? [i] : []))
    if (own.length === 0 || this.recounted === 'all') return
    this.recounted = isRoot ? [...this.recounted, ...own] : 'all'
  }

  /** A block is done; queries in its clauses are not. */
  #inClauses(select: Select, position: Position): Select {
    const { with: ctes, items, having, orderBy } = select
    return {
      ...select,
      ...(ctes && { with: this.rewritten(ctes, position) }),
      items: this.rewritten(items, position),
      ...(having && { having: this.rewritten(having, position) }),
      ...(orderBy && { orderBy: this.rewritten(orderBy, position) }),
    }
  }

  #grouped(select: Select, position: Position): Select | undefined {
    const before = this.found.length
    const grouped = this.#groupedBlock(select, position)
    if (grouped === undefined || !position.isNamed || grouped.items.every(keepsName)) return grouped
    this.found.length = before
    return undefined
  }

  #groupedBlock(select: Select, { isOpen, isRoot }: Position): Select | undefined {
    const block = this.#blocks.get(select)
    if (block === undefined || !isAggregated(select) || !this.#isPlain(select)) return undefined
    if (!isClosed(block, isOpen)) return undefined
    const { from, where, scope } = block
    if (![...conditionsOf(from), ...where.map(({ expr }) => expr)].every((expr) => isQuiet(expr, scope)))
      return undefined
    return (isRoot ? undefined : this.#whole(block)) ?? this.#split(block, isRoot)
  }

  #isPlain(select: Select): boolean {
    const { into, locks, procedure, qualify, from, where } = select
    if ([into, locks, procedure, qualify].some((clause) => clause !== undefined)) return false
    if (isChanging(select) || someNode(select, (node) => setsLastInsertId(node) || isDeprecated(node)))
      return false
    let tables = 0
    const areOwn = visit([from, where], (node) => {
      if (node.kind !== 'Table') return undefined
      tables++
      return this.#tables.has(node) ? undefined : 'stop'
    })
    return areOwn && tables > 0
  }

  /** The route of a query that shards answer each for itself, as its text is. */
  #routeOf(query: Select) {
    const { root } = this.#planRows(query, this.#context)
    if (root.kind !== 'Route' || root.orderBy.length > 0) return undefined
    const text = new ShardText(this.#context).ofTree(query)
    return JSON.stringify(root.query) === JSON.stringify(text) ? root.routing : undefined
  }

  #whole(block: BoundSelect): Select | undefined {
    const { ast, having, scope } = block
    if (ast.groupBy === undefined || ast.limit !== undefined || ast.with !== undefined) return undefined
    if (isDistinct(ast) || !having.every(({ expr }) => isQuiet(expr, scope))) return undefined
    if (seesItems(ast)) return undefined
    const routing = this.#routeOf(ast)
    if (routing === undefined) return undefined
    const draft = new GroupsDraft(block)
    const items: SelectItem[] = []
    for (const item of ast.items) {
      if (item.kind !== 'SelectExpr' || someInBlock(item.expr, isQueryOrWindow)) return undefined
      const transfer = transferOfItem(item.expr, scope)
      if (transfer === undefined) return undefined
      items.push({
        ...item,
        expr: draft.column(item.expr, transfer('').as, (name) => transfer(name).expr),
        ...nameOf(item),
      })
    }
    const { orderBy: _, ...asked } = ast
    const node = this.#place(draft, { ...asked, items: draft.items() }, routing)
    return {
      kind: 'Select',
      modifiers: [],
      items,
      from: [node],
      span: ast.span,
      ...(ast.parens && { parens: ast.parens }),
    }
  }

  #split(block: BoundSelect, isRoot: boolean): Select | undefined {
    const { ast } = block
    if (hidesColumns(block)) return undefined
    const draft = new GroupsDraft(block)
    for (const item of ast.groupBy?.items ?? []) {
      const expr = meaningOf(item, 'GROUP BY', block)
      if (expr === undefined || isRefusal(expr) || someInBlock(expr, isQueryOrAggregate)) return undefined
      if (draft.key(expr) === undefined) return undefined
    }
    const clauses = new BlockOverGroups(draft, isRoot).clauses()
    if (clauses === undefined || draft.isEmpty) return undefined
    const routing = this.#routeOf(
      makeSelect([makeItem(makeInteger(1))], { from: ast.from, ...(ast.where && { where: ast.where }) }),
    )
    if (routing === undefined) return undefined
    const { where: _, ...others } = ast
    return { ...others, ...clauses, from: [this.#place(draft, draft.groupsOf(ast), routing)] }
  }

  #place(draft: GroupsDraft, query: Select, routing: Groups['routing']): TableRef {
    const node = makeTable(groupsName(this.found.length + 1))
    this.found.push(draft.finish(node, query, { routing, keyspace: routing.keyspace }))
    return node
  }
}

export function groupsName(number: number): string {
  return `_shardgate_groups_${number}`
}

/** The clauses of a block, with columns of groups in the place of keys and aggregates. */
class BlockOverGroups {
  readonly #draft: GroupsDraft
  readonly #isRoot: boolean
  readonly #select: Select
  #isRight = true

  constructor(draft: GroupsDraft, isRoot: boolean) {
    this.#draft = draft
    this.#isRoot = isRoot
    this.#select = draft.block.ast
  }

  /** Undefined where something is left that is no key and no aggregate of groups. */
  clauses(): Pick<Select, 'items' | 'groupBy' | 'having' | 'orderBy' | 'windows'> | undefined {
    const { items, groupBy, having, orderBy, windows } = this.#select
    const clauses = {
      items: items.map((item) => this.#item(item)),
      ...(groupBy && {
        groupBy: { ...groupBy, items: groupBy.items.map((item) => ({ ...item, expr: this.#key(item) })) },
      }),
      ...(having && { having: this.#over(having, true) }),
      ...(orderBy && { orderBy: this.#over(orderBy, true) }),
      ...(windows && { windows: this.#over(windows, false) }),
    }
    return this.#isRight ? clauses : undefined
  }

  #item(item: SelectItem): SelectItem {
    if (item.kind !== 'SelectExpr') return this.#leave(item)
    const expr = this.#shown(item.expr)
    return expr === item.expr ? item : { ...item, expr, ...nameOf(item) }
  }

  /** What shows, or may. */
  #shown(expr: Expr): Expr {
    if (isAggregateCall(expr)) return this.#aggregate(expr, this.#isRoot ? 'answer' : 'shown')
    const isPassed = expr.kind === 'Function' && passedOn.has(expr.name) && expr.qualifier === undefined
    if (!isPassed || this.#draft.knownKey(expr) !== undefined) return this.#over(expr, false)
    const args = expr.args.map((arg) =>
      isAverage(arg) ? this.#aggregate(arg, 'shown') : this.#over(arg, false),
    )
    return { ...expr, args }
  }

  #aggregate(call: AggregateCall, use: Use): Expr {
    if (someInBlock(call.args, isQueryOrAggregate)) return this.#leave(call)
    return overGroups(call, use, this.#draft) ?? this.#leave(call)
  }

  #key(item: Parameters<typeof meaningOf>[0]): Expr {
    const expr = meaningOf(item, 'GROUP BY', this.#draft.block)
    const key = expr === undefined || isRefusal(expr) ? undefined : this.#draft.knownKey(expr)
    return key ?? this.#leave(item.expr)
  }

  /** `takesNames`: it sees what the select list shows, too. */
  #over<T extends Part>(part: T, takesNames: boolean): T {
    return rewrite(part, (node): AnyNode | undefined => {
      switch (node.kind) {
        case 'Subquery':
          return this.#isApart(node.query) ? node : this.#leave(node)
        case 'Aggregate':
          return isAggregateCall(node) ? this.#aggregate(node, 'part') : undefined
        case 'Column':
          if (takesNames && this.#isShown(node.name) && node.qualifiers.length === 0) return node
          return this.#draft.knownKey(node) ?? this.#leave(node)
        case 'Star':
          return this.#leave(node)
        case 'OrderItem':
          return isAverage(node.expr) ? { ...node, expr: this.#aggregate(node.expr, 'shown') } : undefined
        default:
          return isExprOfKey(node)
            ? (this.#draft.knownKey(node) ?? this.#withAverages(node, takesNames))
            : undefined
      }
    })
  }

  /** All digits of an average count where it is compared, or rounded. */
  #withAverages(node: Expr, takesNames: boolean): Expr | undefined {
    const [first, ...others] = operandsOf(node)
    if (first === undefined || ![first, ...others].some(isAverage)) return undefined
    const over = (expr: Expr) =>
      isAverage(expr) ? this.#aggregate(expr, 'counted') : this.#over(expr, takesNames)
    switch (node.kind) {
      case 'Comparison':
        return { ...node, left: over(node.left), right: over(node.right) }
      case 'Between':
        return { ...node, operand: over(node.operand), low: over(node.low), high: over(node.high) }
      case 'Function':
        return { ...node, args: node.args.map(over) }
      default:
        return undefined
    }
  }

  #isShown(name: string): boolean {
    return this.#select.items.some(
      (item) => item.kind === 'SelectExpr' && item.alias !== undefined && sameColumn(item.alias.name, name),
    )
  }

  /** It sees none of the block's tables. */
  #isApart(query: Query): boolean {
    const bound = [
      ...this.#draft.block.subqueries,
      ...this.#draft.block.having.flatMap(({ subqueries }) => subqueries),
    ]
    const own = bound.find((each) => each.query.ast === query)?.query
    return own?.kind === 'Select' && isClosed(own, true)
  }

  #leave<T>(node: T): T {
    this.#isRight = false
    return node
  }
}

const passedOn: ReadonlySet<string> = new Set(['coalesce', 'ifnull'])

const rounding: ReadonlySet<string> = new Set(['round', 'truncate', 'floor', 'ceil', 'ceiling'])

function operandsOf(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case 'Comparison':
      return [node.left, node.right]
    case 'Between':
      return [node.operand, node.low, node.high]
    case 'Function': {
      const [, ...places] = node.args
      const isRounded = rounding.has(node.name) && places.every(({ kind }) => kind === 'Literal')
      return isRounded ? node.args : []
    }
    default:
      return []
  }
}

function isAverage(expr: Expr): expr is AggregateCall {
  return isAggregateCall(expr) && expr.name === 'avg'
}

function isExprOfKey(node: AnyNode): node is Exclude<Expr, { kind: 'Column' | 'Star' }> {
  return expressions.has(node.kind)
}

const expressions: ReadonlySet<string> = new Set([
  'Function',
  'Binary',
  'Unary',
  'Case',
  'Cast',
  'ConvertUsing',
  'Comparison',
  'Is',
  'In',
  'Between',
  'Like',
  'And',
  'Or',
  'Not',
])

/** An item keeps the name of the column that it was; others are named by their text. */
function nameOf(item: SelectItem & { readonly kind: 'SelectExpr' }) {
  const name = itemName(item)
  return item.alias === undefined && name !== undefined
    ? { alias: { kind: 'Alias' as const, name, as: true, span: item.span } }
    : {}
}

/** Its clauses name what the select list shows, by an alias or a position. */
function seesItems({ items, groupBy, having }: Select): boolean {
  const shown = new Set(
    items.flatMap((item) => (item.kind === 'SelectExpr' ? (item.alias?.name.toLowerCase() ?? []) : [])),
  )
  return someNode([groupBy, having], (node) => {
    if (node.kind === 'OrderItem') return node.expr.kind === 'Literal'
    return node.kind === 'Column' && node.qualifiers.length === 0 && shown.has(node.name.toLowerCase())
  })
}

/** A column of groups shows under its own name, which nobody knows, unless it has got another. */
function keepsName(item: SelectItem): boolean {
  return item.kind === 'SelectExpr' && (item.expr.kind !== 'Column' || item.alias !== undefined)
}

/** A name of the select list is that of a column, too, which is something else: which of them a clause means hangs on much. */
function hidesColumns({ ast, scope }: BoundSelect): boolean {
  return ast.items.some((item) => {
    if (item.kind !== 'SelectExpr' || item.alias === undefined) return false
    const { name } = item.alias
    if (item.expr.kind === 'Column' && sameColumn(item.expr.name, name)) return false
    return hasColumn(name, scope) !== 'no'
  })
}

/** It names nothing of a query around it. In a query that is not open nothing could be named. */
function isClosed({ ast, scope, subqueries, where, having }: BoundSelect, isOpen: boolean): boolean {
  if (!isOpen) return true
  if (subqueries.length > 0 || [...where, ...having].some((each) => each.subqueries.length > 0)) return false
  const shown = new Set(ast.items.flatMap((item) => itemName(item)?.toLowerCase() ?? []))
  return visit(ast, (node) => {
    if (node.kind === 'Derived') return 'stop'
    if (node.kind !== 'Column') return undefined
    const { name, qualifiers } = node
    if (qualifiers.length > 0) return findSource(qualifiers, scope) === undefined ? 'stop' : undefined
    return hasColumn(name, scope) === 'yes' || shown.has(name.toLowerCase()) ? undefined : 'stop'
  })
}

/** What decides which rows of FROM there are. */
function conditionsOf(from: BoundFrom): readonly Expr[] {
  switch (from.kind) {
    case 'Inner':
      return [...from.parts.flatMap(conditionsOf), ...from.on.map(({ expr }) => expr)]
    case 'Outer':
      return [
        ...conditionsOf(from.preserved),
        ...conditionsOf(from.inner),
        ...from.on.map(({ expr }) => expr),
      ]
    case 'Derived': {
      const { ast } = from.query
      return [{ kind: 'Subquery', query: ast, span: ast.span }]
    }
    default:
      return []
  }
}

function transferOfItem(expr: Expr, scope: Scope) {
  if (!isAggregateCall(expr)) {
    if (transferOfValue('', expr, scope) === undefined || someInBlock(expr, isAggregateCall)) return undefined
    return (name: string) => transferOfValue(name, expr, scope)!
  }
  const [arg] = expr.args
  if (expr.name === 'min' || expr.name === 'max') {
    if (transferOfExtreme('', arg!, scope) === undefined) return undefined
    return (name: string) => transferOfExtreme(name, arg!, scope)!
  }
  if (hasFloatingType(arg!)) return undefined
  if (!numeric.has(expr.name) || !(arg!.kind === 'Star' || expr.args.every((each) => isQuiet(each, scope))))
    return undefined
  return (name: string) => ({ expr: makeColumn(name), as: asNumber })
}

const numeric: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'avg',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'var_pop',
  'var_samp',
  'variance',
])

/** MySQL warns of the text, wherever it stands. */
function isDeprecated(node: AnyNode): boolean {
  switch (node.kind) {
    case 'And':
      return node.operator === '&&'
    case 'Or':
      return node.operator === '||'
    case 'Not':
      return node.operator === '!'
    case 'Unary':
      return node.op === 'BINARY'
    default:
      return false
  }
}

function isQueryOrAggregate(node: AnyNode): boolean {
  return node.kind === 'Subquery' || node.kind === 'Aggregate' || node.kind === 'WindowFunction'
}

function isQueryOrWindow(node: AnyNode): boolean {
  return (
    node.kind === 'Subquery' ||
    node.kind === 'WindowFunction' ||
    (node.kind === 'Aggregate' && node.over !== undefined)
  )
}
