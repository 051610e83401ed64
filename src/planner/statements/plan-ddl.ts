import { noDatabaseSelected, unknownDatabase } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Ddl, TableName } from '../../sql/ast.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import type { PlanContext } from '../plan-context.ts'
import { unsupportedPlan, writePlan } from '../plans.ts'
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
  const keyspace = keyspaceOfDdl(statement, context)
  if (isRefusal(keyspace)) return unsupportedPlan(keyspace.construct)
  const isSharded = context.vschema.keyspaces.get(keyspace)?.sharded === true
  const plan = ddlPlan(statement, { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace }, context)
  const construct = isSharded ? refusedOnShards(statement, words) : undefined
  return construct === undefined ? plan : unsupportedPlan(construct)
}

/** One statement to every shard of the routing. A temporary table stays with its connection. */
export function ddlPlan(statement: Ddl, routing: Routing, context: PlanContext): Plan {
  if (statement.temporary)
    return { ...writePlan(statement, { verb: 'other', routing }, context), reserves: 'temporary table' }
  const { keyspace } = routing
  const query = new ShardText(context).ofStatement(statement)
  const tables = statement.names.map(({ name }) => name)
  return {
    root: { kind: 'Ddl', keyspace, routing, query, implicitCommit: true, tables },
    userVariables: [],
    locks: true,
  }
}

function refusedOnShards({ object, verb, query, temporary }: Ddl, words: string): string | undefined {
  if (temporary) return `${verb.toUpperCase()} TEMPORARY TABLE in a sharded keyspace`
  if (serverObjects.has(object)) return `${words} on the shards of a sharded keyspace`
  if (programs.has(object) && verb !== 'drop') return `${words} in a sharded keyspace`
  if (query === undefined) return undefined
  return object === 'view'
    ? 'CREATE VIEW in a sharded keyspace'
    : 'CREATE TABLE … SELECT in a sharded keyspace'
}

function keyspaceOfDdl(statement: Ddl, context: PlanContext): string | Refusal {
  const { names, objectName, like, verb } = statement
  const all = [
    ...names,
    ...(like === undefined ? [] : [like]),
    ...(objectName?.qualifier === undefined ? [] : [objectName]),
  ]
  const keyspaces = new Set(all.map((name) => keyspaceOfName(name, statement, context)))
  const [keyspace = context.defaultKeyspace] = keyspaces
  if (keyspace === undefined) throw noDatabaseSelected()
  if (keyspaces.size > 1) return refused(`${verb.toUpperCase()} of tables of several keyspaces`)
  if (isSystemSchema(keyspace)) return refused(`DDL on schema '${keyspace}'`)
  if (!context.vschema.keyspaces.has(keyspace)) throw unknownDatabase(keyspace)
  return keyspace
}

/** Without a default keyspace an existing table is found by its name alone. */
function keyspaceOfName(name: TableName, statement: Ddl, context: PlanContext): string {
  const keyspace = keyspaceOf(name, context)
  if (keyspace !== undefined) return keyspace
  const found =
    statement.verb === 'create'
      ? undefined
      : context.vschema.findTable(undefined, name.name, context.tabletType)
  if (found?.kind !== 'found') throw noDatabaseSelected()
  return found.table.keyspace
}
