import type { AggregateCall, Expr, Query, Select, SelectExpr, SelectItem } from '../../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someInBlock } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import { isAggregateCall, itemName } from '../binding/traits.ts'
import { isRefusal } from '../refusal.ts'
import { meaningOf } from '../rules/push/meaning-of.ts'
import { isAverage, overGroups, showAlike, type Use } from './grouped-aggregate.ts'
import type { GroupsDraft } from './groups-draft.ts'
import { isClosed } from './is-closed.ts'

/** The clauses of a block, with columns of groups in the place of keys and aggregates. */
export class BlockOverGroups {
  readonly #draft: GroupsDraft
  readonly #use: Use
  readonly #select: Select
  #isRight = true

  /** `use`: of its items. */
  constructor(draft: GroupsDraft, use: Use) {
    this.#draft = draft
    this.#use = use
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
    if (isAggregateCall(expr)) return this.#aggregate(expr, this.#use)
    const isPassed = expr.kind === 'Function' && passedOn.has(expr.name) && expr.qualifier === undefined
    if (!isPassed || this.#draft.knownKey(expr) !== undefined) return this.#over(expr, false)
    if (!showAlike(expr.args, this.#draft.scope)) return this.#leave(expr)
    const args = expr.args.map((arg) =>
      isAverage(arg) ? this.#aggregate(arg, this.#use) : this.#over(arg, false),
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
    return own?.kind === 'Select' && isClosed(own)
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
export function nameOf(item: SelectExpr): Partial<SelectExpr> {
  const name = itemName(item)
  return item.alias === undefined && name !== undefined
    ? { alias: { kind: 'Alias' as const, name, as: true, span: item.span } }
    : {}
}

export function isQueryOrAggregate(node: AnyNode): boolean {
  return node.kind === 'Subquery' || node.kind === 'Aggregate' || node.kind === 'WindowFunction'
}
