import type { AggregateCall, Select, SelectExpr, SelectItem } from '../../sql/ast.ts'
import { type AnyNode, type Part, someInBlock, someNode } from '../../sql/visit.ts'

/** What a SELECT does with the rows of its FROM and WHERE. */

export function isAggregateCall(node: AnyNode): node is AggregateCall {
  return node.kind === 'Aggregate' && node.over === undefined
}

export function hasAggregate(node: Part): boolean {
  return someInBlock(node, isAggregateCall)
}

export function hasWindow(node: Part): boolean {
  return someInBlock(
    node,
    (inner) => inner.kind === 'WindowFunction' || (inner.kind === 'Aggregate' && 'over' in inner),
  )
}

export function isAggregated(select: Select): boolean {
  if (select.groupBy !== undefined) return true
  return [select.items, select.having, select.orderBy].some(hasAggregate)
}

export function isDistinct(select: Select): boolean {
  return select.modifiers.includes('DISTINCT')
}

export function isSelectExpr(item: SelectItem): item is SelectExpr {
  return item.kind === 'SelectExpr'
}

/** Name under which an item can be referred to; undefined where it has none that is sure. */
export function itemName(item: SelectItem): string | undefined {
  if (item.kind !== 'SelectExpr') return undefined
  return item.alias?.name ?? (item.expr.kind === 'Column' ? item.expr.name : undefined)
}

/** `LAST_INSERT_ID(expr)` tells its connection what LAST_INSERT_ID() is from now on. */
export function setsLastInsertId(node: AnyNode): boolean {
  return node.kind === 'Function' && node.name === 'last_insert_id' && node.args.length > 0
}

const changing: ReadonlySet<string> = new Set([
  'rand',
  'uuid',
  'uuid_short',
  'random_bytes',
  'sys_guid',
  'nextval',
  'lastval',
  'sleep',
])

/** What clients ask a server without a table. */
const TABLELESS: ReadonlySet<string> = new Set(
  `coalesce concat connection_id curdate current_date current_time current_timestamp current_user curtime database
  found_rows get_lock if ifnull is_free_lock is_used_lock last_insert_id localtime localtimestamp lower now rand
  release_all_locks release_lock row_count schema session_user sleep sysdate system_user unix_timestamp upper user utc_date
  utc_time utc_timestamp uuid version`.split(/\s+/),
)

/** Names a table, or calls what may be a stored function, which may ask one. */
export function mayAskTables(part: Part): boolean {
  return someNode(part, (node) => {
    if (node.kind === 'Function') return node.qualifier !== undefined || !TABLELESS.has(node.name)
    return node.kind === 'Table'
  })
}

/** May set user variables, be it as OUT parameters: they have to stand there by name. */
export function setsVariables(node: AnyNode): boolean {
  if (node.kind === 'Call') return node.args?.some((arg) => arg.kind === 'UserVariable') === true
  if (node.kind === 'Explain') return node.into !== undefined
  if (node.kind === 'Load') return node.reading?.columns?.some(({ kind }) => kind === 'UserVariable') === true
  return node.kind === 'Assign' || node.kind === 'IntoVariables'
}

/** Evaluated twice, it gives two values. */
export function isChanging(part: Part): boolean {
  return someInBlock(
    part,
    (node) => node.kind === 'Assign' || (node.kind === 'Function' && changing.has(node.name)),
  )
}
