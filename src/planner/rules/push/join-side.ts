import type { JoinedColumn } from '../../../plan/primitives.ts'
import type { ColumnName, Expr, Select, SelectItem } from '../../../sql/ast.ts'
import { type Column, sameColumn } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { resolveColumn, type Scope } from '../../binding/scope.ts'
import { makeAnd, makeItem } from '../../make-node.ts'
import type { AskedSide } from '../../operators/bind-join.ts'
import { isA, type Operator } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'

/** One of two tables that are joined above their shards: what its own shards are asked of it. */
export class JoinSide {
  readonly route: RouteOp<Operator>
  readonly table: BoundTable
  readonly conditions: Expr[] = []
  readonly keys: ColumnName[] = []
  readonly #items: SelectItem[] = []
  /** Columns by name, in lower case, where they are shown for themselves. */
  readonly #shown = new Map<string, number>()
  #width = 0

  constructor(route: RouteOp<Operator>, table: BoundTable) {
    this.route = route
    this.table = table
  }

  /** The stored column that the name stands for; undefined where it is not this table's, or may be another's. */
  columnOf(column: ColumnName, scope: Scope): Column | undefined {
    const ref = resolveColumn(column, scope)
    return ref?.instance === this.table.instance ? this.liveColumn(ref.name) : undefined
  }

  liveColumn(name: string): Column | undefined {
    return this.table.instance.table.live?.columns.find((column) => sameColumn(column.name, name))
  }

  /** The numbers of its columns that the item shows. */
  show(item: SelectItem): readonly number[] {
    const { live } = this.table.instance.table
    const count = item.kind === 'Star' ? live!.columns.filter(({ invisible }) => !invisible).length : 1
    if (item.kind === 'SelectExpr' && item.expr.kind === 'Column')
      this.#shown.set(item.expr.name.toLowerCase(), this.#width)
    this.#items.push(item)
    const first = this.#width
    this.#width += count
    return Array.from({ length: count }, (_, i) => first + i)
  }

  /** The number of a column, which is hidden behind the others where the client does not see it by itself. */
  pick(column: ColumnName): number {
    return this.#shown.get(column.name.toLowerCase()) ?? this.show(makeItem(column))[0]!
  }

  /** Last of all, for it hides the keys behind what is shown. */
  asked(): AskedSide {
    const keys = this.keys.map((key) => this.pick(key))
    const { ast } = this.table
    const query: Select = {
      kind: 'Select',
      modifiers: [],
      items: this.#items,
      from: [ast],
      span: ast.span,
      ...(this.conditions.length > 0 && { where: makeAnd(this.conditions) }),
    }
    return { query, width: this.#width, keys }
  }
}

/** Undefined for what is not one table whose columns are known. */
export function joinSide(input: Operator): JoinSide | undefined {
  if (input.kind !== 'Route' || input.asksSystem || !isA(input.input, 'Table')) return undefined
  const { bound } = input.input
  if (bound.kind !== 'Table' || (bound.instance.table.live?.columns.length ?? 0) === 0) return undefined
  return new JoinSide(input, bound)
}

export function columnsFrom(side: JoinedColumn['side'], numbers: readonly number[]): readonly JoinedColumn[] {
  return numbers.map((column) => ({ side, column }))
}
