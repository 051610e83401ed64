import type { SortKey } from '../../plan/primitives.ts'
import type { Expr, SelectItem } from '../../sql/ast.ts'
import { sameTree } from '../../sql/visit.ts'
import type { ValueType } from '../../values/value.ts'
import { makeCall, makeItem, makeNumber, makePadWeight } from '../make-node.ts'
import { isNoPad, orderClass } from '../semantics/column-type.ts'
import { isPlainExpr } from '../semantics/expr-type.ts'
import { refOf } from '../semantics/facts-of.ts'
import type { Scope } from '../semantics/scope.ts'
import { schemaColumn } from '../semantics/source.ts'
import { isAggregateCall, isChanging } from '../semantics/traits.ts'
import { unplanned } from '../unplanned.ts'

/** A column of the shards' rows: one the client asked for, or one hidden behind them. */
export type Pick = { readonly item: number } | { readonly hidden: number }

/** A sort key before the number of hidden columns is known. */
export interface KeyDraft {
  readonly expr: Expr
  readonly column: Pick
  readonly weight?: Pick
  readonly pad?: Pick
  readonly descending: boolean
}

/** The select list that shards get: the client's, and behind it what the merge needs to see. */
export class ShardColumns {
  readonly #items: readonly SelectItem[]
  readonly #scope: Scope
  readonly #hidden: Expr[] = []

  constructor(items: readonly SelectItem[], scope: Scope) {
    this.#items = items
    this.#scope = scope
  }

  get hiddenCount(): number {
    return this.#hidden.length
  }

  /** The column that shows the expression: the client's own one if there is one, else a hidden one. */
  pick(expr: Expr): Pick {
    const item = this.#items.findIndex((known) => known.kind === 'SelectExpr' && sameTree(known.expr, expr))
    if (item >= 0 && this.#hasOffset(item)) return { item }
    if (isChanging(expr))
      unplanned('ordering or grouping by a function that changes from call to call, over several shards')
    return this.#hide(expr)
  }

  /** A column only the merge sees. */
  #hide(expr: Expr): Pick {
    const known = this.#hidden.findIndex((other) => sameTree(other, expr))
    return { hidden: known >= 0 ? known : this.#hidden.push(expr) - 1 }
  }

  hide(expr: Expr): Pick {
    return this.#hide(expr)
  }

  /** How rows are put in order by an expression, as MySQL does it. */
  sortKey(expr: Expr, descending: boolean): KeyDraft {
    const { type, collation } = this.#columnType(expr)
    const column = this.pick(expr)
    const key = { expr, column, descending }
    switch (type === 'plain' ? 'plain' : orderClass(type)) {
      case 'plain':
        return key
      case 'float':
      case 'number as text':
        return { ...key, weight: this.#hide(makeNumber(expr)) }
      case 'json':
        return unplanned('ordering or grouping by JSON or GEOMETRY over several shards')
      case 'text':
      case 'unknown': {
        const weight = this.#hide(makeCall('WEIGHT_STRING', expr))
        if (collation !== undefined && isNoPad(collation)) return { ...key, weight }
        return { ...key, weight, pad: this.#hide(makePadWeight(expr)) }
      }
    }
  }

  #columnType(expr: Expr): {
    readonly type?: ValueType | 'plain' | undefined
    readonly collation?: string | undefined
  } {
    if (isAggregateCall(expr)) return numericAggregates.has(expr.name) ? { type: 'plain' } : {}
    if (isPlainExpr(expr)) return { type: 'plain' }
    const ref = refOf(expr, this.#scope)
    const column = ref === undefined ? undefined : schemaColumn(ref)
    return { type: column?.type, collation: column?.collation }
  }

  /** What a hidden column shows; undefined for one that the client asked for. */
  hiddenExpr(pick: Pick | undefined): Expr | undefined {
    return pick !== undefined && 'hidden' in pick ? this.#hidden[pick.hidden] : undefined
  }

  /** The numbers that the plan uses, once nothing more is hidden. */
  offsetOf(pick: Pick): number {
    if ('item' in pick) return pick.item
    const isCounted = this.#hasOffset(this.#items.length)
    return isCounted ? this.#items.length + pick.hidden : pick.hidden - this.#hidden.length
  }

  sortKeyOf({ column, weight, pad, descending }: KeyDraft): SortKey {
    return {
      column: this.offsetOf(column),
      ...(weight === undefined ? {} : { weight: this.offsetOf(weight) }),
      ...(pad === undefined ? {} : { pad: this.offsetOf(pad) }),
      descending,
    }
  }

  items(): readonly SelectItem[] {
    return this.#hidden.length === 0 ? this.#items : [...this.#items, ...this.#hidden.map(makeItem)]
  }

  /** No `*` stands before or at the item, so that its number is its place. */
  #hasOffset(item: number): boolean {
    return this.#items.slice(0, item + 1).every((known) => known.kind !== 'Star')
  }
}

const numericAggregates: ReadonlySet<string> = new Set(['count', 'sum', 'avg'])
