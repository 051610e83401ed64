import type { Plan } from '../../plan/plan.ts'
import type { Primitive, Recounted, Route, RowsPrimitive } from '../../plan/primitives.ts'
import { routingsOf } from '../../plan/routings-in.ts'
import type { Expr, Query, Select, SelectItem, TableRef } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { type AnyNode, type Part, rewrite, someInBlock, someNode, visit } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundFrom, BoundQuery, BoundSelect } from '../binding/bound.ts'
import { isQuiet } from '../binding/quiet.ts'
import { hasColumn } from '../binding/scope.ts'
import { isAggregated, isChanging, isDistinct, setsLastInsertId } from '../binding/traits.ts'
import { makeInteger, makeItem, makeSelect, makeTable } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { isRefusal } from '../refusal.ts'
import { meaningOf } from '../rules/push/meaning-of.ts'
import { ShardText } from '../shard-text.ts'
import { BlockOverGroups, isQueryOrAggregate, nameOf } from './block-over-groups.ts'
import { clausesOverRows, hidesOrder } from './block-over-rows.ts'
import { isAverage, isRecounted, transferOfItem, type Use } from './grouped-aggregate.ts'
import { type Groups, GroupsDraft } from './groups-draft.ts'
import { impliedBy } from './implied.ts'
import { isClosed } from './is-closed.ts'
import { selectsIn } from './selects-in.ts'

/** A query some of whose blocks are asked of groups that shards have made. */
export interface GroupedQuery {
  readonly query: Query
  readonly groups: readonly Groups[]
  /** Numbers of the columns of its rows that hold counts and sums of groups' own, whose types have more digits. */
  readonly recounted: Recounted
  /** One server would sort rows to make groups of its answer, instead of having these in a temporary table. */
  readonly isSorted: boolean
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
  const blocks = new GroupedBlocks(new Set(tables), selectsIn(bound), query, planning)
  const grouped = blocks.rewritten(query, {
    isOpen: false,
    isRoot: true,
    isNamed: false,
    isCompared: false,
  })
  return { query: grouped, groups: blocks.found, recounted: blocks.recounted, isSorted: blocks.isSorted }
}

interface Position {
  /** A query around it may give it columns. */
  readonly isOpen: boolean
  readonly isRoot: boolean
  /** Rows of others stand behind its own. */
  readonly isOperand?: boolean
  /** A query around it names its columns. */
  readonly isNamed: boolean
  /** Its values are compared with others, and shown nowhere. */
  readonly isCompared: boolean
}

class GroupedBlocks {
  readonly found: Groups[] = []
  recounted: Recounted = []
  isSorted = false
  readonly #tables: ReadonlySet<AnyNode>
  readonly #blocks: ReadonlyMap<Select, BoundSelect>
  readonly #hidesOrder: boolean
  readonly #context: PlanContext
  readonly #planRows: PlanRows

  constructor(
    tables: ReadonlySet<AnyNode>,
    blocks: ReadonlyMap<Select, BoundSelect>,
    query: Query,
    { context, planRows }: { readonly context: PlanContext; readonly planRows: PlanRows },
  ) {
    this.#tables = tables
    this.#hidesOrder = query.kind === 'Select' && hidesOrder(query)
    this.#blocks = blocks
    this.#context = { ...context, isChanged: true }
    this.#planRows = planRows
  }

  rewritten<T extends Part>(part: T, position: Position): T {
    const { isCompared } = position
    return rewrite(part, (node): AnyNode | undefined => {
      switch (node.kind) {
        case 'Derived': {
          const isOpen = position.isOpen || node.lateral
          const inFrom = { isOpen, isRoot: false, isNamed: true, isCompared }
          const query = this.rewritten(node.query.query, inFrom)
          return query === node.query.query ? node : { ...node, query: { ...node.query, query } }
        }
        case 'Subquery': {
          const inExpr = { isOpen: true, isRoot: false, isNamed: false, isCompared }
          const query = this.rewritten(node.query, inExpr)
          return query === node.query ? node : { ...node, query }
        }
        case 'Exists':
        case 'In':
        case 'Quantified':
        case 'Comparison':
          return isCompared ? undefined : this.rewritten(node, { ...position, isCompared: true })
        case 'Cte': {
          const query = this.rewritten(node.query, { ...position, isRoot: false, isNamed: true })
          return query === node.query ? node : { ...node, query }
        }
        case 'SetOperation':
          return position.isOperand ? undefined : this.rewritten(node, { ...position, isOperand: true })
        case 'Select': {
          const grouped = this.#grouped(node, position)
          return grouped && this.#inClauses(grouped, position)
        }
        default:
          return undefined
      }
    })
  }

  /** Which columns of the answer hold what is counted in a query inside of it, nobody asks. */
  #noteRecounted({ items }: Select, { isRoot, isCompared }: Position): void {
    if (isCompared) return
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

  #groupedBlock(select: Select, position: Position): Select | undefined {
    const block = this.#blocks.get(select)
    if (block === undefined || !this.#isPlain(select)) return undefined
    if (position.isOpen && !isClosed(block)) return undefined
    return this.#ofGroups(block, position) ?? this.#joined(block)
  }

  #ofGroups(block: BoundSelect, position: Position): Select | undefined {
    const { ast, from, where, scope } = block
    if (!isAggregated(ast)) return undefined
    if (![...conditionsOf(from), ...where.map(({ expr }) => expr)].every((expr) => isQuiet(expr, scope)))
      return undefined
    return this.#whole(block, position) ?? this.#split(block, position)
  }

  /** Blocks of which nobody sees in which order their rows come, nor that they have no keys. */
  #joined(block: BoundSelect): Select | undefined {
    const { ast, scope } = block
    if (!this.#hidesOrder || scope.merged.size > 0 || ast.windows !== undefined || hidesColumns(block))
      return undefined
    const draft = new GroupsDraft(block)
    const clauses = clausesOverRows(draft, this.#nextName)
    if (clauses === undefined || draft.isEmpty) return undefined
    const { from, where } = ast
    const rows = this.#rowsOf(makeSelect(draft.sentItems(), { from, ...(where && { where }) }))
    if (rows === undefined) return undefined
    const query = makeSelect(draft.items(), { from, ...(where && { where }) })
    const { where: _, ...others } = ast
    return { ...others, ...clauses, from: [this.#place(draft, query, { rows, isOneRow: false })] }
  }

  #isPlain(select: Select): boolean {
    const { hints, into, locks, procedure, qualify, from, where } = select
    if (hints?.some((hint) => /\bSET_VAR\b/i.test(hint))) return false // shards would compute without
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

  #whole(block: BoundSelect, { isRoot, isNamed }: Position): Select | undefined {
    const { ast, having, scope } = block
    // All digits of an average count but where it is a column.
    if (isRoot || (!isNamed && someInBlock(ast.items, isAverage))) return undefined
    if (ast.groupBy === undefined || ast.limit !== undefined || ast.with !== undefined) return undefined
    if (isDistinct(ast) || !having.every(({ expr }) => isQuiet(expr, scope))) return undefined
    if (seesItems(ast)) return undefined
    const routing = this.#routeOf(ast)
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
    const query = { ...asked, items: draft.items() }
    const joined =
      routing === undefined && this.#hidesOrder && draft.isSentAsShown ? this.#rowsOf(query) : undefined
    const rows = routing === undefined ? joined : this.#route(routing, draft, query)
    if (rows === undefined) return undefined
    const node = this.#place(draft, query, { rows, isOneRow: !draft.hasKeys })
    return {
      kind: 'Select',
      modifiers: [],
      items,
      from: [node],
      span: ast.span,
      ...(ast.parens && { parens: ast.parens }),
    }
  }

  #split(block: BoundSelect, position: Position): Select | undefined {
    const { ast } = block
    if (hidesColumns(block)) return undefined
    const draft = new GroupsDraft(block)
    for (const item of ast.groupBy?.items ?? []) {
      const expr = meaningOf(item, 'GROUP BY', block)
      if (expr === undefined || isRefusal(expr) || someInBlock(expr, isQueryOrAggregate)) return undefined
      if (draft.key(expr) === undefined) return undefined
    }
    const clauses = new BlockOverGroups(draft, useIn(position)).clauses()
    if (clauses === undefined || draft.isEmpty) return undefined
    const routing = this.#routeOf(
      makeSelect([makeItem(makeInteger(1))], { from: ast.from, ...(ast.where && { where: ast.where }) }),
    )
    if (routing === undefined) return undefined
    this.#noteRecounted(ast, position)
    this.isSorted ||= position.isRoot && someInBlock([ast.items, ast.having, ast.orderBy], isDistinctCall)
    const { where: _, ...others } = ast
    // Of rows of several tables one server makes such groups in a temporary table, which shows in the types of their keys.
    const isBuffered =
      useIn(position) === 'answer' &&
      ast.groupBy?.rollup !== undefined &&
      ast.from.flatMap(tablesIn).length > 1
    const modifiers = isBuffered ? [...ast.modifiers, 'SQL_BUFFER_RESULT' as const] : ast.modifiers
    const query = draft.groupsOf(ast)
    const rows = this.#route(routing, draft, query)
    const node = this.#place(draft, query, { rows, isOneRow: !draft.hasKeys })
    const where = ast.groupBy && ast.where && impliedBy(ast.where, isWritten)
    return { ...others, ...(where && { where }), ...clauses, modifiers, from: [node] }
  }

  /** Each shard shows groups of its own rows. */
  #route(routing: Route['routing'], draft: GroupsDraft, query: Select): Route {
    const pulled = draft.pulled(query, this.#nextName)
    return { kind: 'Route', routing, query: new ShardText(this.#context).ofTree(pulled), orderBy: [] }
  }

  #place(draft: GroupsDraft, query: Select, of: Pick<Groups, 'rows' | 'isOneRow'>): TableRef {
    const node = makeTable(this.#nextName)
    const [routing] = routingsOf(of.rows)
    this.found.push(draft.finish(node, query, { ...of, keyspace: routing!.keyspace }))
    return node
  }

  get #nextName(): string {
    return `_shardgate_groups_${this.found.length + 1}`
  }

  /** What gives rows of tables that are joined above their shards; undefined where rules do not join them. */
  #rowsOf(query: Select): RowsPrimitive | undefined {
    const { root } = this.#planRows(query, this.#context)
    return root.kind !== 'Route' && isJoined(root) ? root : undefined
  }
}

/**
 * Of literals alone. Where such a condition is false MySQL knows that there are no groups before it makes any, and takes no
 * temporary table, which shows in the types of keys.
 */
function isWritten(condition: Expr): boolean {
  return !someNode(condition, ({ kind }) => !written.has(kind))
}

const written: ReadonlySet<string> = new Set([
  ...['Literal', 'Introduced', 'TemporalLiteral', 'Unary', 'Binary', 'Collate', 'Comparison', 'In', 'List'],
  ...['Between', 'Is', 'Like', 'And', 'Or', 'Not'],
])

function isDistinctCall(node: AnyNode): boolean {
  return (
    node.kind === 'Aggregate' && node.quantifier === 'DISTINCT' && node.name !== 'min' && node.name !== 'max'
  )
}

/** Of what its items are. */
function useIn({ isRoot, isOperand, isNamed }: Position): Use {
  if (isRoot) return isOperand ? 'shown' : 'answer'
  return isNamed ? 'shown' : 'counted'
}

/** What may be many pairs of few rows is not: these are copied. */
function isJoined(root: Primitive): root is RowsPrimitive {
  switch (root.kind) {
    case 'Join':
      return root.isModest === true
    case 'PullOut':
      return root.input.kind === 'Route' || isJoined(root.input)
    case 'Aggregate':
    case 'Sort':
    case 'Filter':
    case 'Truncate':
      return isJoined(root.input)
    default:
      return false
  }
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
export function hidesColumns({ ast, scope }: BoundSelect): boolean {
  return ast.items.some((item) => {
    if (item.kind !== 'SelectExpr' || item.alias === undefined) return false
    const { name } = item.alias
    if (item.expr.kind === 'Column' && sameColumn(item.expr.name, name)) return false
    return hasColumn(name, scope) !== 'no'
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

function isQueryOrWindow(node: AnyNode): boolean {
  return (
    node.kind === 'Subquery' ||
    node.kind === 'WindowFunction' ||
    (node.kind === 'Aggregate' && node.over !== undefined)
  )
}
