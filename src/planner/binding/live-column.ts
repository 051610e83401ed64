import type { Expr } from '../../sql/ast.ts'
import { type Column, sameColumn, type Table } from '../../vschema/model.ts'
import { refOf } from './facts-of.ts'
import type { Scope } from './scope.ts'
import { schemaColumn } from './source.ts'

/** A column of the table as its servers have it; undefined where there is none of the name, or nobody has looked. */
export function liveColumn({ live }: Table, name: string): Column | undefined {
  return live?.columns.find((column) => sameColumn(column.name, name))
}

/** The stored column that an expression is, alone. */
export function storedColumn(expr: Expr, scope: Scope): Column | undefined {
  const ref = refOf(expr, scope)
  return ref && liveColumn(ref.instance.table, ref.name)
}

/** The column that an expression is, alone, as its servers have it or a VSchema says. */
export function knownColumn(expr: Expr, scope: Scope): Column | undefined {
  const ref = refOf(expr, scope)
  return ref && schemaColumn(ref)
}

/** Whether the table has one row at most for what is given of its columns. */
export function isUniqueIn({ live }: Table, isGiven: (column: string) => boolean): boolean {
  const keys = live?.keys ?? []
  return keys.some(
    ({ kind, parts }) =>
      (kind === 'PRIMARY' || kind === 'UNIQUE') && parts.every(({ column }) => isGiven(column)),
  )
}
