import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { type Asker, accessDenied, maySee, type Servers } from '../../policy/permit.ts'
import type { Ddl } from '../../sql/ast.ts'
import { isRecordName } from '../../topology/paths.ts'
import { quoteName, textLiteral } from '../../values/sql-literal.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Replies } from '../commands/replies.ts'
import type { DatabaseEditor, ProxyContext } from '../proxy-context.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { Execution } from './execution.ts'
import type { ShardAccess } from './shard-access.ts'
import type { TransactionStatementContext } from './transaction-statements.ts'

export interface DatabaseContext {
  readonly client: Asker
  readonly proxy: Servers & Pick<ProxyContext, 'databases' | 'gateway'>
  readonly state: SessionState
  readonly shards: ShardAccess
  readonly interruption: Interruption
  readonly transaction: TransactionStatementContext['transaction']
  readonly replies: Replies
}

/**
 * CREATE and DROP DATABASE: keyspaces beside another one, where the configuration names one and the user is an administrator.
 * Throws MySQL's 1007, 1008 and 1044 otherwise.
 */
export async function runDatabaseStatement(
  context: DatabaseContext,
  statement: Ddl,
  { sql }: Execution,
): Promise<void> {
  const { proxy, client, transaction, interruption } = context
  const { name } = statement.objectName!
  const isKnown = proxy.gateway.keyspaces.has(name) && maySee(client.identity.access, name)
  const isCreate = statement.verb === 'create'
  const isOfSystem = isSystemSchema(name)
  if (isCreate === isKnown && !isOfSystem) {
    const problem = isCreate
      ? exists(name)
      : new SqlError('ER_DB_DROP_EXISTS', `Can't drop database '${name}'; database doesn't exist`)
    if (!(isCreate ? statement.ifNotExists : statement.ifExists)) {
      // Of what is not there, nobody is told that they might have dropped it.
      if (!isCreate && client.identity.access.role !== 'admin') throw denied(context, name)
      throw problem
    }
    if (transaction.isOpen) await transaction.commit()
    return answerNoted(context, isCreate, problem)
  }
  const { databases } = proxy
  if (databases === undefined || isOfSystem || client.identity.access.role !== 'admin')
    throw denied(context, name)
  if (transaction.isOpen) await transaction.commit()
  interruption.throwIfKilled()
  if (isCreate) await create(context, databases, { name, sql })
  else await drop(context, databases, { name, sql })
}

interface Named {
  readonly name: string
  readonly sql: string
}

/** The database first: the server has the last word on its name and options. */
async function create(
  { shards, replies }: DatabaseContext,
  databases: DatabaseEditor,
  { name, sql }: Named,
): Promise<void> {
  if (!isRecordName(name)) throw new SqlError('ER_WRONG_DB_NAME', `Incorrect database name '${name}'`)
  const server = shards.target(databases.beside, 0, 'PRIMARY')
  const quoted = textLiteral(Buffer.from(name), 'utf8mb4')
  const there = await shards.askOn(
    server,
    `SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoted}`,
  )
  // One that is no keyspace is a shard's, or nobody's whom clients know.
  if (there.rows.length > 0) throw exists(name)
  const { summary } = await shards.askOn(server, sql).catch((error) => {
    throw isDenied(error) ? backendDenied(name, databases) : error
  })
  try {
    await databases.create(name)
  } catch (error) {
    await shards.askOn(server, `DROP DATABASE ${quoteName(name)}`)
    throw error
  }
  await databases.untilServed(name, true)
  replies.ok({ affectedRows: summary.affectedRows, warnings: summary.warnings })
}

/** The keyspace first: nobody is led to a database that is gone. */
async function drop(
  { shards, state, replies }: DatabaseContext,
  databases: DatabaseEditor,
  { name, sql }: Named,
): Promise<void> {
  const obstacle = databases.obstacle(name)
  if (obstacle !== undefined) {
    const text = `Keyspace '${name}' is not dropped by DROP DATABASE: ${obstacle} (shardgate ctl keyspace delete)`
    throw new SqlError('ER_DBACCESS_DENIED_ERROR', text)
  }
  await databases.drop(name)
  await databases.untilServed(name, false)
  const { summary } = await shards.askOn(shards.target(databases.beside, 0, 'PRIMARY'), sql)
  if (state.target.keyspace === name) {
    const { shard: _, ...target } = state.target
    state.target = { ...target, keyspace: '' }
    state.tracker.schema('')
  }
  replies.ok({ affectedRows: summary.affectedRows, warnings: summary.warnings })
}

/** IF EXISTS and IF NOT EXISTS: MySQL counts a database that is there as one row. */
function answerNoted({ proxy, state, replies }: DatabaseContext, isCreate: boolean, problem: SqlError): void {
  const note: Condition = { level: 'Note', code: problem.errno, message: problem.message }
  state.keepWarnings([note], 1)
  replies.ok({ affectedRows: isCreate && !proxy.isMariadb ? 1 : 0, warnings: 1 })
}

function exists(name: string): SqlError {
  return new SqlError('ER_DB_CREATE_EXISTS', `Can't create database '${name}'; database exists`)
}

function isDenied(error: unknown): boolean {
  return error instanceof ServerError && error.errno === ER_DBACCESS_DENIED
}

const ER_DBACCESS_DENIED = 1044

function backendDenied(name: string, { beside }: DatabaseEditor): SqlError {
  return new SqlError(
    'ER_DBACCESS_DENIED_ERROR',
    `The proxy's account may not make database '${name}' on the servers of '${beside}': GRANT ALL PRIVILEGES ON the databases that it is to make`,
  )
}

function denied({ client, proxy }: DatabaseContext, name: string): SqlError {
  const { code, message } = accessDenied({ kind: 'Database', database: name }, client, proxy)
  const isAdmin = client.identity.access.role === 'admin'
  const way = isAdmin
    ? 'databases are keyspaces here, which shardgate ctl makes and deletes; CREATE and DROP DATABASE do where create_database_beside is set'
    : 'it takes a user of role admin'
  return new SqlError(code, isSystemSchema(name) ? message : `${message}: ${way}`)
}
