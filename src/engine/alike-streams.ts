import { SqlError } from '../errors/sql-error.ts'
import { binaryWidth, classOf } from '../values/types.ts'
import { conformRows } from './conform.ts'
import type { RowStream, StreamColumn } from './row-stream.ts'

type Columns = readonly StreamColumn[]

/**
 * The shards' rows in the same columns: all are read by those of one shard. What an optimizer chooses differs from shard to
 * shard without their schemas doing so: where it takes a temporary table, text is VAR_STRING, STRING or BLOB, which lies in
 * rows alike, and integers are as wide as the table has them. Throws 1105 for columns of other kinds: another schema.
 */
export function alikeStreams(streams: readonly RowStream[], keyspace: string): readonly RowStream[] {
  const all = streams.map(({ columns }) => columns)
  const [first] = all
  if (all.every((columns) => isSameLayout(columns, first!))) return streams
  const widest = all.reduce((a, b) => wider(a, b, keyspace))
  return streams.map((stream) =>
    isSameLayout(stream.columns, widest) ? stream : conformRows(stream, widest),
  )
}

function isSameLayout(a: Columns, b: Columns): boolean {
  return a.length === b.length && a.every((column, i) => isKept(column, b[i]!))
}

function isKept(a: StreamColumn, b: StreamColumn): boolean {
  const kind = classOf(a)
  return kind === classOf(b) && (a.type === b.type || kind === 'text' || kind === 'bytes')
}

function wider(a: Columns, b: Columns, keyspace: string): Columns {
  if (a.length !== b.length) throw differentSchemas(keyspace)
  return a.map((column, i) => {
    const other = b[i]!
    if (isKept(column, other)) return column
    const kind = classOf(column)
    if (kind !== classOf(other) || (kind !== 'signed' && kind !== 'unsigned'))
      throw differentSchemas(keyspace)
    return binaryWidth(other.type)! > binaryWidth(column.type)! ? other : column
  })
}

function differentSchemas(keyspace: string): SqlError {
  return new SqlError(
    'ER_UNKNOWN_ERROR',
    `The shards of keyspace '${keyspace}' answer with different columns: their schemas differ`,
  )
}
