import { unreachable } from '../base/assert.ts'
import { noDatabaseSelected, SqlError, unknownDatabase } from '../errors/sql-error.ts'
import type { TableResolution } from './model.ts'

/** The error a client gets for a table that was not found. */
export function resolutionError(resolution: Exclude<TableResolution, { kind: 'found' }>): SqlError {
  switch (resolution.kind) {
    case 'unknownTable':
      if (resolution.keyspace === undefined) return noDatabaseSelected()
      return notInVSchema(resolution.keyspace, resolution.table)
    case 'unknownKeyspace':
      return unknownDatabase(resolution.keyspace)
    case 'ambiguous':
      return new SqlError('ER_UNKNOWN_ERROR', `ambiguous table reference: ${resolution.table}`)
    case 'disabled':
      return new SqlError('ER_UNKNOWN_ERROR', `table ${resolution.table} has been disabled`)
    case 'broken':
      return new SqlError('ER_UNKNOWN_ERROR', resolution.message)
    default:
      return unreachable(resolution)
  }
}

/** MySQL's number, for applications ask for that; the text is for whoever has made the table and forgot to tell. */
function notInVSchema(keyspace: string, table: string): SqlError {
  return new SqlError(
    'ER_NO_SUCH_TABLE',
    `Table '${keyspace}.${table}' is in no VSchema: add it to that of '${keyspace}' (shardgate ctl vschema apply)`,
  )
}
