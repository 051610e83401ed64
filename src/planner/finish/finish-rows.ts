import { assert } from '../../base/assert.ts'
import type { RowsPrimitive } from '../../plan/primitives.ts'
import type { QueryText } from '../../plan/text.ts'
import type { Query } from '../../sql/ast.ts'
import { someInBlock } from '../../sql/visit.ts'
import type { BoundQuery, BoundUnion } from '../binding/bound.ts'
import { Level } from '../binding/level.ts'
import { type Operator, overRoute, routesOf } from '../operators/operator.ts'
import { printQuery } from '../operators/print-query.ts'
import type { RouteOp } from '../operators/route.ts'
import type { SelectList } from '../operators/select-list.ts'
import { isPlainUnionAll, type UnionOp } from '../operators/union.ts'
import type { PlanContext } from '../plan-context.ts'
import { eachOrRefusal, isRefusal, type Refusal, refused } from '../refusal.ts'
import { ShardText } from '../shard-text.ts'
import { finishJoin } from './finish-join.ts'
import { primitiveOf, sortKeysOf } from './primitive-of.ts'
import { systemRouting } from './system-routing.ts'
import { bringTogether, nameApart } from './together.ts'

/** What is known where a query is finished. */
interface Finishing {
  readonly context: PlanContext
  /** The statement's query, and its text for a shard that is to get this very tree: mostly the client's bytes. */
  readonly statement: Query
  readonly text: QueryText
  readonly refusals: ReadonlyMap<Operator, string>
  /** The query is a part of it. */
  readonly union?: BoundUnion
}

/**
 * The last phase: what is left above the routes becomes primitives, or is named. All that several shards cannot do together
 * ends here; the rules gave their reasons when they left an operator where it was.
 */
export function finishRows(op: Operator, query: BoundQuery, finishing: Finishing): RowsPrimitive | Refusal {
  if (op.kind === 'Union' && isPlainUnionAll(op.bound)) return finishUnionAll(op, finishing)
  // A UNION is told the columns of its parts by routes alone.
  const joined = finishing.union === undefined ? finishJoin(op, finishing.context) : undefined
  if (joined !== undefined) return joined
  const found = overRoute(op)
  if (found === undefined) return refused(constructApart(op, query, finishing.union))
  const { above, route } = found
  if (query.kind !== 'Select' && route.tables.length > 0) return refused('a nested query over several shards')
  const refusal = firstRefusal(above, finishing.refusals)
  if (refusal !== undefined) return refused(refusal)
  const list = route.list ?? { items: query.kind === 'Select' ? query.ast.items : [], hidden: [] }
  return above.reduceRight<RowsPrimitive>(
    (input, operator) => {
      const primitive = primitiveOf(operator, input, list)
      assert(primitive !== undefined, `${operator.kind} is neither under a route nor refused`)
      return primitive
    },
    leafOf(route, query, list, finishing),
  )
}

/** UNION ALL without clauses of its own: the answers of its parts, one after the other. */
function finishUnionAll({ inputs, bound }: UnionOp<Operator>, finishing: Finishing): RowsPrimitive | Refusal {
  if (bound.operands.some(selectsParam)) return refused('UNION with a ? in a select list over several shards')
  const parts = bound.operands.map((query, i) => ({ query, op: inputs[i] }))
  const all = eachOrRefusal(parts, ({ op, query }) => finishRows(op, query, { ...finishing, union: bound }))
  return isRefusal(all) ? all : { kind: 'Concatenate', inputs: all }
}

/** What its type is shows when it is executed, and the columns of all parts with it. */
function selectsParam(query: BoundQuery): boolean {
  return query.kind === 'Select' && someInBlock(query.ast.items, ({ kind }) => kind === 'Param')
}

/** Of several reasons the one is named that makes the others irrelevant. */
const namedFirst: readonly Operator['kind'][] = [
  'Project',
  'Window',
  'Aggregate',
  'Distinct',
  'Filter',
  'Order',
  'Limit',
]

function firstRefusal(above: readonly Operator[], refusals: Finishing['refusals']): string | undefined {
  for (const kind of namedFirst) {
    const op = above.find((each) => each.kind === kind && refusals.has(each))
    if (op !== undefined) return refusals.get(op)
  }
  return undefined
}

function leafOf(
  route: RouteOp<Operator>,
  query: BoundQuery,
  list: SelectList,
  { context, statement, text: whole }: Finishing,
): RowsPrimitive {
  const { routing, asksSystem, order } = route
  assert(routing !== undefined, 'a route without its shards')
  const text = new ShardText(context)
  const printed = query.kind === 'Select' ? printQuery(route, query, text) : query.ast
  return {
    kind: 'Route',
    routing: asksSystem ? systemRouting(query.ast, routing) : routing,
    query: printed === statement ? { ...whole } : text.ofTree(printed),
    orderBy: sortKeysOf(order, list),
  }
}

// ------------------------------------------------------------------------------------------ what is named

function constructApart(op: Operator, query: BoundQuery, union: BoundUnion | undefined): string {
  const level = levelOf(query)
  const tables = routesOf(op).flatMap((route) => route.tables)
  // Seen from the union it is one of its tables; seen from its own SELECT it stands in FROM.
  return nameApart(bringTogether(tables, level), (table) =>
    table.origin === union?.ast.op && table.level.is(level) ? 'FROM' : table.origin,
  )
}

/** Of the query's rows; of no table's where it makes them anew. */
export function levelOf(query: BoundQuery): Level {
  if (query.kind === 'Nested') return levelOf(query.query)
  return query.kind === 'Select' ? query.level : new Level()
}
