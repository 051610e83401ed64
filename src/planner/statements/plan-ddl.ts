import { noDatabaseSelected, SqlError, unknownDatabase } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { DdlObject, RunDdl } from '../../plan/write-primitives.ts'
import type { Ddl, TableName } from '../../sql/ast.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { isNamedNowhere, keyspaceOfTrigger } from '../../vschema/unnamed-tables.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { existingTable, keyspacesOfQuery, newTable, tablesOfDdl } from '../binding/named-tables.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'
import { connectionState, sessionPlan, unsupportedPlan } from '../plans.ts'
import { isRefusal, type Refusal, refused } from '../refusal.ts'
import { ShardText } from '../shard-text.ts'
import { uncheckedAlter } from './added-keys.ts'
import { addsForeignKey, wordsOf } from './ddl-words.ts'
import { planInTurn } from './in-turn.ts'
import { planCreateSelected } from './plan-create-selected.ts'
import { programObstacle } from './program-on-shards.ts'
import { isRepeatable } from './repeatable.ts'

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

/** Stored programs see the rows of one shard only (program-on-shards.ts). */
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
  if (statement.vschema !== undefined) return sessionPlan
  if (object === 'database') return verb === 'alter' ? alterDatabase(statement, context) : sessionPlan
  const words = `${verb} ${object}`.toUpperCase()
  if (context.shard === undefined) checkDatabases(statement, context)
  const inTurn = planInTurn(statement, context, planDdl)
  if (inTurn !== undefined) return inTurn
  const selected = planCreateSelected(statement, context)
  if (selected !== undefined) return selected
  const like = planLike(statement, context)
  if (like !== undefined) return like
  const keyspace = keyspaceOfDdl(statement, context)
  if (isRefusal(keyspace)) return unsupportedPlan(keyspace.construct)
  const { sharded: isSharded = false, foreignKeyMode } = context.vschema.keyspaces.get(keyspace) ?? {}
  if (foreignKeyMode === 'disallow' && addsForeignKey(statement, wordsOf(statement, context)))
    throw new SqlError('ER_UNKNOWN_ERROR', 'VT10001: foreign key constraints are not allowed')
  const plan = ddlPlan(statement, { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace }, context)
  const construct = isSharded ? refusedOnShards(statement, words, context) : undefined
  return construct === undefined ? plan : unsupportedPlan(construct)
}

/** CREATE TABLE … LIKE a table of another keyspace. */
function planLike(statement: Ddl, context: PlanContext): Plan | undefined {
  const { like, names, orReplace, ifNotExists } = statement
  if (like === undefined) return undefined
  const [own, other] = [newTable(names[0]!, context), existingTable(like, context)]
  const { sharded } = context.vschema.keyspaces.get(own.keyspace) ?? {}
  if (own.keyspace === other.keyspace || sharded === undefined || isSystemSchema(other.keyspace))
    return undefined
  if (!context.vschema.keyspaces.has(other.keyspace)) return undefined
  const routing: Routing = { kind: sharded ? 'Scatter' : 'Unsharded', keyspace: own.keyspace }
  const plan = ddlPlan(statement, routing, context)
  if (plan.root.kind !== 'Ddl') return plan
  const head = `CREATE ${orReplace ? 'OR REPLACE ' : ''}TABLE ${ifNotExists ? 'IF NOT EXISTS ' : ''}${quoteName(own.name)}`
  return { ...plan, root: { ...plan.root, like: { ...other, head } } }
}

/** Each shard's connection is at its own database, which ALTER DATABASE without a name is about. */
function alterDatabase(statement: Ddl, context: PlanContext): Plan {
  const { objectName, pieces } = statement
  const keyspace = objectName?.name ?? context.defaultKeyspace
  if (keyspace === undefined) throw noDatabaseSelected()
  if (isSystemSchema(keyspace)) return unsupportedPlan(`ALTER DATABASE of schema '${keyspace}'`)
  const found = context.vschema.keyspaces.get(keyspace)
  if (found === undefined) throw new SqlError('ER_NO_SUCH_DB', `Database '${keyspace}' doesn't exist`)
  const { objectName: _, ...rest } = statement
  const unnamed: Ddl = { ...rest, pieces: pieces.filter((piece) => piece !== objectName) }
  const routing: Routing = { kind: found.sharded ? 'Scatter' : 'Unsharded', keyspace }
  const plan = ddlPlan(unnamed, routing, { ...context, isChanged: true })
  return plan.root.kind === 'Ddl' ? { ...plan, root: { ...plan.root, countsOnce: true } } : plan
}

/** One statement to every shard of the routing. */
export function ddlPlan(statement: Ddl, routing: Routing, context: PlanContext): Plan {
  const { keyspace } = routing
  const query = new ShardText(context).ofStatement(statement)
  const named = context.shard === undefined ? tablesOfDdl(statement, context) : undefined
  const tables = statement.names.map((name) => named?.get(name)?.name ?? name.name)
  const known = context.vschema.keyspaces.get(keyspace)?.tables
  const unchecked = uncheckedAlter(statement, context)
  return {
    root: {
      kind: 'Ddl',
      keyspace,
      routing,
      query,
      implicitCommit: true,
      tables,
      objects: objectsOf(statement, tables),
      ...(unchecked && { unchecked }),
      isRepeatable: isRepeatable(statement, context),
      countsOnce: tables.length > 0 && tables.every((name) => known?.get(name)?.type === 'reference'),
      unnamed: routing.kind === 'Scatter' ? unnamedIn(statement, tables, context) : [],
    },
    userVariables: connectionState(statement).userVariables,
    locks: true,
  }
}

function objectsOf({ object, objectName }: Ddl, tables: readonly string[]): readonly DdlObject[] {
  const kind = programKinds[object]
  const own = kind === undefined || objectName === undefined ? [] : [{ kind, name: objectName.name }]
  return [...tables.map((name) => ({ kind: 'TABLE', name }) as const), ...own]
}

const programKinds: Readonly<Partial<Record<string, DdlObject['kind']>>> = {
  procedure: 'PROCEDURE',
  function: 'FUNCTION',
  trigger: 'TRIGGER',
  event: 'EVENT',
}

/** Tables that the statement makes, and that could not be found afterwards. */
function unnamedIn(
  { verb, object, names }: Ddl,
  tables: readonly string[],
  { vschema, defaultKeyspace }: PlanContext,
): RunDdl['unnamed'] {
  if (verb !== 'create' || object !== 'table') return []
  const keyspace = names[0]!.qualifier ?? defaultKeyspace!
  return tables.flatMap((table) => (isNamedNowhere(vschema, keyspace, table) ? [{ keyspace, table }] : []))
}

function refusedOnShards(statement: Ddl, words: string, context: PlanContext): string | undefined {
  const { object, verb } = statement
  if (serverObjects.has(object)) return `${words} on the shards of a sharded keyspace`
  if (programs.has(object) && (verb === 'create' || object === 'event')) {
    const obstacle = verb === 'drop' ? undefined : programObstacle(statement, context)
    return obstacle && `${words} in a sharded keyspace (${obstacle}; USE \`keyspace:shard\` makes it on one)`
  }
  if (programs.has(object) && verb !== 'drop' && object !== 'function' && object !== 'procedure')
    return `${words} in a sharded keyspace`
  return undefined
}

/** The keyspace of all tables that the statement names, in its queries too: no shard knows of another one's. */
function keyspaceOfDdl(statement: Ddl, context: PlanContext): string | Refusal {
  const { objectName, query, verb } = statement
  const keyspaces = new Set([...tablesOfDdl(statement, context).values()].map(({ keyspace }) => keyspace))
  const ofTrigger = keyspaceOfDropped(statement, context)
  if (ofTrigger !== undefined) keyspaces.add(ofTrigger)
  else if (objectName?.qualifier !== undefined)
    keyspaces.add(keyspaceOfObject(statement, objectName, context))
  for (const keyspace of query === undefined ? [] : keyspacesOfQuery(query, context)) keyspaces.add(keyspace)
  const [keyspace = context.defaultKeyspace] = keyspaces
  if (keyspace === undefined) throw noDatabaseSelected()
  if (keyspaces.size > 1) return refused(`${verb.toUpperCase()} of tables of several keyspaces`)
  if (isSystemSchema(keyspace)) return refused(`DDL on schema '${keyspace}'`)
  if (!context.vschema.keyspaces.has(keyspace)) throw unknownDatabase(keyspace)
  return keyspace
}

/** DROP TRIGGER names no table: a trigger of one that no VSchema names is where such tables are. */
function keyspaceOfDropped({ verb, object, objectName }: Ddl, context: PlanContext): string | undefined {
  if (verb !== 'drop' || object !== 'trigger' || objectName === undefined) return undefined
  const written = keyspaceOf(objectName, context)
  const keyspace = keyspaceOfTrigger(context.vschema, written, objectName.name)
  return keyspace === written ? undefined : keyspace
}

/** Of an index or a trigger, whose name has a database: that of its table, if it is called by the same. */
function keyspaceOfObject({ names }: Ddl, object: TableName, context: PlanContext): string {
  const written = keyspaceOf(object, context)!
  const [table] = names
  return table !== undefined && keyspaceOf(table, context) === written
    ? existingTable(table, context).keyspace
    : written
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
