import type { Expr } from '../../sql/ast.ts'
import type { BoundTable } from './bound.ts'
import { columnOf } from './column-type.ts'
import { refOf } from './facts-of.ts'
import type { Level } from './level.ts'
import { comparesBytes, equalValuesHaveOneId } from './same-id.ts'
import type { Scope } from './scope.ts'
import { columnKey, schemaColumn } from './source.ts'

/** Whether rows that agree on the expressions lie on one shard, by the vindex of one of the tables. */
export function holdsVindex(
  exprs: readonly Expr[],
  scope: Scope,
  rows: readonly BoundTable[],
  level: Level,
): boolean {
  const facts = level.facts({ byColumnsOnly: true })
  const keys = exprs.flatMap((expr) => refOf(expr, scope) ?? []).map(columnKey)
  const bytes = exprs.flatMap((expr) => bytesOf(expr, scope) ?? [])
  return rows.some(({ instance }) => {
    const primary = instance.table.columnVindexes[0]
    if (primary === undefined || instance.nullExtended) return false
    return primary.columns.every((name, i) => {
      const column = columnKey({ instance, name: name.toLowerCase() })
      if (bytes.includes(column)) return true
      if (!keys.some((key) => facts.areEqual(key, column))) return false
      return equalValuesHaveOneId(columnOf(instance.table, name), primary.vindex, i)
    })
  })
}

/** The key of the text column of which an expression keeps all bytes apart: `name COLLATE utf8mb4_0900_bin`. */
function bytesOf(expr: Expr, scope: Scope): string | undefined {
  if (expr.kind !== 'Collate') return undefined
  const ref = refOf(expr.operand, scope)
  return ref !== undefined && comparesBytes(schemaColumn(ref), expr.collation) ? columnKey(ref) : undefined
}
