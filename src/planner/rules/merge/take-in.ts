import type { BoundTable } from '../../binding/bound.ts'
import type { Operator } from '../../operators/operator.ts'
import { keyspacesOf, type RouteOp } from '../../operators/route.ts'
import { type Unchanged, unchanged } from '../rule.ts'
import { gather, locate } from './gather.ts'

/** A route that has taken in others, but for its input; and why it could. */
export interface TakenIn {
  readonly kind: 'takenIn'
  readonly route: RouteOp<Operator>
  readonly reason: string
}

/**
 * The route with all tables of `routes`, which are in something that is looked at from each of its rows: the inner side of
 * an outer join, a subquery, a query in FROM that sees its rows as a whole. All of these tables must be where the row is;
 * then it does not matter what is done with their rows.
 */
export function takeIn(route: RouteOp<Operator>, routes: readonly RouteOp<Operator>[]): TakenIn | Unchanged {
  const tables = inOrderOfText(routes.flatMap((each) => each.tables))
  const problem = apart([route, ...routes])
  if (problem !== undefined) return unchanged(problem)
  if (route.tables.length === 0 && tables.length > 0)
    return unchanged(`every shard has the rows, but not all rows of ${tables[0].instance.table.name}`)
  const { together, left, reason } = gather(locate(route.tables), locate(tables))
  if (left.length > 0)
    return unchanged(`nothing says that ${left[0].table.instance.table.name} is where the rows are`)
  return {
    kind: 'takenIn',
    route: {
      ...route,
      tables: together.map(({ table }) => table),
      copies: [route, ...routes].flatMap(({ copies }) => copies),
      asksSystem: [route, ...routes].some(({ asksSystem }) => asksSystem),
    },
    reason,
  }
}

function inOrderOfText(tables: readonly BoundTable[]): readonly BoundTable[] {
  return [...tables].sort((a, b) => a.instance.id - b.instance.id)
}

/** Why routes can be no one route, wherever their tables' rows are. */
export function apart(routes: readonly RouteOp<Operator>[]): string | undefined {
  if (keyspacesOf(routes)?.length === 0) return 'no keyspace has all tables'
  const isMixed =
    routes.some(({ tables }) => tables.length > 0) && routes.some(({ asksSystem }) => asksSystem)
  return isMixed ? 'system tables are no part of a keyspace' : undefined
}
