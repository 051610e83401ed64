import type { RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Select, WindowSpec } from '../../sql/ast.ts'
import { someNode, visit } from '../../sql/visit.ts'
import { holdsVindex, type SelectInfo } from '../semantics/analyze-query.ts'
import { hasWindow, isAggregated } from '../semantics/traits.ts'
import type { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { mergeGroups } from './merge-groups.ts'
import { mergeRows } from './merge-rows.ts'
import { meaningOf } from './order-by.ts'

/** What becomes of a SELECT's rows above the shards, when several of them answer. Throws Unplanned. */
export function planHorizon(info: SelectInfo, routing: Routing, text: ShardText): RowsPrimitive {
  const { select } = info
  refuse(select)
  if (hasWindow(select.items) || hasWindow(select.orderBy)) checkWindows(info)
  return isAggregated(select) && !hasLocalGroups(info)
    ? mergeGroups(info, routing, text)
    : mergeRows(info, routing, text)
}

/** User-level locks and the like: they do something once, not once a shard. */
const onceOnly: ReadonlySet<string> = new Set([
  'get_lock',
  'release_lock',
  'release_all_locks',
  'is_free_lock',
  'is_used_lock',
  'sleep',
  'benchmark',
  'nextval',
  'setval',
  'lastval',
])

function refuse(select: Select): void {
  if (select.modifiers.includes('SQL_CALC_FOUND_ROWS')) unplanned('SQL_CALC_FOUND_ROWS over several shards')
  if (select.into !== undefined) unplanned('SELECT … INTO over several shards')
  if (select.procedure !== undefined) unplanned('PROCEDURE over several shards')
  if (select.limit?.ties) unplanned('FETCH … WITH TIES over several shards')
  if (select.rowsExamined !== undefined) unplanned('LIMIT ROWS EXAMINED over several shards')
  if (select.qualify !== undefined) unplanned('QUALIFY over several shards')
  if (someNode(select, (node) => node.kind === 'Assign'))
    unplanned('assignment of a user variable over several shards')
  visit(select, (node) => {
    if (node.kind === 'Function' && onceOnly.has(node.name))
      unplanned(`${node.name.toUpperCase()}() over several shards`)
    return undefined
  })
}

/** The rows of each group lie on one shard: by GROUP BY of a vindex's columns. */
function hasLocalGroups(info: SelectInfo): boolean {
  const { select, scope, tables } = info
  if (select.groupBy === undefined || select.groupBy.rollup !== undefined) return false
  const keys = select.groupBy.items.flatMap((item) => meaningOf(item, 'GROUP BY', select, scope) ?? [])
  const rows = tables.filter(({ role }) => role === 'row')
  return rows.length > 0 && holdsVindex(keys, scope, rows, rows[0].level)
}

function checkWindows(info: SelectInfo): void {
  const { select, scope, tables } = info
  const rows = tables.filter(({ role }) => role === 'row')
  const named = new Map((select.windows ?? []).map(({ name, spec }) => [name.toLowerCase(), spec]))
  const isLocal = (spec: WindowSpec | undefined, depth: number): boolean => {
    if (spec === undefined || depth > named.size) return false
    const base = spec.reference ?? spec.base
    if (base !== undefined && spec.partitionBy === undefined)
      return isLocal(named.get(base.toLowerCase()), depth + 1)
    const keys = (spec.partitionBy ?? []).map((item) => item.expr)
    return rows.length > 0 && holdsVindex(keys, scope, rows, rows[0].level)
  }
  visit([select.items, select.orderBy], (node) => {
    const over = node.kind === 'WindowFunction' || node.kind === 'Aggregate' ? node.over : undefined
    if (over !== undefined && !isLocal(over, 0))
      unplanned('a window that is not partitioned by the vindex columns, over several shards')
    return node.kind === 'Subquery' ? 'skip' : undefined
  })
  if (isAggregated(select) && !hasLocalGroups(info)) unplanned('windows over groups of several shards')
}
