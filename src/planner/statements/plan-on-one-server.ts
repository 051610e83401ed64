import { noDatabaseSelected, SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'
import { READ_LOCK } from '../../plan/reserves.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Call, ExplainConnection, Flush, Load, Other, Statement } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import { variablesNamed } from '../../values/stored-programs.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { namedTables } from '../binding/named-tables.ts'
import { anyShard, oneShard } from '../one-shard.ts'
import type { PlanContext } from '../plan-context.ts'
import { unsupportedPlan, writePlan } from '../plans.ts'
import { procedureObstacle } from './procedure-on-shard.ts'

type OnOneServer = Call | ExplainConnection | Flush | Load | Other

/** What only a single MySQL server can do: its keyspace must be unsharded. */
export function planOnOneServer(statement: OnOneServer, context: PlanContext): Plan {
  if (statement.kind === 'Other' && anywhere.has(statement.verb))
    return { ...serverPlan(statement, anyShard(context), context), isTableless: true }
  const named =
    statement.kind === 'Call'
      ? [keyspaceOf(statement.name, context)]
      : [...namedTables(statement, context).values()].map(({ keyspace }) => keyspace)
  const keyspaces = new Set(named.length === 0 ? [context.defaultKeyspace] : named)
  const [keyspace] = keyspaces
  const isOneServer =
    keyspaces.size === 1 &&
    keyspace !== undefined &&
    context.vschema.keyspaces.get(keyspace)?.sharded === false
  if (!isOneServer && statement.kind === 'Call') return callOnShard(statement, keyspace, context)
  return isOneServer
    ? serverPlan(statement, { kind: 'Unsharded', keyspace }, context)
    : unsupportedPlan(
        `${wordsOf(statement)} outside an unsharded keyspace (name a shard: USE \`keyspace:shard\`)`,
      )
}

/** A procedure that all shards have, and any of them can run alone. */
function callOnShard(call: Call, keyspace: string | undefined, context: PlanContext): Plan {
  if (keyspace === undefined) throw noDatabaseSelected()
  if (isSystemSchema(keyspace)) return refusedCall(`CALL of a procedure of schema '${keyspace}'`)
  const { name } = call.name
  const body = context.vschema.keyspaces.get(keyspace)?.programs?.procedures.get(name.toLowerCase())
  if (body === undefined)
    throw new SqlError('ER_SP_DOES_NOT_EXIST', `PROCEDURE ${keyspace}.${name} does not exist`)
  const obstacle = someNode(call, ({ kind }) => kind === 'Subquery')
    ? 'an argument is a query'
    : procedureObstacle(body, keyspace, context)
  if (obstacle !== undefined)
    return refusedCall(`CALL of procedure '${name}' in sharded keyspace ${keyspace} (${obstacle})`)
  return serverPlan(call, oneShard(keyspace, context), context)
}

function refusedCall(what: string): Plan {
  return unsupportedPlan(`${what} (name a shard: USE \`keyspace:shard\`)`)
}

function wordsOf(statement: OnOneServer): string {
  switch (statement.kind) {
    case 'Call':
      return 'CALL'
    case 'Load':
      return `LOAD ${statement.format}`
    case 'Flush':
      return 'FLUSH'
    case 'ExplainConnection':
      return 'EXPLAIN FOR CONNECTION'
    case 'Other':
      return statement.verb
  }
}

/** Of the same tables everywhere, or of none. */
const anywhere: ReadonlySet<string> = new Set(['HELP', 'SIGNAL', 'RESIGNAL'])

/** Statements that hold something on their connection until another one lets go of it. */
const holding: ReadonlySet<string> = new Set(['HANDLER', 'XA'])

/** A statement on one server, which keeps the connection with it where it must be on the same again. */
export function serverPlan(statement: Statement, routing: Routing, context: PlanContext): Plan {
  const write = withVariablesOfText(statement, writePlan(statement, { verb: 'other', routing }, context))
  const plan = commitsFirst(statement) ? { ...write, commitsFirst: true as const } : write
  const held = heldBy(statement)
  if (statement.kind === 'Call') return { ...plan, runsProgram: true }
  if (statement.kind === 'Other' && programs.has(statement.verb))
    return { ...plan, runsProgram: true, ...(running.has(statement.verb) && { runsText: true }) }
  return held === undefined ? plan : { ...plan, reserves: held }
}

/** The parser leaves its text as it is: `SIGNAL … SET MESSAGE_TEXT = @text`. */
function withVariablesOfText(statement: Statement, plan: Plan): Plan {
  if (statement.kind !== 'Other') return plan
  const named = statement.pieces.flatMap((piece) => (typeof piece === 'string' ? variablesNamed(piece) : []))
  return { ...plan, userVariables: [...new Set([...plan.userVariables, ...named])] }
}

const committing: ReadonlySet<string> = new Set(['CACHE', 'GRANT', 'INSTALL', 'RESET', 'REVOKE', 'UNINSTALL'])

function commitsFirst(statement: Statement): boolean {
  switch (statement.kind) {
    case 'Flush':
      return true
    case 'Other':
      return committing.has(statement.verb)
    default:
      return false
  }
}

/** Of FLUSH TABLES. */
const LOCKS = /\bWITH\s+READ\s+LOCK\b|\bFOR\s+EXPORT\b/i

/** MariaDB's EXECUTE IMMEDIATE and BEGIN NOT ATOMIC. */
const running: ReadonlySet<string> = new Set(['EXECUTE', 'BEGIN'])
/** Those, MariaDB's compound statements, and what an administrator may have a connection do as a replica would. */
const programs: ReadonlySet<string> = new Set([
  ...running,
  ...['IF', 'CASE', 'LOOP', 'WHILE', 'REPEAT', 'FOR', 'BINLOG'],
])
/** They are of the connection, and COM_RESET_CONNECTION leaves them as they are. */
const OF_CONNECTION = /^\s*SET\s+(ROLE|RESOURCE)\b/i

function heldBy(statement: Statement): string | undefined {
  switch (statement.kind) {
    case 'Flush':
      return statement.pieces.some((piece) => typeof piece === 'string' && LOCKS.test(piece))
        ? READ_LOCK
        : undefined
    case 'Other':
      if (statement.pieces.some((piece) => typeof piece === 'string' && OF_CONNECTION.test(piece)))
        return 'SET ROLE'
      return holding.has(statement.verb) ? statement.verb : undefined
    default:
      return undefined
  }
}
