import type { ColumnName, Comparison, Expr, Select, TableRef } from '../../sql/ast.ts'
import { isIntegral } from '../../values/value.ts'
import type { Column } from '../../vschema/model.ts'
import type { BoundFrom, BoundSelect, BoundTable, Conjunct } from '../binding/bound.ts'
import { isText } from '../binding/column-type.ts'
import { refOf } from '../binding/facts-of.ts'
import type { Level } from '../binding/level.ts'
import { liveColumn } from '../binding/live-column.ts'
import type { Scope } from '../binding/scope.ts'
import type { ColumnRef, TableInstance } from '../binding/source.ts'
import { isAggregated } from '../binding/traits.ts'

/** Rows of `table` can only matter if `column` has a value that `otherColumn` has in some row of `other`. */
export interface Link {
  readonly table: TableRef
  readonly column: Column
  readonly other: TableRef
  readonly otherColumn: Column
}

/** Where a condition stands: the tables whose rows count only if it is true, and all that it can name. */
export interface ConditionPlace {
  readonly tables: readonly BoundTable[]
  readonly scope: Scope
}

/** Tables of a part of FROM at `from`, whose rows hold or fall with the conditions of level `wanted`. */
export function tablesAt(from: BoundFrom, at: Level, wanted: Level): readonly BoundTable[] {
  switch (from.kind) {
    case 'Table':
      return at === wanted ? [from] : []
    case 'Inner':
      return from.parts.flatMap((part) => tablesAt(part, at, wanted))
    case 'Outer':
      return [...tablesAt(from.preserved, at, wanted), ...tablesAt(from.inner, from.level, wanted)]
    default:
      return []
  }
}

/** The links of a query, found from the innermost part of it on. */
export class Links {
  readonly found: Link[] = []
  readonly #nodes = new Map<TableInstance, TableRef>()

  place({ instance, ast }: BoundTable): void {
    this.#nodes.set(instance, ast)
  }

  /** `a.x = b.y`. */
  takeJoin({ left, right, op }: ColumnJoin, { tables, scope }: ConditionPlace): void {
    if (op === '=') this.#takeBoth(refOf(left, scope), refOf(right, scope), tables)
  }

  /** `x IN (SELECT y FROM b …)`, `EXISTS (SELECT … FROM b WHERE b.y = x)`: there is a row of b. */
  takeSubquery({ expr, subqueries }: Conjunct, place: ConditionPlace): void {
    const query = subqueries.at(-1)?.query
    if (query?.kind !== 'Select') return
    if (expr.kind === 'In' && !expr.negated && expr.right.kind === 'Subquery')
      this.#takeIn(expr.left, query, place)
    else if (expr.kind === 'Exists' && isPlain(query.ast)) this.#takeExists(query, place)
  }

  /** Of the rows of a query without groups those count that are in the outer table; its groups might have others in them. */
  #takeIn(left: Expr, query: BoundSelect, { tables, scope }: ConditionPlace): void {
    const outer = left.kind === 'Row' ? left.items : [left]
    const { items } = query.ast
    if (items.length !== outer.length) return
    const inner = isPlain(query.ast) ? tablesAt(query.from, query.level, query.level) : []
    for (const [i, item] of items.entries()) {
      if (item.kind === 'SelectExpr')
        this.#takeBoth(refOf(outer[i]!, scope), refOf(item.expr, query.scope), [...tables, ...inner])
    }
  }

  /** What the subquery says of its own tables is found where it is looked at. */
  #takeExists({ where, scope }: BoundSelect, { tables }: ConditionPlace): void {
    for (const { expr } of where) if (isJoin(expr)) this.takeJoin(expr, { tables, scope })
  }

  /** `tables`: those whose rows hold or fall with the columns' being equal. */
  #takeBoth(a: ColumnRef | undefined, b: ColumnRef | undefined, tables: readonly BoundTable[]): void {
    if (a === undefined || b === undefined) return
    this.#take(a, b, tables)
    this.#take(b, a, tables)
  }

  #take(own: ColumnRef, other: ColumnRef, tables: readonly BoundTable[]): void {
    const table = tables.find(({ instance }) => instance === own.instance)
    const otherNode = this.#nodes.get(other.instance)
    if (table === undefined || otherNode === undefined || other.instance === own.instance) return
    const column = liveColumn(own.instance.table, own.name)
    const otherColumn = liveColumn(other.instance.table, other.name)
    if (column === undefined || otherColumn === undefined || !areAlike(column, otherColumn)) return
    this.found.push({ table: table.ast, column, other: otherNode, otherColumn })
  }
}

/** Each row that WHERE lets through is a row of the query, whatever other rows there are. */
function isPlain(select: Select): boolean {
  const { windows, qualify, limit, procedure } = select
  const others = [windows, qualify, limit, procedure]
  return !isAggregated(select) && select.having === undefined && others.every((part) => part === undefined)
}

/** What a value of one column is equal to in the other does not depend on where it is compared. */
function areAlike(a: Column, b: Column): boolean {
  if (a.type === undefined || b.type === undefined) return false
  if (isIntegral(a.type) && isIntegral(b.type)) return true
  return isText(a.type) && isText(b.type) && a.collation === b.collation
}

type ColumnJoin = Comparison & { readonly left: ColumnName; readonly right: ColumnName }

/** `a.x = b.y`, mostly of one type. */
export function isJoin(expr: Expr): expr is ColumnJoin {
  return expr.kind === 'Comparison' && expr.left.kind === 'Column' && expr.right.kind === 'Column'
}
