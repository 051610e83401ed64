import { groupBy } from '../../base/group-by.ts'
import type { SystemCell, SystemRow } from './system-table.ts'

/** How the shards' values of a column become one server's; of others the first shard's value stands for all. */
type Merge = (values: readonly string[]) => string

const sum: Merge = (values) => String(values.reduce((total, value) => total + BigInt(value), 0n))
const greatest: Merge = (values) => values.reduce((a, b) => (BigInt(b) > BigInt(a) ? b : a))
/** Of dates, which are in the order of their texts. */
const first: Merge = (values) => values.reduce((a, b) => (b < a ? b : a))
const last: Merge = (values) => values.reduce((a, b) => (b > a ? b : a))

/** By the names of information_schema; SHOW TABLE STATUS and SHOW INDEX have the same, in other letters. */
const MERGES: ReadonlyMap<string, Merge> = new Map([
  ['table_rows', sum],
  ['rows', sum],
  ['data_length', sum],
  ['index_length', sum],
  ['data_free', sum],
  ['cardinality', sum],
  ['max_data_length', greatest],
  ['max_index_length', greatest],
  // A sequence counts for all of them, or each shard for itself: none has given out a number from here on.
  ['auto_increment', greatest],
  ['create_time', first],
  ['update_time', last],
  ['check_time', last],
])

/**
 * The rows of one table on its shards as one server would have them that has all the table's rows. `key`: names of the columns
 * by which rows belong together.
 */
export function sumShards(
  columns: readonly string[],
  shards: readonly (readonly SystemRow[])[],
  key: readonly string[],
): readonly SystemRow[] {
  const names = columns.map((name) => name.toLowerCase())
  const keyColumns = key.map((name) => names.indexOf(name))
  const groups = groupBy(shards.flat(), (row) => JSON.stringify(keyColumns.map((column) => row[column])))
  return [...groups.values()].map((group) => merged(names, group))
}

function merged(names: readonly string[], group: readonly SystemRow[]): SystemRow {
  const row = names.map((name, i) => mergedCell(MERGES.get(name), group, i))
  const average = names.indexOf('avg_row_length')
  if (average < 0) return row
  const rows = row[names.indexOf(names.includes('rows') ? 'rows' : 'table_rows')]
  const bytes = row[names.indexOf('data_length')]
  return row.map((cell, i) => (i === average ? averageOf(cell, rows, bytes) : cell))
}

function mergedCell(merge: Merge | undefined, group: readonly SystemRow[], column: number): SystemCell {
  const values = group.map((row) => row[column] ?? null).filter((value) => value !== null)
  if (merge === undefined || values.length === 0) return group[0]![column] ?? null
  return merge(values)
}

function averageOf(
  cell: SystemCell,
  rows: SystemCell | undefined,
  bytes: SystemCell | undefined,
): SystemCell {
  if (cell === null || typeof rows !== 'string' || typeof bytes !== 'string') return cell
  return BigInt(rows) === 0n ? '0' : String(BigInt(bytes) / BigInt(rows))
}
