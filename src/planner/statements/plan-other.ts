import type { Routing } from '../../plan/routing.ts'
import type {
  DescribeTable,
  Do,
  Explain,
  Show,
  Statement,
  TableAdmin,
  TableName,
  UnlockTables,
} from '../../sql/ast.ts'
import type { PlanContext } from '../plan-context.ts'
import type { PlanDraft, WriteDraft } from '../plan-draft.ts'
import { Analysis, findTable, isSystemSchema, keyspaceOf } from '../semantics/analysis.ts'
import { analyzeExpr } from '../semantics/analyze-query.ts'
import { emptyScope } from '../semantics/scope.ts'
import { ShardText } from '../sql-text.ts'
import { unplanned } from '../unplanned.ts'
import { anyShard, oneShard, placementOf } from './placement.ts'
import { reservedState, rootPlace } from './plan-query.ts'

/** SHOW … of one table, DESCRIBE: any shard knows. Other SHOW statements are the session's. */
export function planShow(statement: Show, context: PlanContext): PlanDraft {
  const { table, database, what } = statement
  if (table === undefined || what.startsWith('VSCHEMA') || what.startsWith('VITESS'))
    return { kind: 'Session' }
  const name: TableName = database === undefined ? table : { ...table, qualifier: database }
  if (database !== undefined && !isSystemSchema(database) && context.databaseName(database) !== database) {
    return { kind: 'Session' }
  }
  return readPlan(statement, tableShard(name, context), context)
}

export function planDescribe(statement: DescribeTable, context: PlanContext): PlanDraft {
  return readPlan(statement, tableShard(statement.table, context), context)
}

/** EXPLAIN shows what one shard makes of the statement; with FORMAT=VITESS it asks for the plan here. */
export function planExplain(statement: Explain, inner: PlanDraft, context: PlanContext): PlanDraft {
  if (statement.format === 'VITESS') return { kind: 'Session' }
  if (statement.analyze && inner.kind !== 'Query') return unplanned('EXPLAIN ANALYZE of a write')
  const keyspace = keyspaceOfPlan(inner)
  return readPlan(
    statement,
    keyspace === undefined ? anyShard(context) : oneShard(keyspace, context),
    context,
  )
}

function keyspaceOfPlan(plan: PlanDraft): string | undefined {
  switch (plan.kind) {
    case 'Query':
      return plan.shortcut?.routing.keyspace
    case 'Write':
      return plan.routing.keyspace
    case 'Insert':
    case 'Ddl':
      return plan.keyspace
    case 'Session':
      return undefined
    case 'Unsupported':
      return unplanned(`EXPLAIN of ${plan.construct}`)
  }
}

/** ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE: every shard does it, and their reports follow each other. */
export function planTableAdmin(statement: TableAdmin, context: PlanContext): PlanDraft {
  const keyspaces = new Set(statement.tables.map((name) => findTable(name, context).keyspace))
  const [keyspace] = keyspaces
  if (keyspaces.size !== 1) return unplanned(`${statement.verb} TABLE of several keyspaces`)
  const routing = oneShard(keyspace, context)
  if (routing.kind === 'Unsharded') return readPlan(statement, routing, context)
  if (statement.verb === 'CHECKSUM') return unplanned('CHECKSUM TABLE over several shards')
  return readPlan(statement, { kind: 'Scatter', keyspace }, context)
}

export function planDo(statement: Do, context: PlanContext): PlanDraft {
  const analysis = new Analysis(context)
  const placement = placementOf(analyzeExpr(statement.items, emptyScope, rootPlace(analysis)), analysis)
  if (placement.kind === 'sharded') return unplanned('DO with a subquery on a sharded keyspace')
  return writePlan(statement, placement.routing, context)
}

/** The session knows its locks, wherever its target has gone since. On one server its own answer is relayed. */
export function planUnlock(statement: UnlockTables, context: PlanContext): PlanDraft {
  const { defaultKeyspace } = context
  const isOneServer =
    defaultKeyspace !== undefined && context.vschema.keyspaces.get(defaultKeyspace)?.sharded === false
  return isOneServer
    ? writePlan(statement, { kind: 'Unsharded', keyspace: defaultKeyspace }, context)
    : { kind: 'Session' }
}

/** What only a single MySQL server can do: its keyspace must be unsharded. */
export function planOnOneServer(
  statement: Statement,
  options: { readonly words: string; readonly tables: readonly TableName[] },
  context: PlanContext,
): PlanDraft {
  const named = options.tables.map((name) => keyspaceOf(name, context))
  const keyspaces = new Set(named.length === 0 ? [context.defaultKeyspace] : named)
  const [keyspace] = keyspaces
  const isOneServer =
    keyspaces.size === 1 &&
    keyspace !== undefined &&
    context.vschema.keyspaces.get(keyspace)?.sharded === false
  if (!isOneServer)
    return unplanned(`${options.words} outside an unsharded keyspace (name a shard: USE \`keyspace:shard\`)`)
  return writePlan(statement, { kind: 'Unsharded', keyspace }, context)
}

/** Statements that hold something on their connection until another one lets go of it. */
const holding: ReadonlySet<string> = new Set(['HANDLER', 'XA'])

export function writePlan(statement: Statement, routing: Routing, context: PlanContext): WriteDraft {
  const query = new ShardText(context).ofStatement(statement)
  const isHolding =
    statement.kind === 'LockTables' ||
    statement.kind === 'UnlockTables' ||
    (statement.kind === 'Other' && holding.has(statement.verb))
  const reserved = reservedState(statement)
  return {
    kind: 'Write',
    verb: 'other',
    routing,
    query,
    ...reserved,
    ...(isHolding ? { reserves: true } : {}),
  }
}

export function readPlan(statement: Statement, routing: Routing, context: PlanContext): PlanDraft {
  const shortcut = { routing, query: new ShardText(context).ofStatement(statement) }
  return {
    kind: 'Query',
    shortcut,
    root: { kind: 'Route', ...shortcut, orderBy: [] },
    locks: false,
    ...reservedState(statement),
  }
}

function tableShard(name: TableName, context: PlanContext): Routing {
  if (isSystemSchema(keyspaceOf(name, context))) return anyShard(context)
  const table = findTable(name, context)
  const { keyspace, keyspaceId } = { ...table, keyspaceId: table.pinned }
  return keyspaceId === undefined ? oneShard(keyspace, context) : { kind: 'Pinned', keyspace, keyspaceId }
}
