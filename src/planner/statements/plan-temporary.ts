import { noDatabaseSelected, SqlError, unknownDatabase } from '../../errors/sql-error.ts'
import { compareKeyspaceIds, isLowest, type KeyspaceId, keyspaceId } from '../../key/keyspace-id.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Ddl, Query, Statement, TableName } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { someNode, visit } from '../../sql/visit.ts'
import type { Table } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { existingTable } from '../binding/named-tables.ts'
import { Unplanned } from '../binding/unplanned.ts'
import { cteReferences } from '../cte-references.ts'
import { planFederation } from '../federate/plan-federation.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'
import { connectionState, unsupportedPlan, writePlan } from '../plans.ts'

/** The temporary table of the session that a name means, if it means one. */
export function temporaryTable(name: TableName, context: PlanContext): Table | undefined {
  const keyspace = keyspaceOf(name, context)
  if (keyspace === undefined || isSystemSchema(keyspace)) return undefined
  const found = context.vschema.findTable(keyspace, name.name, context.tabletType)
  return found.kind === 'found' && found.table.isTemporary === true ? found.table : undefined
}

/**
 * DDL that makes temporary tables, or is about some; undefined for all other. They lie on one shard of their keyspace, so that
 * all of a session's can be named by one statement.
 */
export function planTemporary(statement: Ddl, context: PlanContext): Plan | undefined {
  const { object, verb, temporary } = statement
  if (object === 'view' && namesTemporary(statement.query, context))
    throw new SqlError('ER_VIEW_SELECT_TMPTABLE', temporaryInView(statement, context))
  if (object !== 'table' && object !== 'index') return undefined
  if (verb === 'create' && object === 'table')
    return temporary ? planCreate(statement, context) : refusedSource(statement, context)
  const tables = namedBefore(statement).map((name) => temporaryTable(name, context))
  const known = tables.filter((table) => table !== undefined)
  // MySQL's RENAME TABLE does not see temporary tables.
  const isBlind = verb === 'rename' && !isOfMariaDb(context)
  if (isBlind || (known.length === 0 && !temporary)) return undefined
  if (verb === 'drop' && known.length < tables.length && !temporary)
    return unsupportedPlan(
      'DROP TABLE of temporary tables and others at once (DROP TEMPORARY TABLE, then the others)',
    )
  const routing =
    known.length > 0 ? placeOf(known) : homeOf(keyspaceOfNew(statement.names[0]!, context), context)
  if (routing === undefined)
    return unsupportedPlan(`${verb.toUpperCase()} of temporary tables of several shards`)
  return onHome(statement, routing, context)
}

/** Where the names that are there before the statement stand in it. */
function namedBefore({ verb, names }: Ddl): readonly TableName[] {
  if (verb === 'rename') return names.filter((_, i) => i % 2 === 0)
  return verb === 'drop' ? names : names.slice(0, 1)
}

function planCreate(statement: Ddl, context: PlanContext): Plan {
  const { query, like } = statement
  const [name] = statement.names
  const keyspace = keyspaceOfNew(name!, context)
  const known = temporaryTable(name!, context)
  const routing = (known && placeOf([known])) ?? homeOf(keyspace, context)
  if (like !== undefined && existingTable(like, context).keyspace !== keyspace)
    return unsupportedPlan('CREATE TEMPORARY TABLE … LIKE a table of another keyspace')
  if (query === undefined || tablesOf(query).every((table) => isAt(table, routing, context)))
    return onHome(statement, routing, context)
  return overCopies(statement, query, routing, context)
}

/** Rows of other shards are copied to where the table is made. */
function overCopies(statement: Ddl, query: Query, routing: Routing, context: PlanContext): Plan {
  const [{ qualifier: _, ...name }] = statement.names as readonly [TableName]
  const create = (over: Query): Ddl => ({
    ...statement,
    names: [name],
    query: over,
    pieces: statement.pieces.map((piece) =>
      piece === query ? over : piece === statement.names[0] ? name : piece,
    ),
  })
  try {
    const copies = planFederation(query, context, { statementOf: create })
    const { keyspace } = routing
    return {
      root: { kind: 'WriteOverCopies', keyspace, routing, copies },
      locks: true,
      temporary: [{ keyspace, table: name.name }],
      ...connectionState(query),
    }
  } catch (error) {
    if (error instanceof Unplanned) return unsupportedPlan(error.construct)
    throw error
  }
}

function onHome(statement: Ddl, routing: Routing, context: PlanContext): Plan {
  const { keyspace } = routing
  const elsewhere = statement.names.find((name) => keyspaceOf(name, context) !== keyspace)
  if (elsewhere !== undefined)
    return unsupportedPlan(`${statement.verb.toUpperCase()} of temporary tables of several keyspaces`)
  const plan = writePlan(statement, { verb: 'other', routing }, context)
  // CREATE and DROP with the word TEMPORARY alone are no end of a transaction.
  const commitsFirst = !statement.temporary && { commitsFirst: true as const }
  const temporary = statement.names.map(({ name }) => ({ keyspace, table: name }))
  return { ...plan, ...commitsFirst, temporary }
}

/** An ordinary table is made on all shards, of which one has the temporary table. */
function refusedSource({ like }: Ddl, context: PlanContext): Plan | undefined {
  const isOnOneOfShards = like !== undefined && temporaryTable(like, context)?.sharded === true
  return isOnOneOfShards
    ? unsupportedPlan('CREATE TABLE … LIKE a temporary table in a sharded keyspace')
    : undefined
}

/** Where the name says, also of a name that no VSchema has: the session alone looks for it. */
function keyspaceOfNew(name: TableName, context: PlanContext): string {
  const keyspace = keyspaceOf(name, context)
  if (keyspace === undefined) throw noDatabaseSelected()
  if (isSystemSchema(keyspace) || !context.vschema.keyspaces.has(keyspace)) throw unknownDatabase(keyspace)
  return keyspace
}

const FIRST: KeyspaceId = keyspaceId(new Uint8Array(1))

/** The first shard of a keyspace, or the one that the session's target names. */
function homeOf(keyspace: string, { vschema, shard, defaultKeyspace }: PlanContext): Routing {
  if (vschema.keyspaces.get(keyspace)?.sharded !== true) return { kind: 'Unsharded', keyspace }
  if (shard !== undefined && keyspace === defaultKeyspace) return { kind: 'Shard', keyspace, shard }
  return { kind: 'Pinned', keyspace, keyspaceId: FIRST }
}

/** Where they all are; undefined for none, or for several places. */
export function placeOf(tables: readonly Table[]): Routing | undefined {
  const places = new Map(
    tables.map(({ keyspace, pinned }) => [`${keyspace} ${pinned}`, { keyspace, pinned }]),
  )
  const [place] = places.values()
  if (place === undefined || places.size > 1) return undefined
  const { keyspace, pinned } = place
  return pinned === undefined
    ? { kind: 'Unsharded', keyspace }
    : { kind: 'Pinned', keyspace, keyspaceId: pinned }
}

/** Whether the shard at the routing has all of the table. */
function isAt(name: TableName, routing: Routing, context: PlanContext): boolean {
  const keyspace = keyspaceOf(name, context)
  if (routing.kind === 'Shard' || isSystemSchema(keyspace)) return routing.kind === 'Shard'
  if (keyspace !== routing.keyspace) return false
  if (routing.kind === 'Unsharded') return true
  const found = context.vschema.findTable(keyspace, name.name, context.tabletType)
  // What no VSchema has, the server there has something to say about.
  if (found.kind !== 'found') return true
  const { pinned, type } = found.table
  if (pinned === undefined) return type === 'reference'
  return routing.kind === 'Pinned' && compareKeyspaceIds(pinned, routing.keyspaceId) === 0
}

/** Whether it reads temporary tables of the session. */
export function namesTemporary(query: Query | undefined, context: PlanContext): boolean {
  return query !== undefined && tablesOf(query).some((name) => temporaryTable(name, context) !== undefined)
}

function temporaryInView({ query }: Ddl, context: PlanContext): string {
  const name = tablesOf(query!).find((each) => temporaryTable(each, context) !== undefined)!
  return `View's SELECT refers to a temporary table '${name.name}'`
}

/** Whether it names some that are not on the first shard of their keyspace. */
export function namesFarTemporary(statement: Statement, context: PlanContext): boolean {
  return tablesOf(statement).some((name) => {
    const pinned = temporaryTable(name, context)?.pinned
    return pinned !== undefined && !isLowest(pinned)
  })
}

/**
 * The place of all tables of a statement, where some are temporary and none is elsewhere: it gets the statement whole, whatever
 * that is made of. Reference tables are there, to be read.
 */
export function temporaryPlace(statement: Statement, context: PlanContext): Routing | undefined {
  const isWrite = statement.kind === 'Update' || statement.kind === 'Delete'
  const ctes = cteReferences(statement)
  const temporary: Table[] = []
  const others: TableName[] = []
  visit(statement, (node) => {
    if (node.kind !== 'Table' || ctes.has(node.name)) return undefined
    const table = temporaryTable(node.name, context)
    if (table === undefined) others.push(node.name)
    else temporary.push(table)
    return undefined
  })
  const place = placeOf(temporary)
  if (place === undefined || (isWrite && others.length > 0)) return undefined
  if (someNode(statement, ({ kind }) => kind === 'NextValues')) return undefined
  return others.every((name) => isAt(name, place, context)) ? place : undefined
}
