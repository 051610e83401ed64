import { noDatabaseSelected, SqlError, unknownDatabase } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Ddl, Query, TableName } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { existingTable, newTable, tablesOfDdl } from '../binding/named-tables.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'
import { connectionState, unsupportedPlan } from '../plans.ts'
import { isRefusal, type Refusal, refused } from '../refusal.ts'
import { ShardText } from '../shard-text.ts'

/** Objects that belong to a whole server, not to a database. */
const serverObjects: ReadonlySet<string> = new Set([
  'user',
  'role',
  'server',
  'tablespace',
  'undo tablespace',
  'logfile group',
  'resource group',
  'spatial reference system',
  'instance',
])

/** Stored programs see the rows of one shard only. */
const programs: ReadonlySet<string> = new Set([
  'procedure',
  'function',
  'trigger',
  'event',
  'package',
  'package body',
  'sequence',
])

/** DDL goes to all shards of the keyspace it names. */
export function planDdl(statement: Ddl, context: PlanContext): Plan {
  const { verb, object } = statement
  const words = `${verb} ${object}`.toUpperCase()
  if (object === 'database' || object === 'schema')
    return unsupportedPlan(`${words}: a keyspace is made and dropped with 'shardgate ctl'`)
  if (context.shard === undefined) checkDatabases(statement, context)
  const keyspace = keyspaceOfDdl(statement, context)
  if (isRefusal(keyspace)) return unsupportedPlan(keyspace.construct)
  const isSharded = context.vschema.keyspaces.get(keyspace)?.sharded === true
  const plan = ddlPlan(statement, { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace }, context)
  const construct = isSharded ? refusedOnShards(statement, words) : undefined
  return construct === undefined ? plan : unsupportedPlan(construct)
}

/** One statement to every shard of the routing. */
export function ddlPlan(statement: Ddl, routing: Routing, context: PlanContext): Plan {
  const { keyspace } = routing
  const query = new ShardText(context).ofStatement(statement)
  const named = context.shard === undefined ? tablesOfDdl(statement, context) : undefined
  const tables = statement.names.map((name) => named?.get(name)?.name ?? name.name)
  return {
    root: { kind: 'Ddl', keyspace, routing, query, implicitCommit: true, tables },
    userVariables: connectionState(statement).userVariables,
    locks: true,
  }
}

function refusedOnShards({ object, verb, query }: Ddl, words: string): string | undefined {
  if (serverObjects.has(object)) return `${words} on the shards of a sharded keyspace`
  if (programs.has(object) && verb !== 'drop') return `${words} in a sharded keyspace`
  // Each shard's view is over its own rows; whoever asks for it gets what its query makes of all (binding/views.ts).
  if (query === undefined || object === 'view') return undefined
  return 'CREATE TABLE … SELECT in a sharded keyspace'
}

/** The keyspace of all tables that the statement names, in its queries too: no shard knows of another one's. */
function keyspaceOfDdl(statement: Ddl, context: PlanContext): string | Refusal {
  const { objectName, query, verb } = statement
  const keyspaces = new Set([...tablesOfDdl(statement, context).values()].map(({ keyspace }) => keyspace))
  if (objectName?.qualifier !== undefined) keyspaces.add(newTable(objectName, context).keyspace)
  for (const keyspace of query === undefined ? [] : keyspacesOfQuery(query, context)) keyspaces.add(keyspace)
  const [keyspace = context.defaultKeyspace] = keyspaces
  if (keyspace === undefined) throw noDatabaseSelected()
  if (keyspaces.size > 1) return refused(`${verb.toUpperCase()} of tables of several keyspaces`)
  if (isSystemSchema(keyspace)) return refused(`DDL on schema '${keyspace}'`)
  if (!context.vschema.keyspaces.has(keyspace)) throw unknownDatabase(keyspace)
  return keyspace
}

/** A table of a database that is not there is to most statements one that is not there. */
function checkDatabases(statement: Ddl, context: PlanContext): void {
  const { verb, object, ifExists, names } = statement
  const isUnknown = (name: TableName) =>
    name.qualifier !== undefined &&
    !isSystemSchema(name.qualifier) &&
    !context.vschema.keyspaces.has(name.qualifier)
  const table = names.find(isUnknown)
  if (table === undefined) return
  const name = `${table.qualifier}.${table.name}`
  const isDrop = verb === 'drop' && !ifExists
  const isMariadb = isOfMariaDb(context)
  if (isDrop && object === 'view' && isMariadb)
    throw new SqlError('ER_UNKNOWN_VIEW', `Unknown VIEW: '${name}'`)
  if (isDrop && (object === 'table' || object === 'view'))
    throw new SqlError('ER_BAD_TABLE_ERROR', `Unknown table '${name}'`)
  if (verb === 'truncate' || (verb === 'alter' && object === 'table' && isMariadb))
    throw new SqlError('ER_NO_SUCH_TABLE', `Table '${name}' doesn't exist`)
}

/** System schemas are on every server. */
function keyspacesOfQuery(query: Query, context: PlanContext): readonly string[] {
  return tablesOf(query)
    .map((name) => existingTable(name, context).keyspace)
    .filter((keyspace) => !isSystemSchema(keyspace))
}
