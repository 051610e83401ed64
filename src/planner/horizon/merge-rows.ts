import type { RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { QueryPiece } from '../../plan/text.ts'
import type { PlanValue } from '../../plan/values.ts'
import type { LimitClause, OrderItem, Select } from '../../sql/ast.ts'
import { sameTree } from '../../sql/visit.ts'
import { makeInteger } from '../make-node.ts'
import { holdsVindex, type SelectInfo } from '../semantics/analyze-query.ts'
import { isDistinct } from '../semantics/traits.ts'
import type { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { planValue } from '../values.ts'
import { meaningOf } from './order-by.ts'
import { type KeyDraft, ShardColumns } from './shard-query.ts'

/**
 * Rows of several shards that need no arithmetic: one after the other, or merged by ORDER BY, without duplicates where
 * DISTINCT asks for that, and cut by LIMIT.
 *
 * Each shard sorts and cuts for itself; it sends `offset + count` rows at most, for all of them may be wanted.
 */
export function mergeRows(info: SelectInfo, routing: Routing, text: ShardText): RowsPrimitive {
  const { select, scope } = info
  const columns = new ShardColumns(select.items, scope)
  const order = orderKeys(info, columns)
  const distinct =
    isDistinct(select) && !isLocallyDistinct(info) ? distinctKeys(info, columns, order) : undefined
  const keys = distinct ?? order
  const limit = limitValues(select.limit)
  const query: Select = {
    ...select,
    items: columns.items(),
    ...(distinct === undefined ? {} : { orderBy: positions(distinct, select) }),
  }
  const shardQuery = select.limit === undefined ? query : withLimit(query, select.limit, distinct, text)
  const isChanged = columns.hiddenCount > 0 || distinct !== undefined || limit?.offset !== undefined
  const sortKeys = keys.map((key) => columns.sortKeyOf(key))
  let at: RowsPrimitive = {
    kind: 'Route',
    routing,
    query: isChanged ? text.ofTree(shardQuery) : text.ofStatement(select),
    orderBy: sortKeys,
  }
  if (distinct !== undefined) at = { kind: 'Distinct', input: at, keys: sortKeys }
  if (limit !== undefined) at = { kind: 'Limit', input: at, ...limit }
  return columns.hiddenCount === 0 ? at : { kind: 'Truncate', input: at, drop: columns.hiddenCount }
}

/** Rows that are equal lie on one shard. */
function isLocallyDistinct({ select, scope, tables }: SelectInfo): boolean {
  const exprs = select.items.flatMap((item) => (item.kind === 'SelectExpr' ? [item.expr] : []))
  const [first] = tables
  return (
    first !== undefined &&
    holdsVindex(
      exprs,
      scope,
      tables.filter(({ role }) => role === 'row'),
      first.level,
    )
  )
}

function orderKeys({ select, scope }: SelectInfo, columns: ShardColumns): readonly KeyDraft[] {
  return (select.orderBy ?? []).flatMap((item) => {
    const expr = meaningOf(item, 'ORDER BY', select, scope)
    return expr === undefined ? [] : [columns.sortKey(expr, item.direction === 'DESC')]
  })
}

/** All columns are keys: those of ORDER BY first, then the others. */
function distinctKeys(
  { select }: SelectInfo,
  columns: ShardColumns,
  order: readonly KeyDraft[],
): readonly KeyDraft[] {
  const exprs = select.items.map((item) =>
    item.kind === 'SelectExpr' ? item.expr : unplanned('SELECT DISTINCT * over several shards'),
  )
  if (order.some((key) => !('item' in key.column))) {
    unplanned('DISTINCT with ORDER BY of an expression that is not selected, over several shards')
  }
  const rest = exprs.filter((expr) => !order.some((key) => sameTree(key.expr, expr)))
  return [...order, ...rest.map((expr) => columns.sortKey(expr, false))]
}

/** ORDER BY of the keys by their places in the select list. */
export function positions(keys: readonly KeyDraft[], select: Select): readonly OrderItem[] {
  return keys.map(({ column, descending }) => {
    const place = 'item' in column ? column.item : select.items.length + column.hidden
    const item: OrderItem = { kind: 'OrderItem', expr: makeInteger(place + 1), span: select.span }
    return descending ? { ...item, direction: 'DESC' } : item
  })
}

export interface LimitValues {
  readonly count: PlanValue
  readonly offset?: PlanValue
}

export function limitValues(limit: LimitClause | undefined): LimitValues | undefined {
  if (limit === undefined) return undefined
  const count = planValue(limit.count)
  const offset = limit.offset === undefined ? undefined : planValue(limit.offset)
  if (count === undefined || (limit.offset !== undefined && offset === undefined))
    return unplanned('LIMIT of an expression')
  return offset === undefined ? { count } : { count, offset }
}

/**
 * A shard sends no more rows than the merge can need. With weights padded by blanks it cannot tell: 'a' and 'a ' are two
 * rows to its DISTINCT, for their weights differ, and one above.
 */
function withLimit(
  query: Select,
  limit: LimitClause,
  distinct: readonly KeyDraft[] | undefined,
  text: ShardText,
): Select {
  if (distinct?.some((key) => key.pad !== undefined) === true) {
    const { limit: _, ...unlimited } = query
    return unlimited
  }
  const { count, offset } = limitValues(limit) as LimitValues
  if (offset === undefined) return query
  const sum: QueryPiece = { limitSum: [offset, count] }
  return { ...query, limit: { kind: 'Limit', count: text.hole(sum), span: limit.span } }
}
