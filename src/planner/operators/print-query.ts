import type { Select } from '../../sql/ast.ts'
import type { BoundSelect } from '../binding/bound.ts'
import type { ShardText } from '../shard-text.ts'
import { printAggregate } from './aggregate.ts'
import { printFilter } from './filter.ts'
import { printLimit } from './limit.ts'
import type { Operator } from './operator.ts'
import { printOrder } from './order.ts'
import type { RouteOp } from './route.ts'
import { printSelectList } from './select-list.ts'

/**
 * The SELECT that a route's shards get: the client's own tree where all of its clauses are under the route as they came.
 * What is below the clauses (FROM, WHERE, subqueries) always is.
 */
export function printQuery(route: RouteOp<Operator>, { ast }: BoundSelect, text: ShardText): Select {
  const { groupBy: _groupBy, having: _having, orderBy: _orderBy, limit: _limit, ...rows } = ast
  const clauses = printClauses(route.input, rows, text)
  const query = route.list === undefined ? clauses : printSelectList(route.list, clauses)
  return isSame(query, ast) && !makesParts(route.input) ? ast : query
}

/** DISTINCT, windows and the select list are parts of the SELECT itself. */
function printClauses(op: Operator, rows: Select, text: ShardText): Select {
  switch (op.kind) {
    case 'Aggregate':
      return printAggregate(op, rows)
    case 'Filter':
      return printFilter(op, printClauses(op.input, rows, text))
    case 'Order':
      return printOrder(op, printClauses(op.input, rows, text))
    case 'Limit':
      return printLimit(op, printClauses(op.input, rows, text), text)
    case 'Distinct':
    case 'Project':
    case 'Window':
      return printClauses(op.input, rows, text)
    default:
      return rows
  }
}

/** All clauses are the very ones that the client wrote. */
function isSame(query: Select, ast: Select): boolean {
  const a: Readonly<Record<string, unknown>> = { ...query }
  const b: Readonly<Record<string, unknown>> = { ...ast }
  return Object.keys({ ...a, ...b }).every((clause) => a[clause] === b[clause])
}

/** It is another query that asks for parts of groups, even where it reads the same. */
function makesParts(op: Operator): boolean {
  if (op.kind === 'Aggregate') return op.part !== undefined
  return (op.kind === 'Filter' || op.kind === 'Order') && makesParts(op.input)
}
