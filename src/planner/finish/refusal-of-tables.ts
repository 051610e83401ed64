import { functionalVindex } from '../binding/vindexes.ts'
import type { Operator } from '../operators/operator.ts'
import { keyspacesOf, type RouteOp } from '../operators/route.ts'

type Routes = readonly RouteOp<Operator>[]

/** Why no shard has all of the tables; undefined when one may. */
export function refusalOfKeyspaces(routes: Routes): string | undefined {
  if (keyspacesOf(routes)?.length === 0) return 'tables of several keyspaces in one statement'
  const isMixed = routes.some(hasTables) && routes.some(({ asksSystem }) => asksSystem)
  return isMixed ? 'system tables together with others' : undefined
}

/** Finding who is together with whom takes more than linear time: 1,000 of them take well below a second. */
const TABLES_MAX = 1000

/** Why it cannot be found out where all of the tables are. */
export function refusalOfVindexes(routes: Routes): string | undefined {
  const tables = routes.flatMap((route) => route.tables.map(({ instance }) => instance.table))
  if (tables.length > TABLES_MAX) return `more than ${TABLES_MAX} tables with shards of their own`
  const lost = tables.find((table) => table.pinned === undefined && functionalVindex(table) === undefined)
  return lost && `table '${lost.name}' without a functional primary vindex`
}

export function hasTables({ tables }: RouteOp<Operator>): boolean {
  return tables.length > 0
}
