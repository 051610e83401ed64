import type { Plan } from '../../plan/plan.ts'
import type { CreateSelected, DefinedTable } from '../../plan/primitives.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Ddl, LimitClause, Query, TableName } from '../../sql/ast.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { isNamedNowhere } from '../../vschema/unnamed-tables.ts'
import { keyspacesOfQuery, newTable } from '../binding/named-tables.ts'
import { Unplanned } from '../binding/unplanned.ts'
import { planFederation } from '../federate/plan-federation.ts'
import { makeInteger } from '../make-node.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState, unsupportedPlan } from '../plans.ts'
import { ShardText } from '../shard-text.ts'
import { wordsOf } from './ddl-words.ts'
import { ddlPlan } from './plan-ddl.ts'
import { namesTemporary } from './plan-temporary.ts'

/**
 * CREATE TABLE … SELECT where one server does not have all of it: the table is made without rows, with the columns that a server
 * gives it for the same statement with LIMIT 0, and is filled as by INSERT … SELECT. Undefined for all other DDL, and where the
 * one server of an unsharded keyspace runs it whole.
 */
export function planCreateSelected(statement: Ddl, context: PlanContext): Plan | undefined {
  const { verb, object, query, references } = statement
  const name = statement.names[0]
  if (verb !== 'create' || object !== 'table' || query === undefined || name === undefined) return undefined
  const { keyspace, name: table } = newTable(name, context)
  const { vschema } = context
  const isSharded = vschema.keyspaces.get(keyspace)?.sharded
  if (isSharded === undefined) return undefined
  const isThere = keyspacesOfQuery(query, context).every((each) => each === keyspace)
  const isOnServers = isThere && !namesTemporary(query, context)
  if (!isSharded && isOnServers) return undefined
  if (isNamedNowhere(vschema, keyspace, table))
    return unsupportedPlan(
      'CREATE TABLE … SELECT of a table that is in no VSchema (say where its rows are, ALTER VSCHEMA ON … ADD VINDEX, or set default_unsharded_keyspace)',
    )
  const routing: Routing = { kind: isSharded ? 'Scatter' : 'Unsharded', keyspace }
  try {
    const defined = isOnServers ? undefined : definedBy(statement, query, context)
    if (defined !== undefined && references.length > 0)
      return unsupportedPlan('CREATE TABLE … SELECT with foreign keys, of tables of several keyspaces')
    const { root } = ddlPlan(withQuery(statement, limited(query)), routing, { ...context, isChanged: true })
    if (root.kind !== 'Ddl') return undefined
    return {
      root: {
        kind: 'CreateSelected',
        ddl: { ...root, isRepeatable: false, undoneBy: `DROP TABLE IF EXISTS ${quoteName(table)}` },
        table,
        verb: onDuplicate(statement, name, context),
        query: new ShardText(context).ofTree(query),
        ...(defined && { defined }),
      },
      userVariables: connectionState(statement).userVariables,
      locks: true,
    }
  } catch (error) {
    if (error instanceof Unplanned) return unsupportedPlan(error.construct)
    throw error
  }
}

/** A temporary table like it, over copies of the tables that stay empty. */
function definedBy(statement: Ddl, query: Query, context: PlanContext): DefinedTable {
  const { names, orReplace, ifNotExists, pieces } = statement
  const [written] = names as readonly [TableName]
  const { qualifier: _, ...name } = written
  const create = (over: Query): Ddl => ({
    ...statement,
    names: [name],
    query: limited(over),
    pieces: [
      'CREATE TEMPORARY TABLE ',
      name,
      ...pieces.slice(pieces.indexOf(written) + 1).map((piece) => (piece === query ? limited(over) : piece)),
    ],
  })
  return {
    copies: planFederation(query, context, { statementOf: create }),
    head: `CREATE ${orReplace ? 'OR REPLACE ' : ''}TABLE ${ifNotExists ? 'IF NOT EXISTS ' : ''}`,
  }
}

function withQuery(statement: Ddl, query: Query): Ddl {
  return {
    ...statement,
    query,
    pieces: statement.pieces.map((piece) => (piece === statement.query ? query : piece)),
  }
}

/** The columns are what they are without it; nothing is read. */
function limited(query: Query): Query {
  const { limit: _, ...all } = query
  const none: LimitClause = { kind: 'Limit', count: makeInteger(0), span: query.span }
  return { ...all, limit: none }
}

/** What becomes of rows with a key that another has: `[IGNORE | REPLACE] [AS] query`. */
function onDuplicate(statement: Ddl, name: TableName, context: PlanContext): CreateSelected['verb'] {
  const at = statement.pieces.indexOf(statement.query!)
  const { words } = wordsOf({ ...statement, pieces: [name, ...statement.pieces.slice(0, at)] }, context)
  const last = words.filter((word) => word !== 'AS' && word !== '').at(-1)
  if (last === 'REPLACE') return 'REPLACE'
  return last === 'IGNORE' ? 'INSERT IGNORE' : 'INSERT'
}
