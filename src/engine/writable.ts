import type { WrittenInto } from '../plan/write-primitives.ts'
import { collationById } from '../values/charsets.ts'
import { classOf, columnFlags, fieldTypes } from '../values/types.ts'
import type { RowFormat, StreamColumn } from './row-stream.ts'

/**
 * Whether a literal of what comes in the column becomes in the table what the value itself would. FLOAT and BIT do where they come in
 * the binary format, and the column takes them for numbers.
 */
export function isWritable(column: StreamColumn, into: WrittenInto, format: RowFormat = 'text'): boolean {
  const isMember = (column.flags & (columnFlags.enum | columnFlags.set)) !== 0
  switch (classOf(column)) {
    case 'null':
    case 'signed':
    case 'unsigned':
    case 'decimal':
    case 'double':
    case 'bytes':
      return true
    case 'text':
      return isUnicode(column) && !(isMember && into === 'number')
    case 'datetime':
    case 'time':
      return into === 'time' || into === 'text'
    case 'opaque':
      return column.type === fieldTypes.json && (into === 'json' || into === 'text')
    // The text of a FLOAT has lost digits.
    case 'float':
    case 'bit':
      return format === 'binary' && into === 'number'
    default:
      return false
  }
}

/** The session's own character set may have no sign for what was there. */
function isUnicode({ collation }: StreamColumn): boolean {
  return collationById(collation)?.charset.name.startsWith('utf8') === true
}
