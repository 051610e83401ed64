import { noDatabaseSelected, unknownDatabase } from '../../errors/sql-error.ts'
import type { Ddl, TableName } from '../../sql/ast.ts'
import type { PlanContext } from '../plan-context.ts'
import type { PlanDraft } from '../plan-draft.ts'
import { isSystemSchema, keyspaceOf } from '../semantics/analysis.ts'
import { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'

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
export function planDdl(statement: Ddl, context: PlanContext): PlanDraft {
  const { verb, object } = statement
  const words = `${verb} ${object}`.toUpperCase()
  if (object === 'database' || object === 'schema') {
    return unplanned(`${words}: a keyspace is made and dropped with 'shardgate ctl'`)
  }
  const keyspace = keyspaceOfDdl(statement, context)
  const isSharded = context.vschema.keyspaces.get(keyspace)?.sharded === true
  const query = new ShardText(context).ofStatement(statement)
  if (statement.temporary && isSharded)
    return unplanned(`${verb.toUpperCase()} TEMPORARY TABLE in a sharded keyspace`)
  if (statement.temporary) {
    return {
      kind: 'Write',
      verb: 'other',
      routing: { kind: 'Unsharded', keyspace },
      query,
      userVariables: [],
      reserves: true,
    }
  }
  if (isSharded) refuseOnShards(statement, words)
  return {
    kind: 'Ddl',
    keyspace,
    routing: { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace },
    query,
    implicitCommit: true,
    tables: statement.names.map(({ name }) => name),
  }
}

function refuseOnShards(statement: Ddl, words: string): void {
  if (serverObjects.has(statement.object)) unplanned(`${words} on the shards of a sharded keyspace`)
  if (programs.has(statement.object) && statement.verb !== 'drop') unplanned(`${words} in a sharded keyspace`)
  if (statement.query === undefined) return
  unplanned(
    statement.object === 'view'
      ? 'CREATE VIEW in a sharded keyspace'
      : 'CREATE TABLE … SELECT in a sharded keyspace',
  )
}

function keyspaceOfDdl(statement: Ddl, context: PlanContext): string {
  const { names, objectName, like } = statement
  const all = [
    ...names,
    ...(like === undefined ? [] : [like]),
    ...(objectName?.qualifier === undefined ? [] : [objectName]),
  ]
  const keyspaces = new Set(all.map((name) => keyspaceOfName(name, statement, context)))
  const [keyspace = context.defaultKeyspace] = keyspaces
  if (keyspace === undefined) throw noDatabaseSelected()
  if (keyspaces.size > 1) return unplanned(`${statement.verb.toUpperCase()} of tables of several keyspaces`)
  if (isSystemSchema(keyspace)) return unplanned(`DDL on schema '${keyspace}'`)
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
