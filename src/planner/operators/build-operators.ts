import type { Select } from '../../sql/ast.ts'
import type { BoundQuery, BoundSelect, BoundSubquery, BoundWrite, Conjunct } from '../binding/bound.ts'
import { hasAggregate } from '../binding/traits.ts'
import { aggregated } from './aggregate.ts'
import { ofFrom } from './build-from.ts'
import { distinct } from './distinct.ts'
import { filtered } from './filter.ts'
import { limited } from './limit.ts'
import type { Operator } from './operator.ts'
import { ordered } from './order.ts'
import { windowed } from './window.ts'

/**
 * The tree of a bound query, as MySQL's manual has the order of clauses: FROM, WHERE, GROUP BY, HAVING, windows, ORDER BY,
 * DISTINCT, LIMIT. A subquery stands below the first clause that asks for it.
 */
export function operatorOf(query: BoundQuery): Operator {
  switch (query.kind) {
    case 'Select':
      return ofSelect(query)
    case 'Union': {
      const union: Operator = { kind: 'Union', bound: query, inputs: query.operands.map(operatorOf) }
      return limited(ordered(union, query.ast.orderBy), query.ast.limit)
    }
    case 'Nested':
      return limited(ordered(operatorOf(query.query), query.ast.orderBy), query.ast.limit)
    case 'Values':
      return applied({ kind: 'Table', bound: query.values }, query.values.subqueries)
  }
}

function ofSelect(block: BoundSelect): Operator {
  const { ast, having, subqueries } = block
  const rows = applied(rowsOf(block), [...subqueriesOf(having), ...subqueries])
  const groups = filtered(aggregated(rows, block), 'HAVING', having, ast.having)
  const sorted = ordered(windowed(groups, block), isOneGroup(ast) ? undefined : ast.orderBy, block)
  return { kind: 'Project', input: limited(distinct(sorted, block), ast.limit, block), block }
}

/** The columns of its rows may be asked for their order, for there is none: MySQL looks at their names. */
function isOneGroup({ items, groupBy, having }: Select): boolean {
  return groupBy === undefined && [items, having].some(hasAggregate)
}

/** UPDATE and DELETE: the rows, in the order in which they are changed, as far as LIMIT. */
export function operatorOfWrite(bound: BoundWrite): Operator {
  const { orderBy, limit } = bound.ast
  const rows = applied(rowsOf(bound), bound.subqueries)
  return { kind: 'Write', input: limited(ordered(rows, orderBy), limit), bound }
}

function rowsOf({ ast, from, level, where }: BoundSelect | BoundWrite): Operator {
  return filtered(applied(ofFrom(from, level), subqueriesOf(where)), 'WHERE', where, ast.where)
}

export function subqueriesOf(conjuncts: readonly Conjunct[]): readonly BoundSubquery[] {
  return conjuncts.flatMap(({ subqueries }) => subqueries)
}

export function applied(input: Operator, bound: readonly BoundSubquery[]): Operator {
  if (bound.length === 0) return input
  return { kind: 'Apply', input, subqueries: bound.map(({ query }) => operatorOf(query)), bound }
}
