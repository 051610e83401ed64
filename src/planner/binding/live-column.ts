import type { Expr } from '../../sql/ast.ts'
import { type Column, sameColumn, type Table } from '../../vschema/model.ts'
import { refOf } from './facts-of.ts'
import type { Scope } from './scope.ts'

/** A column of the table as its servers have it; undefined where there is none of the name, or nobody has looked. */
export function liveColumn({ live }: Table, name: string): Column | undefined {
  return live?.columns.find((column) => sameColumn(column.name, name))
}

/** The stored column that an expression is, alone. */
export function storedColumn(expr: Expr, scope: Scope): Column | undefined {
  const ref = refOf(expr, scope)
  return ref && liveColumn(ref.instance.table, ref.name)
}
