import { functionalVindex } from '../binding/vindexes.ts'
import type { Operator } from '../operators/operator.ts'
import { hasTables, keyspacesOf, type RouteOp } from '../operators/route.ts'

type Routes = readonly RouteOp<Operator>[]

/** Why no shard has all of the tables; undefined when one may. */
export function refusalOfKeyspaces(routes: Routes): string | undefined {
  if (keyspacesOf(routes)?.length === 0) return 'tables of several keyspaces in one statement'
  const isMixed = routes.some(hasTables) && routes.some(({ asksSystem }) => asksSystem)
  return isMixed ? 'system tables together with others' : undefined
}

/** Why it cannot be found out where all of the tables are. */
export function refusalOfVindexes(routes: Routes): string | undefined {
  const tables = routes.flatMap((route) => route.tables.map(({ instance }) => instance.table))
  const lost = tables.find((table) => table.pinned === undefined && functionalVindex(table) === undefined)
  return lost && `table '${lost.name}' without a functional primary vindex`
}
