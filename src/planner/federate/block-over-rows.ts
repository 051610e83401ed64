import type { ColumnName, Expr, Select, SelectItem } from '../../sql/ast.ts'
import { positionOf } from '../../sql/position.ts'
import { type AnyNode, type Part, rewrite, sameTree, someNode, visit } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundSelect } from '../binding/bound.ts'
import { digitsOf } from '../binding/digits.ts'
import { emptyScope, resolveColumn } from '../binding/scope.ts'
import { isAggregateCall, isAggregated, isChanging } from '../binding/traits.ts'
import { makeFloat } from '../make-node.ts'
import { nameOf } from './block-over-groups.ts'
import type { GroupsDraft } from './groups-draft.ts'

/**
 * The clauses of a block behind FROM and WHERE, with columns of its rows, of the table `name`, in the place of those of its tables.
 * Undefined where they see more of these than columns that travel.
 */
export function clausesOverRows(
  draft: GroupsDraft,
  name: string,
): Pick<Select, 'items' | 'groupBy' | 'having' | 'orderBy'> | undefined {
  const { block } = draft
  const { items, groupBy, having, orderBy } = block.ast
  let isRight = true
  const leave = <T>(node: T): T => {
    isRight = false
    return node
  }
  // Another column may be shown by this name.
  const rowsColumn = (node: ColumnName) => {
    const column = draft.stored(node)
    return column && { ...column, qualifiers: [name] }
  }
  const over = <T extends Part>(part: T): T =>
    rewrite(part, (node): AnyNode | undefined => {
      switch (node.kind) {
        case 'Column':
          if (node.qualifiers.length === 0 && isShown(node.name, block)) return node
          return rowsColumn(node) ?? leave(node)
        case 'Aggregate':
          return node.args[0]?.kind === 'Star' ? node : undefined
        case 'Binary':
        case 'Function':
          return digitsOf(node, block.scope).kind === 'double' ? leave(node) : undefined
        case 'Subquery':
        case 'Star':
          return leave(node)
        default:
          return undefined
      }
    })
  const clauses = {
    items: items.map((item) => {
      const expr = item.kind === 'SelectExpr' ? over(item.expr) : leave(undefined)
      return item.kind !== 'SelectExpr' || expr === undefined || expr === item.expr
        ? item
        : { ...item, expr, ...nameOf(item) }
    }),
    ...(groupBy && { groupBy: over(groupBy) }),
    ...(having && { having: over(having) }),
    ...(orderBy && { orderBy: over(orderBy) }),
  }
  return isRight ? clauses : undefined
}

/** Not a column, but what the select list shows. */
function isShown(name: string, { ast, scope }: BoundSelect): boolean {
  if (resolveColumn({ kind: 'Column', name, qualifiers: [], span: ast.span }, scope) !== undefined)
    return false
  return ast.items.some(
    (item) => item.kind === 'SelectExpr' && item.alias !== undefined && sameColumn(item.alias.name, name),
  )
}

/**
 * Whether nobody can tell in which order the rows of its tables come, and no key of these says anything of what it shows: it makes
 * groups, which have all by their keys that it shows beside aggregates, and these are the same in any order.
 */
export function hidesOrder(select: Select): boolean {
  const { items, groupBy, having, orderBy, limit } = select
  if (!isAggregated(select) || someNode(select, (node) => seesOrder(node, select))) return false
  if (limit !== undefined && orderBy === undefined) return false
  const keys = groupBy?.items.map(({ expr }) => expr) ?? []
  const isKey = (node: AnyNode) => keys.some((key) => sameTree(key, node) || areOneColumn(key, node))
  const areShown = items.every((item, i) => {
    if (item.kind !== 'SelectExpr') return false
    const isKeyByName = keys.some((key) => positionOf(key) === i + 1 || isNameOf(item, key))
    return isKeyByName || areOfGroups(item.expr, isKey)
  })
  const isOfGroup = (node: AnyNode) => isKey(node) || items.some((item) => isNameOf(item, node))
  return areShown && areOfGroups([having, orderBy], isOfGroup)
}

/** It names nothing but keys, and what is in aggregates. */
function areOfGroups(part: Part, isKey: (node: AnyNode) => boolean): boolean {
  return visit(part, (node) => {
    if (isAggregateCall(node) || node.kind === 'Subquery' || isKey(node)) return 'skip'
    return node.kind === 'Column' ? 'stop' : undefined
  })
}

/** `t.a` and `a` may be. */
function areOneColumn(a: Expr, b: AnyNode): boolean {
  if (a.kind !== 'Column' || b.kind !== 'Column' || !sameColumn(a.name, b.name)) return false
  const [own, other] = [a.qualifiers.at(-1), b.qualifiers.at(-1)]
  return own === undefined || other === undefined || own === other
}

function isNameOf(item: SelectItem, node: AnyNode): boolean {
  if (node.kind !== 'Column' || node.qualifiers.length > 0 || item.kind !== 'SelectExpr') return false
  return item.alias !== undefined && sameColumn(item.alias.name, node.name)
}

/** Lists, and what is added up as a DOUBLE, whose last digits are others in another order. */
const inOrder: ReadonlySet<string> = new Set(
  `group_concat json_arrayagg json_objectagg st_collect std stddev stddev_pop stddev_samp var_pop var_samp
  variance`.split(/\s+/),
)

const adds: ReadonlySet<string> = new Set(['sum', 'avg'])

/** With what is only known when the statement runs. */
function mayBeDoubles(exprs: readonly (Expr | undefined)[]): boolean {
  return exprs.some((expr) => {
    if (expr === undefined || !someNode(expr, isGivenLater)) return false
    const given = rewrite(expr, (node) => (isGivenLater(node) ? makeFloat('0e0') : undefined))
    const { kind } = digitsOf(given, emptyScope)
    return kind !== 'fixed' && kind !== 'mixed'
  })
}

function isGivenLater({ kind }: AnyNode): boolean {
  return kind === 'Param' || kind === 'UserVariable' || kind === 'SystemVariable'
}

function valueOfItem(item: SelectItem): Expr | undefined {
  return item.kind === 'SelectExpr' ? item.expr : undefined
}

function seesOrder(node: AnyNode, whole: Select): boolean {
  switch (node.kind) {
    case 'Aggregate':
      return (
        node.over !== undefined || inOrder.has(node.name) || (adds.has(node.name) && mayBeDoubles(node.args))
      )
    case 'WindowFunction':
      return true
    case 'Function':
      return node.name === 'any_value' || isChanging(node) || digitsOf(node, emptyScope).kind === 'double'
    case 'GroupBy':
      return node.rollup !== undefined
    case 'Select':
      return node !== whole && (node.limit !== undefined || mayBeDoubles(node.items.map(valueOfItem)))
    case 'Literal':
    case 'Cast':
      return digitsOf(node, emptyScope).kind === 'double'
    default:
      return isChanging(node)
  }
}
