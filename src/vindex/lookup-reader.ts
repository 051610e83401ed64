import type { Value } from '../values/value.ts'

/** Rows of a lookup table that are wanted: `select columns from table where from = value` for each of `values`. */
export interface LookupRead {
  /** Table as the vindex's `table` parameter names it: `keyspace.table` or `table`. */
  readonly table: string
  readonly columns: readonly string[]
  readonly from: string
  readonly values: readonly Value[]
}

/** Reads lookup tables within the session that runs the statement; supplied by whoever executes plans. */
export interface LookupReader {
  /** The rows found, in any order, each with the values of `columns`. */
  fetchRows(read: LookupRead): Promise<readonly (readonly Value[])[]>
}
