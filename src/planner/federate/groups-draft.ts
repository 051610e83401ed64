import type { CopiedAs, RowsPrimitive } from '../../plan/primitives.ts'
import type { ColumnName, Expr, Select, SelectItem, TableRef } from '../../sql/ast.ts'
import { rewrite, sameTree } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import { isFloat } from '../../values/value.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { BoundSelect } from '../binding/bound.ts'
import { storedColumn } from '../binding/live-column.ts'
import { resolveColumn } from '../binding/scope.ts'
import { makeAlias, makeColumn, makeDerived, makeItem, makeSelect } from '../make-node.ts'
import type { GroupedColumns } from './grouped-aggregate.ts'
import { transferOfValue } from './grouped-value.ts'

/** Groups of rows, or rows that have been joined, which stand in the place of a block's FROM and WHERE. */
export interface Groups {
  /** In FROM. */
  readonly node: TableRef
  /** What they are, under the columns' names. */
  readonly query: Select
  /** The same on the way, so that not a bit is lost. */
  readonly rows: RowsPrimitive
  readonly as: readonly CopiedAs[]
  readonly columns: readonly Column[]
  readonly keyspace: string
  /** One from each shard. */
  readonly isOneRow: boolean
}

interface GroupedColumn {
  readonly name: string
  readonly expr: Expr
  readonly as: CopiedAs
  readonly sent: Expr
  readonly stored: Column | undefined
}

/** The columns of groups while it is found out which are needed. */
export class GroupsDraft implements GroupedColumns {
  readonly block: BoundSelect
  readonly #columns: GroupedColumn[] = []
  readonly #keys: GroupedColumn[] = []

  constructor(block: BoundSelect) {
    this.block = block
  }

  get scope() {
    return this.block.scope
  }

  get isEmpty(): boolean {
    return this.#columns.length === 0
  }

  get hasKeys(): boolean {
    return this.#keys.length > 0
  }

  get mayBeEmpty(): boolean {
    const { groupBy } = this.block.ast
    return groupBy === undefined || groupBy.rollup !== undefined
  }

  column(expr: Expr, as: CopiedAs, transfer: (name: string) => Expr = makeColumn): ColumnName {
    const known = this.#columns.find((column) => sameTree(column.expr, expr))
    return makeColumn((known ?? this.#add(expr, as, transfer)).name)
  }

  key(expr: Expr): ColumnName | undefined {
    const known = this.knownKey(expr)
    if (known !== undefined) return known
    const transfer = transferOfValue('', expr, this.scope)
    if (transfer === undefined) return undefined
    const added = this.#add(expr, transfer.as, (name) => transferOfValue(name, expr, this.scope)!.expr)
    this.#keys.push(added)
    return makeColumn(added.name)
  }

  /** The column of a key that has been asked for. */
  knownKey(expr: Expr): ColumnName | undefined {
    const known = this.#keys.find((key) => this.#isSame(key.expr, expr))
    return known && makeColumn(known.name)
  }

  groupsOf({ from, where, groupBy }: Select): Select {
    const items = this.#keys.map(({ expr }) => ({ kind: 'OrderItem' as const, expr, span: noSpan }))
    return makeSelect(this.items(), {
      from,
      ...(where && { where }),
      ...((groupBy !== undefined || items.length > 0) && {
        groupBy: { kind: 'GroupBy', items, span: noSpan },
      }),
    })
  }

  /** A stored column of its rows; undefined for what is none, or cannot travel, or whose sums tell in which order it came. */
  stored(column: ColumnName): ColumnName | undefined {
    const known = this.#columns.find(({ expr }) => this.#isSame(expr, column))
    if (known !== undefined) return makeColumn(known.name)
    const type = storedColumn(column, this.scope)?.type
    if (type === undefined || isFloat(type)) return undefined
    const transfer = transferOfValue('', column, this.scope)
    if (transfer === undefined) return undefined
    const sent = rewrite(transfer.expr, (node) => (node.kind === 'Column' ? column : undefined))
    return makeColumn(this.#add(column, transfer.as, () => sent).name)
  }

  /** What shows the columns on the way where `query` makes them of groups. */
  pulled(query: Select, name: string): Select {
    // As it is where it can be: in a table of its own MySQL cuts sums to 65 digits without a word.
    if (this.isSentAsShown) return query
    return makeSelect(this.sentItems(), { from: [makeDerived(query, name)] })
  }

  /** Nothing must be done for its columns to travel. */
  get isSentAsShown(): boolean {
    return this.#columns.every(({ sent }) => sent.kind === 'Column')
  }

  sentItems(): readonly SelectItem[] {
    return this.#columns.map(({ sent }) => makeItem(sent))
  }

  finish(node: TableRef, query: Select, of: Pick<Groups, 'rows' | 'keyspace' | 'isOneRow'>): Groups {
    const columns = this.#columns.map(({ name, stored }): Column => {
      const { type, collation, nullable = true } = stored ?? {}
      return {
        name,
        nullable,
        invisible: false,
        autoIncrement: false,
        values: [],
        ...(type && { type }),
        ...(collation && { collation }),
      }
    })
    const as = this.#columns.map((column) => column.as)
    return { node, query, as, columns, ...of }
  }

  /** Each under its name. */
  items(): readonly SelectItem[] {
    return this.#columns.map(({ name, expr }) => ({ ...makeItem(expr), alias: makeAlias(name) }))
  }

  #add(expr: Expr, as: CopiedAs, transfer: (name: string) => Expr): GroupedColumn {
    const name = this.#nameOf(expr)
    const column = { name, expr, as, sent: transfer(name), stored: storedColumn(expr, this.scope) }
    this.#columns.push(column)
    return column
  }

  /** A column's own, for a server may warn of its values. */
  #nameOf(expr: Expr): string {
    const own = expr.kind === 'Column' ? expr.name : undefined
    const isFree = own !== undefined && !this.#columns.some(({ name }) => sameColumn(name, own))
    return isFree ? own : `_shardgate_${this.#columns.length + 1}`
  }

  /** `t.a` and `a` may be one column. */
  #isSame(a: Expr, b: Expr): boolean {
    if (a.kind !== 'Column' || b.kind !== 'Column') return sameTree(a, b)
    const [one, other] = [resolveColumn(a, this.scope), resolveColumn(b, this.scope)]
    return one !== undefined && one.instance === other?.instance && one.name === other.name
  }
}

const noSpan = { start: 0, end: 0 }
