import type { ColumnVindex, Table } from '../../vschema/model.ts'

/**
 * The vindex that places a table's rows; undefined where that is a lookup vindex, or none. Others may say where a row is
 * too, but nothing makes sure of it when rows are inserted: only this one is believed, and lookup vindexes that the table owns.
 */
export function functionalVindex({ columnVindexes }: Table): ColumnVindex | undefined {
  const [primary] = columnVindexes
  return primary === undefined || primary.vindex.kind === 'lookup' ? undefined : primary
}
