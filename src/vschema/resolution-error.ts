import { unreachable } from '../base/assert.ts'
import { noDatabaseSelected, SqlError, unknownDatabase } from '../errors/sql-error.ts'
import type { TableResolution } from './model.ts'

/** The error a client gets for a table that was not found. */
export function resolutionError(resolution: Exclude<TableResolution, { kind: 'found' }>): SqlError {
  switch (resolution.kind) {
    case 'unknownTable':
      if (resolution.keyspace === undefined) return noDatabaseSelected()
      return noSuchTable(resolution.keyspace, resolution)
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

/** Of one that is there the text is for whoever has made it and forgot to tell; the number is what applications ask for. */
function noSuchTable(
  keyspace: string,
  { table, absent }: Extract<TableResolution, { kind: 'unknownTable' }>,
): SqlError {
  const name = `Table '${keyspace}.${table}'`
  return new SqlError(
    'ER_NO_SUCH_TABLE',
    absent === true
      ? `${name} doesn't exist`
      : `${name} is in no VSchema: add it to that of '${keyspace}' (shardgate ctl vschema apply)`,
  )
}
