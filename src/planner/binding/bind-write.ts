import type { Delete, Update } from '../../sql/ast.ts'
import { bindTables, type FromPart } from './bind-from.ts'
import { bindConjuncts, bindExprs } from './bind-subqueries.ts'
import type { BoundWrite } from './bound.ts'
import { addFacts } from './facts-of.ts'
import { type Place, withCtes } from './place.ts'
import type { Scope } from './scope.ts'

/** As bindQuery, for the rows that an UPDATE or DELETE looks at. */
export function bindWrite(ast: Update | Delete, root: Place): BoundWrite {
  const place: Place = { ...root, ctes: withCtes(ast.with, root) }
  const from: FromPart = bindTables(ast.kind === 'Update' ? ast.tables : ast.from, place)
  const scope: Scope = { sources: from.sources, merged: from.merged }
  if (ast.where !== undefined) addFacts(ast.where, scope, place.level)
  const where = bindConjuncts(ast.where, scope, place)
  const rest = [ast.kind === 'Update' ? ast.set : [], ast.orderBy]
  const subqueries = bindExprs(rest, scope, place)
  return { kind: 'Write', ast, scope, level: place.level, from: from.bound, where, subqueries }
}
