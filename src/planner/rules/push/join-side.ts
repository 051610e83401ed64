import type { JoinRows } from '../../../plan/primitives.ts'
import type {
  ColumnName,
  Comparison,
  Expr,
  OrderItem,
  Select,
  SelectItem,
  TableExpr,
} from '../../../sql/ast.ts'
import { visit } from '../../../sql/visit.ts'
import type { Column } from '../../../vschema/model.ts'
import type { BoundTable } from '../../binding/bound.ts'
import { liveColumn } from '../../binding/live-column.ts'
import { resolveColumn, type Scope } from '../../binding/scope.ts'
import { makeAnd, makeInteger, makeItem } from '../../make-node.ts'
import type { AskedSide } from '../../operators/bind-join.ts'
import { isA, type Operator } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'

/** What is joined above the shards: the tables of one route, and what their shards are asked of them. */
export class JoinSide {
  readonly route: RouteOp<Operator>
  readonly tables: readonly BoundTable[]
  readonly how: JoinRows['how']
  readonly conditions: Expr[]
  readonly #from: readonly TableExpr[]
  readonly #scope: Scope
  readonly #items: SelectItem[] = []
  /** Columns by their names, in lower case, with those of their tables, where they are shown for themselves. */
  readonly #shown = new Map<string, number>()
  #width = 0
  #isGrouped = false

  constructor(
    route: RouteOp<Operator>,
    { tables, from, conditions }: TablesOf,
    scope: Scope,
    how: JoinRows['how'],
  ) {
    this.route = route
    this.tables = tables
    this.how = how
    this.conditions = [...conditions]
    this.#from = from
    this.#scope = scope
  }

  /** Rows of its may be missing: it is the inner side of an outer join. */
  get isOuter(): boolean {
    return this.how === 'left'
  }

  /** It is only asked whether it has rows. */
  get isOnlyAsked(): boolean {
    return this.how === 'semi' || this.how === 'anti'
  }

  /** Columns of its rows so far. */
  get width(): number {
    return this.#width
  }

  /** Which leave out some of its rows: without what joins its tables. */
  get ownConditions(): readonly Expr[] {
    return this.conditions.filter((expr) => !isColumnEquality(expr))
  }

  /** The stored column that the name stands for; undefined where it is not of these tables, or may be another's. */
  columnOf(column: ColumnName): Column | undefined {
    const ref = resolveColumn(column, this.#scope)
    const table = ref && this.tables.find(({ instance }) => instance === ref.instance)
    return table && liveColumn(table.instance.table, ref!.name)
  }

  /** Of a column of its. */
  tableOf(column: ColumnName): BoundTable {
    const ref = resolveColumn(column, this.#scope)
    return this.tables.find(({ instance }) => instance === ref?.instance)!
  }

  /** It names columns, and these are all of its tables. */
  hasAll(expr: Expr): boolean {
    let names = 0
    const isOwn = visit(expr, (node) => {
      if (node.kind !== 'Column') return undefined
      names++
      return this.columnOf(node) === undefined ? 'stop' : undefined
    })
    return isOwn && names > 0
  }

  /** The numbers of its columns that the item shows; `*` is that of one table. */
  show(item: SelectItem, table?: BoundTable): readonly number[] {
    const columns = table?.instance.table.live?.columns.filter(({ invisible }) => !invisible)
    const count = item.kind === 'Star' ? columns!.length : 1
    if (item.kind === 'SelectExpr' && item.expr.kind === 'Column')
      this.#shown.set(this.#keyOf(item.expr), this.#width)
    this.#items.push(item)
    const first = this.#width
    this.#width += count
    return Array.from({ length: count }, (_, i) => first + i)
  }

  /** The number of a column, which is hidden behind the others where the client does not see it by itself. */
  pick(column: ColumnName): number {
    return this.#shown.get(this.#keyOf(column)) ?? this.show(makeItem(column))[0]!
  }

  /** Its shards make one row of those that are alike in all columns it shows; what else it shows are aggregates of these. */
  group(): void {
    this.#isGrouped = true
  }

  /** Last of all, for it has what is shown. */
  asked(): AskedSide {
    const [first, ...others] = this.#from
    const { span } = first!
    const query: Select = {
      kind: 'Select',
      modifiers: this.isOnlyAsked ? ['DISTINCT'] : [],
      items: this.#items,
      from: [first!, ...others],
      span,
      ...(this.conditions.length > 0 && { where: makeAnd(this.conditions) }),
      ...(this.#isGrouped && { groupBy: { kind: 'GroupBy', items: this.#columns(), span } }),
    }
    return { query, width: this.#width }
  }

  /** By their numbers, for a name may be that of another item, too. */
  #columns(): readonly OrderItem[] {
    return this.#items.flatMap((item, i): OrderItem | [] =>
      item.kind === 'SelectExpr' && item.expr.kind === 'Column'
        ? { kind: 'OrderItem', expr: makeInteger(i + 1), span: item.span }
        : [],
    )
  }

  #keyOf(column: ColumnName): string {
    return `${this.tableOf(column).instance.id}.${column.name.toLowerCase()}`
  }
}

type ColumnEquality = Comparison & { readonly left: ColumnName; readonly right: ColumnName }

export function isColumnEquality(expr: Expr): expr is ColumnEquality {
  if (expr.kind !== 'Comparison' || expr.op !== '=') return false
  return expr.left.kind === 'Column' && expr.right.kind === 'Column'
}

interface TablesOf {
  readonly tables: readonly BoundTable[]
  readonly from: readonly TableExpr[]
  /** What joins them. */
  readonly conditions: readonly Expr[]
}

/** Undefined for what is not tables whose columns are known, joined to each other. */
export function joinSide(input: Operator, scope: Scope, how: JoinRows['how']): JoinSide | undefined {
  if (input.kind !== 'Route' || input.asksSystem) return undefined
  const tables = tablesOf(input.input)
  return tables && new JoinSide(input, tables, scope, how)
}

function tablesOf(op: Operator): TablesOf | undefined {
  if (isA(op, 'Table')) {
    const { bound } = op
    if (bound.kind !== 'Table' || (bound.instance.table.live?.columns.length ?? 0) === 0) return undefined
    return { tables: [bound], from: [bound.ast], conditions: [] }
  }
  if (op.kind !== 'Join' || op.conjuncts.some(({ subqueries }) => subqueries.length > 0)) return undefined
  const parts = op.inputs.map(tablesOf)
  if (!parts.every((part) => part !== undefined)) return undefined
  return {
    tables: parts.flatMap(({ tables }) => tables),
    from: parts.flatMap(({ from }) => from),
    conditions: [...parts.flatMap(({ conditions }) => conditions), ...op.conjuncts.map(({ expr }) => expr)],
  }
}
