import type { Delete, TableExpr, Update } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { PlanContext } from '../plan-context.ts'
import { bindTables, type FromPart } from './bind-from.ts'
import { bindConjuncts, bindExprs } from './bind-subqueries.ts'
import type { BoundWrite } from './bound.ts'
import { addFacts } from './facts-of.ts'
import { keyspaceOf } from './find-table.ts'
import { type Place, withCtes } from './place.ts'
import type { Scope } from './scope.ts'
import { unplanned } from './unplanned.ts'
import { isPlacedView, viewOf } from './views.ts'

/** As bindQuery, for the rows that an UPDATE or DELETE looks at. */
export function bindWrite(ast: Update | Delete, root: Place): BoundWrite {
  const place: Place = { ...root, ctes: withCtes(ast.with, root) }
  const tables = ast.kind === 'Update' ? ast.tables : ast.from
  checkViews(ast.kind.toUpperCase(), tables, place.context)
  const from: FromPart = bindTables(tables, { ...place, writesViews: true })
  const scope: Scope = { sources: from.sources, merged: from.merged }
  if (ast.where !== undefined) addFacts(ast.where, scope, place.level)
  const where = bindConjuncts(ast.where, scope, place)
  const rest = [ast.kind === 'Update' ? ast.set : [], ast.orderBy]
  const subqueries = bindExprs(rest, scope, place)
  return { kind: 'Write', ast, scope, level: place.level, from: from.bound, where, subqueries }
}

/** A view that the VSchema knows as a table has its rows where it says; of others it is not told which shard's rows are changed. */
function checkViews(verb: string, from: readonly TableExpr[], context: PlanContext): void {
  for (const { name } of from.flatMap(tablesIn)) {
    if (isSystemSchema(keyspaceOf(name, context))) continue
    const found = context.vschema.findTable(keyspaceOf(name, context), name.name, context.tabletType)
    if (found.kind !== 'found' || viewOf(found.table, context) === undefined) continue
    if (!isPlacedView(found.table)) unplanned(`${verb} of view '${name.name}' of a sharded keyspace`)
  }
}
