import type { AggregateCall, Select, SelectExpr, SelectItem } from '../../sql/ast.ts'
import { type AnyNode, type Part, someInBlock } from '../../sql/visit.ts'

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

/** May set user variables, be it as OUT parameters: they have to stand there by name. */
export function setsVariables(node: AnyNode): boolean {
  if (node.kind === 'Call') return node.args?.some((arg) => arg.kind === 'UserVariable') === true
  return node.kind === 'Assign' || node.kind === 'IntoVariables'
}

/** Evaluated twice, it gives two values. */
export function isChanging(part: Part): boolean {
  return someInBlock(
    part,
    (node) => node.kind === 'Assign' || (node.kind === 'Function' && changing.has(node.name)),
  )
}
