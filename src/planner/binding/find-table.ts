import type { SqlError } from '../../errors/sql-error.ts'
import type { TableName } from '../../sql/ast.ts'
import type { Table, TableResolution } from '../../vschema/model.ts'
import { resolutionError } from '../../vschema/resolution-error.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'
import { unplanned } from './unplanned.ts'

export function keyspaceOf(name: TableName, context: PlanContext): string | undefined {
  const { qualifier } = name
  if (qualifier === undefined) return context.defaultKeyspace
  if (/[:@[/]/.test(qualifier)) unplanned(`a target in the name of a table ('${qualifier}')`)
  return qualifier
}

/** Throws SqlError when there is no such table, or several. */
export function findTable(name: TableName, context: PlanContext): Table {
  const found = context.vschema.findTable(keyspaceOf(name, context), name.name, context.tabletType)
  if (found.kind !== 'found') throw notFound(name, found, context)
  const { table } = found
  const keyspace = context.vschema.keyspaces.get(table.keyspace)
  if (keyspace?.error !== undefined) throw resolutionError({ kind: 'broken', message: keyspace.error })
  return table
}

/** MariaDB says of a table in a database that there is not what it says of any other. */
function notFound(
  { name: table }: TableName,
  missing: Exclude<TableResolution, { kind: 'found' }>,
  context: PlanContext,
): SqlError {
  if (missing.kind !== 'unknownKeyspace' || !isOfMariaDb(context)) return resolutionError(missing)
  return resolutionError({ kind: 'unknownTable', keyspace: missing.keyspace, table, absent: true })
}

/** The table's rows lie on shards by a vindex, or all on one shard of a sharded keyspace. */
export function hasShardsOfItsOwn(table: Table): boolean {
  return table.sharded && (table.type !== 'reference' || table.pinned !== undefined)
}

/** Keyspaces that can give all rows of a table which has no shards of its own. */
export function keyspacesWith(table: Table): ReadonlySet<string> {
  return new Set([
    table.keyspace,
    ...[...table.referencedBy].flatMap(([keyspace, copy]) => (copy.name === table.name ? [keyspace] : [])),
  ])
}
