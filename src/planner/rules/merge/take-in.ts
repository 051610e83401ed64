import { type BoundTable, inOrderOfText } from '../../binding/bound.ts'
import type { Operator } from '../../operators/operator.ts'
import { hasTables, keyspacesOf, type RouteOp, rowsOf } from '../../operators/route.ts'
import { type Unchanged, unchanged } from '../rule.ts'
import { alone, type Gathered, gather, locate } from './gather.ts'

/** A route that has taken in others, but for its input; and why it could. */
interface TakenIn {
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
  const problem = apart([route, ...routes])
  if (problem !== undefined) return unchanged(problem)
  const placed = routes.filter(hasTables)
  if (placed.length > 0 && !hasTables(route))
    return unchanged(`every shard has the rows, but not all rows of ${nameOf(placed[0].tables[0])}`)
  const { together, left, reason } = gatherRoutes(route, placed)
  if (left.length > 0)
    return unchanged(`nothing says that ${nameOf(left[0].tables[0].table)} is where the rows are`)
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

/** A route may come as a whole, by its rows; of one that does not, each table may. */
function gatherRoutes(route: RouteOp<Operator>, routes: readonly RouteOp<Operator>[]): Gathered {
  const parties = routes.map((each) => ({ tables: locate(each.tables), rows: locate(rowsOf(each)) }))
  const whole = gather(locate(route.tables), parties)
  if (whole.left.length === 0) return whole
  const tables = whole.left.flatMap((party) => party.tables.map(({ table }) => table))
  return gather(whole.together, locate(tables.sort(inOrderOfText)).map(alone))
}

function nameOf({ instance }: BoundTable): string {
  return instance.table.name
}

/** Why routes can be no one route, wherever their tables' rows are. */
export function apart(routes: readonly RouteOp<Operator>[]): string | undefined {
  if (keyspacesOf(routes)?.length === 0) return 'no keyspace has all tables'
  const isMixed = routes.some(hasTables) && routes.some(({ asksSystem }) => asksSystem)
  return isMixed ? 'system tables are no part of a keyspace' : undefined
}
