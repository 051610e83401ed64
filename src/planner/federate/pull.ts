import type { CopiedAs, Route, RowsPrimitive } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Expr, Lock, Select, TableRef } from '../../sql/ast.ts'
import { withoutQualifiers } from '../../sql/visit.ts'
import type { Column, StoredKey } from '../../values/column.ts'
import { isIntegral } from '../../values/value.ts'
import type { Table } from '../../vschema/model.ts'
import { bindQuery } from '../binding/bind-query.ts'
import { hasShardsOfItsOwn } from '../binding/find-table.ts'
import { rootPlace } from '../binding/place.ts'
import { columnKey } from '../binding/source.ts'
import { makeAnd, makeCall, makeColumn, makeIn, makeItem } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { routingOfTables } from '../rules/settle/vindex-routing.ts'
import { ShardText } from '../shard-text.ts'
import type { ComputedColumn } from './matches.ts'
import { transferOf } from './transfer.ts'

/** A table of the statement, where it stands there, and what is wanted of it. */
export interface Wanted {
  readonly node: TableRef
  readonly table: Table
  readonly columns: readonly Column[]
  /** Columns of the copy that nothing is asked of once it is filled. */
  readonly empty: readonly Column[]
  /** Of the whole table. */
  readonly keys: readonly StoredKey[]
  readonly conditions: readonly Expr[]
  readonly lock: Lock | undefined
  readonly distinct: boolean
  /** Of its columns those that it has not got. */
  readonly computed: readonly ComputedColumn[]
}

/** The rows that are wanted, and how they come. */
export interface Pull extends Wanted {
  readonly rows: RowsPrimitive
  readonly as: readonly CopiedAs[]
}

export function pullOf(wanted: Wanted, context: PlanContext): Pull {
  const { columns } = wanted
  return { ...wanted, rows: routeOf(wanted, context), as: columns.map((column) => transferOf(column).as) }
}

/** Those whose columns have values that the route's outer rows have; where these are is told by the one with that number. */
export function reducedRoute(
  wanted: Wanted,
  columns: readonly Column[],
  number: number,
  context: PlanContext,
): Route {
  return routeOf(wanted, context, { columns, number })
}

interface ReducedBy {
  readonly columns: readonly Column[]
  readonly number: number
}

function routeOf(wanted: Wanted, context: PlanContext, reducedBy?: ReducedBy): Route {
  const { columns, computed, lock } = wanted
  const text = new ShardText(context)
  const conditions = conditionsOf(wanted)
  const among = (reducedBy?.columns ?? []).map((column, i) =>
    makeIn(i === reducedBy?.number ? makeColumn(column.name) : asFilter(column), text.hole({ rows: [i] })),
  )
  const where = [...conditions, ...among]
  const query = selectOf(wanted, {
    items: columns.map((column) => {
      const { expr } = computed.find((each) => each.column === column) ?? transferOf(column)
      return makeItem(expr)
    }),
    ...(where.length > 0 && { where: makeAnd(where) }),
    ...(lock && { locks: [withoutNames(lock)] }),
    modifiers: wanted.distinct ? ['DISTINCT'] : [],
  })
  return {
    kind: 'Route',
    routing: routingOf(wanted, conditions, reducedBy, context),
    query: text.ofTree(query),
    orderBy: [],
  }
}

/**
 * No key is used: of two columns of one key, servers would look up every pair of values. COALESCE takes any number; `+ 0` has
 * no room for one above its column's own, which the server puts there where the two must be equal.
 */
function asFilter({ name, type }: Column): Expr {
  const column = makeColumn(name)
  return type !== undefined && isIntegral(type) ? makeCall('COALESCE', column) : column
}

type Clauses = Pick<Select, 'items'> & Partial<Pick<Select, 'where' | 'locks' | 'modifiers'>>

/** Of the table alone, under its own name: what is asked of it in two places is the same text. */
function selectOf({ node }: Wanted, clauses: Clauses): Select {
  const { alias: _, ...table } = node
  return { kind: 'Select', modifiers: [], from: [table], span: node.span, ...clauses }
}

function conditionsOf({ conditions }: Wanted): readonly Expr[] {
  return conditions.map(withoutQualifiers)
}

function routingOf(
  wanted: Wanted,
  conditions: readonly Expr[],
  reducedBy: ReducedBy | undefined,
  context: PlanContext,
): Routing {
  const { table } = wanted
  const { keyspace } = table
  if (!table.sharded) return { kind: 'Unsharded', keyspace }
  if (!hasShardsOfItsOwn(table)) return { kind: 'AnyShard', keyspace }
  const query = bindQuery(
    selectOf(wanted, {
      items: [makeItem(makeColumn(wanted.columns[0]!.name))],
      ...(conditions.length > 0 && { where: makeAnd(conditions) }),
    }),
    rootPlace(context),
  )
  if (query.kind !== 'Select' || query.from.kind !== 'Table') return { kind: 'Scatter', keyspace }
  const { from, level } = query
  if (reducedBy !== undefined) {
    const { columns, number } = reducedBy
    const name = columns[number]!.name.toLowerCase()
    level.addList(columnKey({ instance: from.instance, name }), { kind: 'Cells', column: number })
  }
  return routingOfTables([from], level)
}

function withoutNames({ of: _, ...lock }: Lock): Lock {
  return lock
}
