import { noDatabaseSelected } from '../../errors/sql-error.ts'
import type { Ddl, Query, TableName, TableRef } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { type AnyNode, someNode } from '../../sql/visit.ts'
import { resolutionError } from '../../vschema/resolution-error.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOfNew, keyspaceOfUnnamed } from '../../vschema/unnamed-tables.ts'
import type { PlanContext } from '../plan-context.ts'
import { findTable, keyspaceOf } from './find-table.ts'

/** Where a table is that a statement names beside any query in it. */
export interface NamedTable {
  readonly keyspace: string
  /** Its name there: another one than in the text where a routing rule says so. */
  readonly name: string
}

/** Names in the text of a statement, and the tables that they stand for. */
export type NamedTables = ReadonlyMap<TableName, NamedTable>

/**
 * A table that is to be there already: found as queries find it. One that no VSchema has is looked for where its name says,
 * for the server there has the right error, or rows that tell of it.
 */
export function existingTable(name: TableName, context: PlanContext): NamedTable {
  const keyspace = keyspaceOf(name, context)
  if (keyspace !== undefined && isSystemSchema(keyspace)) return { keyspace, name: name.name }
  const found = context.vschema.findTable(keyspace, name.name, context.tabletType)
  if (found.kind === 'unknownTable' && keyspace !== undefined) return { keyspace, name: name.name }
  if (found.kind !== 'found') throw resolutionError(found)
  return findTable(name, context)
}

/** A table that is to be made: no rule speaks of it. One that no VSchema names is made where such tables are. */
export function newTable(name: TableName, context: PlanContext): NamedTable {
  const keyspace = keyspaceOf(name, context)
  const { vschema } = context
  if (keyspace !== undefined)
    return { keyspace: keyspaceOfNew(vschema, keyspace, name.name), name: name.name }
  const unnamed = keyspaceOfUnnamed(vschema, undefined, name.name)
  if (unnamed === undefined) throw noDatabaseSelected()
  return { keyspace: unnamed, name: name.name }
}

/** A view that is to be made: beside the tables that it is of, wherever a table of its name would be. */
function newView(name: TableName, query: Query, context: PlanContext): NamedTable {
  const made = newTable(name, context)
  const written = keyspaceOf(name, context)
  if (written === undefined || made.keyspace === written) return made
  const keyspaces = keyspacesOfQuery(query, context)
  const isOfUnnamed = keyspaces.length > 0 && keyspaces.every((keyspace) => keyspace === made.keyspace)
  return isOfUnnamed ? made : { ...made, keyspace: written }
}

/** System schemas are on every server. */
export function keyspacesOfQuery(query: Query, context: PlanContext): readonly string[] {
  return tablesOf(query)
    .map((name) => existingTable(name, context).keyspace)
    .filter((keyspace) => !isSystemSchema(keyspace))
}

/** The tables of a DDL statement, those of its queries aside. */
export function tablesOfDdl(ddl: Ddl, context: PlanContext): NamedTables {
  const tables = new Map<TableName, NamedTable>()
  for (const [i, name] of ddl.names.entries()) {
    const isNew = isNewName(ddl, i)
    const before = ddl.verb === 'rename' || ddl.verb === 'alter' ? ddl.names[i - 1] : undefined
    if (!isNew) tables.set(name, existingTable(name, context))
    // A table that is called by a rule's name stays in its keyspace when it is renamed.
    else if (before !== undefined && before.qualifier === name.qualifier)
      tables.set(name, renamedTable(tables.get(before)!, name, context))
    else if (ddl.object === 'view' && ddl.query !== undefined)
      tables.set(name, newView(name, ddl.query, context))
    else tables.set(name, newTable(name, context))
  }
  const others = [...(ddl.like === undefined ? [] : [ddl.like]), ...ddl.references]
  for (const name of others) tables.set(name, existingTable(name, context))
  return tables
}

/** Its keyspace, unless the VSchema of the session's says that tables of the new name are elsewhere. */
function renamedTable({ keyspace }: NamedTable, to: TableName, context: PlanContext): NamedTable {
  const isNamed =
    keyspace === context.vschema.defaultUnsharded &&
    context.vschema.keyspaces.get(keyspaceOf(to, context) ?? '')?.named.has(to.name) === true
  return isNamed ? newTable(to, context) : { keyspace, name: to.name }
}

/** `position`: in `names`. */
function isNewName({ verb, object, pieces, names }: Ddl, position: number): boolean {
  switch (verb) {
    case 'create':
      return object !== 'index' && object !== 'trigger'
    case 'rename':
      return position % 2 === 1
    case 'alter':
      return position > 0 && !isExchanged(pieces, names[position]!)
    default:
      return false
  }
}

/** `ALTER TABLE … EXCHANGE PARTITION p WITH TABLE name`, rather than `RENAME TO name`. */
function isExchanged(pieces: Ddl['pieces'], name: TableName): boolean {
  const before = pieces.slice(0, pieces.indexOf(name)).filter((piece) => typeof piece === 'string')
  return /\bwith\s+table\s*$/i.test(before.join(''))
}

/** The tables that a statement names beside its queries. */
export function namedTables(statement: AnyNode, context: PlanContext): NamedTables {
  if (statement.kind === 'Ddl') return tablesOfDdl(statement, context)
  return new Map(namesOf(statement).map((name) => [name, existingTable(name, context)]))
}

function namesOf(statement: AnyNode): readonly TableName[] {
  switch (statement.kind) {
    case 'Insert':
    case 'Load':
    case 'DescribeTable':
      return [statement.table]
    case 'Show':
      return statement.table === undefined ? [] : [statement.table]
    case 'TableAdmin':
    case 'Flush':
      return statement.tables
    case 'LockTables':
      return statement.tables.map(({ table }) => table)
    case 'Explain':
      return namesOf(statement.statement)
    default:
      return []
  }
}

/** The table that INSERT or DELETE writes, where a rule gives it another name: it cannot have an alias there. */
export interface WrittenByRule {
  readonly node: TableName | TableRef
  readonly from: string
  readonly to: string
}

/** Undefined, too, where a query in the statement calls another table by the old name. */
export function writtenByRule(statement: AnyNode, context: PlanContext): WrittenByRule | undefined {
  const node = unaliasedTarget(statement)
  if (node === undefined) return undefined
  const written = node.kind === 'Table' ? node.name : node
  const from = written.name
  const to = existingTable(written, context).name
  if (to === from) return undefined
  const isAmbiguous = someNode(
    statement,
    (inner) => inner !== node && inner.kind === 'Table' && (inner.alias?.name ?? inner.name.name) === from,
  )
  return isAmbiguous ? undefined : { node, from, to }
}

function unaliasedTarget(statement: AnyNode): WrittenByRule['node'] | undefined {
  if (statement.kind === 'Insert') return statement.table
  if (statement.kind !== 'Delete' || statement.form !== 'single') return undefined
  const [table] = statement.from
  return table?.kind === 'Table' && table.alias === undefined ? table : undefined
}
