import { SqlError } from '../../errors/sql-error.ts'
import type { TableRef } from '../../sql/ast.ts'
import type { Table } from '../../vschema/model.ts'

/**
 * vtgate's `USE VINDEX (…)` and `IGNORE VINDEX (…)`: the vindexes by which a table's rows are not to be found. Undefined
 * without a hint. Throws what vtgate says of two hints, and of vindexes that the table does not have.
 */
export function vindexesUnused({ indexHints }: TableRef, table: Table): ReadonlySet<string> | undefined {
  const hints = (indexHints ?? []).filter(({ keyword }) => keyword === 'VINDEX')
  const [hint, another] = hints
  if (hint === undefined) return undefined
  if (another !== undefined)
    throw new SqlError(
      'ER_UNKNOWN_ERROR',
      `VT09020: can not use multiple vindex hints for table ${table.name}`,
    )
  const names = table.columnVindexes.map(({ name }) => name)
  const unknown = hint.indexes.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new SqlError(
      'ER_KEY_DOES_NOT_EXITS',
      `VT09021: Vindex '${unknown}' does not exist in table '${table.name}'`,
    )
  return new Set(names.filter((name) => hint.indexes.includes(name) === (hint.action === 'IGNORE')))
}
