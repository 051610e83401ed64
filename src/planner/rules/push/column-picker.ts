import type { AggregateCall, Expr } from '../../../sql/ast.ts'
import { type AnyNode, sameTree, someNode } from '../../../sql/visit.ts'
import type { ValueType } from '../../../values/value.ts'
import { isNoPad, orderClass } from '../../binding/column-type.ts'
import { isPlainExpr } from '../../binding/expr-type.ts'
import { hasFloatingType } from '../../binding/floating-type.ts'
import { knownColumn } from '../../binding/live-column.ts'
import { isQuiet } from '../../binding/quiet.ts'
import type { Scope } from '../../binding/scope.ts'
import { hasAggregate, isAggregateCall, isChanging } from '../../binding/traits.ts'
import { makeAggregate, makeCall, makeNumber, makePadWeight } from '../../make-node.ts'
import { isCounted, type MergeKey, type SelectList, type ShownColumn } from '../../operators/select-list.ts'
import { isRefusal, type Refusal, refused } from '../../refusal.ts'

/** Finds columns in a select list, and hides behind it what the gateway needs to see as well. */
export class ColumnPicker {
  readonly #items: SelectList['items']
  readonly #hidden: Expr[]
  readonly #scope: Scope
  readonly #groupedBy: Expr[]

  /** `groupedBy`: what shards group by, if they do. */
  constructor({ items, hidden }: SelectList, scope: Scope, groupedBy: readonly Expr[] = []) {
    this.#items = items
    this.#hidden = [...hidden]
    this.#scope = scope
    this.#groupedBy = [...groupedBy]
  }

  /** Shards group by this as well. */
  groupBy(expr: Expr): void {
    this.#groupedBy.push(expr)
  }

  get list(): SelectList {
    return { items: this.#items, hidden: [...this.#hidden] }
  }

  /** The column that shows the expression: the client's own one if there is one, else a hidden one. */
  pick(expr: Expr): ShownColumn | Refusal {
    const item = this.#items.findIndex((known) => known.kind === 'SelectExpr' && sameTree(known.expr, expr))
    if (item >= 0 && isCounted(this.#items, item)) return { item }
    if (isChanging(expr))
      return refused('ordering or grouping by a function that changes from call to call, over several shards')
    if (hasFloatingType(expr))
      return refused('ordering or grouping by a ? that is not selected, over several shards')
    if (!isQuiet(expr, this.#scope)) return mayWarn
    if (this.#isUnclear(expr)) return unclear
    return this.hide(this.#ofGroup(expr, expr))
  }

  /** A column only the gateway sees. */
  hide(expr: Expr): ShownColumn {
    const known = this.#hidden.findIndex((other) => sameTree(other, expr))
    return { hidden: known >= 0 ? known : this.#hidden.push(expr) - 1 }
  }

  /** How rows are put in order by an expression, as MySQL does it. */
  sortKey(expr: Expr, descending: boolean): MergeKey | Refusal {
    const { type, collation } = this.#columnType(expr)
    const column = this.pick(expr)
    if (isRefusal(column)) return column
    const key = { expr, column, descending }
    switch (type === 'plain' ? 'plain' : orderClass(type)) {
      case 'plain':
        return key
      case 'float':
      case 'number as text':
        return { ...key, weight: this.hide(this.#ofGroup(expr, makeNumber(expr))) }
      case 'json':
        return refused('ordering or grouping by JSON or GEOMETRY over several shards')
      case 'text':
      case 'unknown': {
        if (hasFloatingType(expr)) return refused('ordering or grouping by a ? over several shards')
        if (!isQuiet(expr, this.#scope)) return mayWarn
        if (this.#isUnclear(expr)) return unclear
        const weight = this.hide(this.#ofGroup(expr, makeCall('WEIGHT_STRING', expr)))
        if (collation !== undefined && isNoPad(collation)) return { ...key, weight }
        return { ...key, weight, pad: this.hide(this.#ofGroup(expr, makePadWeight(expr))) }
      }
    }
  }

  /**
   * What is computed of an expression that makes groups is alike in all rows of a group. MySQL sees that of columns, but not
   * of other expressions, nor that two `?` are one (1055 under ONLY_FULL_GROUP_BY): it is told by an aggregate.
   */
  #ofGroup(key: Expr, shown: Expr): Expr {
    if (key.kind === 'Column' || !this.#groupedBy.some((other) => sameTree(other, key))) return shown
    return makeAggregate('MIN', [shown])
  }

  /**
   * It may be one of the expressions that make groups, written once more (`GROUP BY LEFT(a, 2) ORDER BY LEFT(a, 2)`: two
   * literals are never known to be one). What columns make, MySQL sees to follow from them.
   */
  #isUnclear(expr: Expr): boolean {
    const isKnown = (node: AnyNode) => this.#groupedBy.some((other) => sameTree(other, node))
    if (expr.kind === 'Column' || this.#groupedBy.every(({ kind }) => kind === 'Column') || isKnown(expr))
      return false
    return !hasAggregate(expr) && someNode(expr, (node) => node.kind === 'Column' && !isKnown(node))
  }

  #columnType(expr: Expr): {
    readonly type?: ValueType | 'plain' | undefined
    readonly collation?: string | undefined
  } {
    if (isAggregateCall(expr)) return { type: this.#aggregateType(expr) }
    if (isPlainExpr(expr)) return { type: 'plain' }
    const column = knownColumn(expr, this.#scope)
    return { type: column?.type, collation: column?.collation }
  }

  /** The first and the last of dates is a date. */
  #aggregateType({ name, args }: AggregateCall): ValueType | 'plain' | undefined {
    if (numericAggregates.has(name)) return 'plain'
    if ((name !== 'min' && name !== 'max') || args.length !== 1) return undefined
    const type = knownColumn(args[0], this.#scope)?.type
    return type !== undefined && DATES.has(type) ? type : undefined
  }
}

/** Computed once more for the merge, it would warn once more. */
const mayWarn = refused('ordering or grouping by an expression that may warn, over several shards')

const unclear = refused('ORDER BY an expression beside those of GROUP BY, over several shards')

const DATES: ReadonlySet<ValueType> = new Set(['DATE', 'DATETIME', 'TIMESTAMP'])

export const numericAggregates: ReadonlySet<string> = new Set(['count', 'sum', 'avg'])
