import type { AggregateColumn, RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { AggregateCall, Expr, GroupBy, OrderItem, Select } from '../../sql/ast.ts'
import { sameTree, someNode } from '../../sql/visit.ts'
import { isNumber } from '../../values/value.ts'
import { makeAggregate } from '../make-node.ts'
import { holdsVindex, type SelectInfo } from '../semantics/analyze-query.ts'
import { refOf } from '../semantics/facts-of.ts'
import { schemaColumn } from '../semantics/source.ts'
import { hasAggregate, isAggregateCall, isDistinct } from '../semantics/traits.ts'
import type { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { mergedHaving } from './having.ts'
import { limitValues, positions } from './merge-rows.ts'
import { meaningOf } from './order-by.ts'
import { type KeyDraft, type Pick, ShardColumns } from './shard-query.ts'

/**
 * Groups whose rows lie on several shards: each shard groups its own rows and sorts by the keys, and what it has
 * counted is counted together above.
 */
export function mergeGroups(info: SelectInfo, routing: Routing, text: ShardText): RowsPrimitive {
  return new GroupMerge(info).plan(routing, text)
}

class GroupMerge {
  readonly #info: SelectInfo
  readonly #select: Select
  readonly #columns: ShardColumns
  readonly #aggregates: {
    readonly call: AggregateCall
    readonly pick: Pick
    readonly make: () => AggregateColumn
  }[] = []
  /** The argument of the DISTINCT aggregates, by which shards group too. */
  #distinct: KeyDraft | undefined
  /** Some DISTINCT aggregate is right on each shard by itself, as long as shards group by nothing more than asked. */
  #isDistinctOnShards = false

  constructor(info: SelectInfo) {
    this.#info = info
    this.#select = info.select
    this.#columns = new ShardColumns(info.select.items, info.scope)
  }

  plan(routing: Routing, text: ShardText): RowsPrimitive {
    const select = this.#select
    const columns = this.#columns
    const unordered = this.#groupKeys()
    this.#addItems(unordered)
    const having = select.having === undefined ? undefined : this.#having(select.having, unordered)
    const order = this.#orderKeys()
    const isKeyOrder = order.every((key) => unordered.some((known) => sameTree(known.expr, key.expr)))
    const keys = isKeyOrder ? inOrder(unordered, order) : unordered
    const shardKeys = this.#distinct === undefined ? keys : [...keys, this.#distinct]
    const query = this.#shardQuery(shardKeys, having?.pushed)
    const limit = limitValues(select.limit)
    let at: RowsPrimitive = {
      kind: 'Route',
      routing,
      query: text.ofTree(query),
      orderBy: shardKeys.map((key) => columns.sortKeyOf(key)),
    }
    at = {
      kind: 'Aggregate',
      input: at,
      groupBy: keys.map((key) => columns.sortKeyOf(key)),
      aggregates: this.#aggregates.map(({ make }) => make()),
    }
    if (having?.predicate !== undefined) at = { kind: 'Filter', input: at, predicate: having.predicate() }
    if (!isKeyOrder) at = { kind: 'Sort', input: at, keys: order.map((key) => columns.sortKeyOf(key)) }
    if (limit !== undefined) at = { kind: 'Limit', input: at, ...limit }
    return columns.hiddenCount === 0 ? at : { kind: 'Truncate', input: at, drop: columns.hiddenCount }
  }

  #groupKeys(): readonly KeyDraft[] {
    const { groupBy } = this.#select
    if (groupBy === undefined) return []
    if (groupBy.rollup !== undefined) return unplanned('GROUP BY WITH ROLLUP over several shards')
    const keys = groupBy.items.flatMap((item) => {
      const expr = meaningOf(item, 'GROUP BY', this.#select, this.#info.scope)
      if (expr === undefined) return []
      if (hasAggregate(expr)) return unplanned('GROUP BY of an aggregate')
      return [this.#columns.sortKey(expr, item.direction === 'DESC')]
    })
    return keys.length === 0 ? unplanned('GROUP BY of a constant over several shards') : keys
  }

  #addItems(keys: readonly KeyDraft[]): void {
    const { items } = this.#select
    for (const [i, item] of items.entries()) {
      if (item.kind !== 'SelectExpr') unplanned('* beside aggregates over several shards')
      else if (isAggregateCall(item.expr)) this.#addAggregate(item.expr, { item: i })
      else this.#checkItem(item.expr, keys)
    }
    // Where all shards are empty there is no row to take a constant from.
    const isAllAggregates = items.every((item) => item.kind === 'SelectExpr' && isAggregateCall(item.expr))
    if (keys.length === 0 && this.#distinct !== undefined && !isAllAggregates) {
      unplanned('a constant beside aggregates of DISTINCT values over several shards')
    }
    const showsKeys = keys.every((key) => 'item' in key.column)
    if (isDistinct(this.#select) && !showsKeys) unplanned('SELECT DISTINCT of groups over several shards')
  }

  #checkItem(expr: Expr, keys: readonly KeyDraft[]): void {
    if (hasAggregate(expr)) unplanned('an expression over aggregates across shards')
    if (keys.length === 0 && someNode(expr, (node) => node.kind === 'Column' || node.kind === 'Subquery')) {
      unplanned('a column beside aggregates without GROUP BY over several shards')
    }
  }

  /** The column that holds the merged aggregate. */
  #pickAggregate(call: AggregateCall): Pick {
    const known = this.#aggregates.find((aggregate) => sameTree(aggregate.call, call))
    if (known !== undefined) return known.pick
    const pick = this.#columns.pick(call)
    this.#addAggregate(call, pick)
    return pick
  }

  #addAggregate(call: AggregateCall, pick: Pick): void {
    const columns = this.#columns
    const make = this.#maker(call)
    this.#aggregates.push({ call, pick, make: () => make(columns.offsetOf(pick)) })
  }

  #maker(call: AggregateCall): (column: number) => AggregateColumn {
    const { name, args } = call
    if (call.quantifier === 'DISTINCT' && name !== 'min' && name !== 'max') return this.#distinctMaker(call)
    switch (name) {
      case 'count':
        return (column) => ({ kind: 'Count', column })
      case 'sum':
        return (column) => ({ kind: 'Sum', column })
      case 'avg':
        return this.#average(args, undefined)
      case 'min':
      case 'max':
        return this.#extreme(call, name === 'min' ? 'Min' : 'Max')
      default:
        return unplanned(`${call.written.toUpperCase()}() over several shards`)
    }
  }

  #average(args: readonly Expr[], quantifier: 'DISTINCT' | undefined): (column: number) => AggregateColumn {
    const columns = this.#columns
    const sum = columns.hide(makeAggregate('SUM', args, quantifier))
    const count = columns.hide(makeAggregate('COUNT', args, quantifier))
    return (column) => ({ kind: 'Avg', column, sum: columns.offsetOf(sum), count: columns.offsetOf(count) })
  }

  #extreme(call: AggregateCall, kind: 'Min' | 'Max'): (column: number) => AggregateColumn {
    if (this.#isPlainNumber(call)) return (column) => ({ kind, column })
    const { weight, pad } = this.#columns.sortKey(call, false)
    const columns = this.#columns
    return (column) => ({
      kind,
      column,
      ...(weight === undefined ? {} : { weight: columns.offsetOf(weight) }),
      ...(pad === undefined ? {} : { pad: columns.offsetOf(pad) }),
    })
  }

  /** MIN and MAX of a column that is known to hold numbers. */
  #isPlainNumber({ name, args }: AggregateCall): boolean {
    if (name === 'count' || name === 'sum' || name === 'avg') return true
    const ref = args.length === 1 ? refOf(args[0], this.#info.scope) : undefined
    const type = ref === undefined ? undefined : schemaColumn(ref)?.type
    return type !== undefined && isNumber(type)
  }

  #distinctMaker({ name, args, written }: AggregateCall): (column: number) => AggregateColumn {
    const { scope, tables } = this.#info
    const kind =
      name === 'count'
        ? 'CountDistinct'
        : name === 'sum'
          ? 'SumDistinct'
          : name === 'avg'
            ? 'AvgDistinct'
            : undefined
    if (kind === undefined) return unplanned(`${written.toUpperCase()}(DISTINCT) over several shards`)
    const rows = tables.filter(({ role }) => role === 'row')
    if (rows.length > 0 && holdsVindex(args, scope, rows, rows[0].level)) {
      this.#isDistinctOnShards = true
      if (kind === 'AvgDistinct') return this.#average(args, 'DISTINCT')
      return (column) => ({ kind: kind === 'CountDistinct' ? 'Count' : 'Sum', column })
    }
    if (args.length !== 1)
      return unplanned('DISTINCT of several expressions in an aggregate over several shards')
    const [arg] = args
    if (this.#distinct !== undefined && !sameTree(this.#distinct.expr, arg)) {
      return unplanned('aggregates of different DISTINCT expressions over several shards')
    }
    this.#distinct ??= this.#columns.sortKey(arg, false)
    const value = this.#distinct
    return (column) => ({ kind, column, value: this.#columns.sortKeyOf(value) })
  }

  #having(condition: Expr, keys: readonly KeyDraft[]) {
    const pickAggregate = (call: AggregateCall) => {
      if (!this.#isPlainNumber(call))
        return unplanned('HAVING on MIN() or MAX() of what is not known to be a number, over several shards')
      const pick = this.#pickAggregate(call)
      return () => this.#columns.offsetOf(pick)
    }
    return mergedHaving(condition, this.#select, keys, pickAggregate)
  }

  #orderKeys(): readonly KeyDraft[] {
    return (this.#select.orderBy ?? []).flatMap((item) => {
      const expr = meaningOf(item, 'ORDER BY', this.#select, this.#info.scope)
      return expr === undefined ? [] : [this.#orderKey(expr, item)]
    })
  }

  #orderKey(expr: Expr, item: OrderItem): KeyDraft {
    const descending = item.direction === 'DESC'
    if (isAggregateCall(expr)) {
      if (!this.#isPlainNumber(expr))
        return unplanned('ORDER BY MIN() or MAX() of what is not known to be a number, over several shards')
      return { expr, column: this.#pickAggregate(expr), descending }
    }
    if (hasAggregate(expr)) return unplanned('ORDER BY an expression over aggregates across shards')
    return this.#columns.sortKey(expr, descending)
  }

  #shardQuery(keys: readonly KeyDraft[], having: Expr | undefined): Select {
    const { limit: _limit, orderBy: _orderBy, having: _having, groupBy, ...select } = this.#select
    return {
      ...select,
      items: this.#columns.items(),
      ...this.#shardGroupBy(groupBy, keys),
      ...(having === undefined ? {} : { having }),
      ...(keys.length === 0 ? {} : { orderBy: positions(keys, this.#select) }),
    }
  }

  /**
   * Under ONLY_FULL_GROUP_BY the weight of an expression is not taken to follow from the expression, though that of a
   * column is: it becomes a key, too. Groups that this splits ('a', 'a ') are one again above.
   */
  #shardGroupBy(groupBy: GroupBy | undefined, keys: readonly KeyDraft[]): { readonly groupBy?: GroupBy } {
    const weights = keys
      .filter(({ expr }) => expr.kind !== 'Column')
      .flatMap(({ weight, pad }) => [weight, pad].flatMap((pick) => this.#columns.hiddenExpr(pick) ?? []))
    const extra = this.#distinct === undefined ? weights : [this.#distinct.expr, ...weights]
    if (extra.length > 0 && this.#isDistinctOnShards) {
      return unplanned('a DISTINCT aggregate of parts of a group over several shards')
    }
    if (groupBy === undefined && extra.length === 0) return {}
    if (groupBy !== undefined && extra.length === 0) return { groupBy }
    const { span } = this.#select
    const items = extra.map((expr): OrderItem => ({ kind: 'OrderItem', expr, span }))
    return { groupBy: { kind: 'GroupBy', items: [...(groupBy?.items ?? []), ...items], span } }
  }
}

/** The keys in the order that ORDER BY wants, with its directions; those it does not name follow. */
function inOrder(keys: readonly KeyDraft[], order: readonly KeyDraft[]): readonly KeyDraft[] {
  const wanted = order.filter((key, i) => order.findIndex((other) => sameTree(other.expr, key.expr)) === i)
  const rest = keys.filter((key) => !wanted.some((other) => sameTree(other.expr, key.expr)))
  return [...wanted, ...rest]
}
