import { columnFlags } from '../values/types.ts'
import type { StreamColumn } from './row-stream.ts'

/** Bytes from a definition's flags to its end: int<2> flags, int<1> decimals, and two that mean nothing. */
const FLAGS_FROM_END = 5

/** What tells of keys. */
export const KEY_FLAGS =
  columnFlags.primaryKey |
  columnFlags.uniqueKey |
  columnFlags.multipleKey |
  columnFlags.partKey |
  columnFlags.autoIncrement

/** A column as an outer join has it that may find no row. Source: sql/field.cc `Field::make_send_field`. */
export function nullable(column: StreamColumn): StreamColumn {
  return withoutFlags(column, columnFlags.notNull)
}

/** A column that holds a count. */
export function neverNull(column: StreamColumn): StreamColumn {
  return withFlags(column, column.flags | columnFlags.notNull)
}

/** A column as a temporary table has it. Source: sql/field.cc `Field::new_field`. */
export function ofTemporaryTable(column: StreamColumn): StreamColumn {
  return withoutFlags(column, KEY_FLAGS)
}

function withoutFlags(column: StreamColumn, without: number): StreamColumn {
  return withFlags(column, column.flags & ~without)
}

/** Source: MySQL client/server protocol, "Protocol::ColumnDefinition41". */
function withFlags(column: StreamColumn, flags: number): StreamColumn {
  if (flags === column.flags) return column
  const definition = Buffer.from(column.definition)
  definition.writeUInt16LE(flags, definition.length - FLAGS_FROM_END)
  return { ...column, flags, definition }
}
