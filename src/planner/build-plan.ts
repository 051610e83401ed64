import { unreachable } from '../base/assert.ts'
import type { Plan } from '../plan/plan.ts'
import { printPlan } from '../plan/print-plan.ts'
import type { Routing } from '../plan/routing.ts'
import { computedIn, computedInRows, routingsIn } from '../plan/routings-in.ts'
import type { Delete, Explain, Query, Statement, Update } from '../sql/ast.ts'
import { someNode } from '../sql/visit.ts'
import { readsVariables } from './binding/computed.ts'
import { setsLastInsertId } from './binding/traits.ts'
import { Unplanned } from './binding/unplanned.ts'
import { withOwnCteNames } from './cte-renaming.ts'
import { hasMutualCtes, withEarlierCtes } from './earlier-ctes.ts'
import { wholeInsert } from './finish/whole-insert.ts'
import { withFollowed } from './followed-columns.ts'
import { foundRowsOf } from './found-rows.ts'
import { withMissingTable } from './missing-table.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'
import { asksCopies, planQuery } from './plan-query.ts'
import { planInsert, planWrite } from './plan-write.ts'
import { readPlan, sessionPlan, settingInsertId, unsupportedPlan, writePlan } from './plans.ts'
import { Trace } from './rules/trace.ts'
import { asksCatalogue } from './statements/catalogue.ts'
import { ddlPlan, planDdl } from './statements/plan-ddl.ts'
import { loadInto, planLoad } from './statements/plan-load.ts'
import { planLockTables } from './statements/plan-lock-tables.ts'
import { atLockServer } from './statements/plan-locks.ts'
import { planOnOneServer, serverPlan } from './statements/plan-on-one-server.ts'
import {
  committingFirst,
  planDescribe,
  planDo,
  planExplain,
  planShow,
  planTableAdmin,
} from './statements/plan-other.ts'
import { namesFarTemporary, planTemporary, temporaryPlace } from './statements/plan-temporary.ts'
import { runningPrograms } from './stored-programs.ts'
import { unshardedKeyspace } from './unsharded-keyspace.ts'
import { hasUnusedElsewhere, withoutUnusedElsewhere, withUnusedUnread } from './unused-ctes.ts'
import { withWrittenRow } from './written-row.ts'

export type { PlanContext, Planner } from './plan-context.ts'

/**
 * The plan of a normalised statement (its literals are slots). Pure: the same statement and context give the same plan.
 * Throws SqlError where MySQL would refuse the statement for the names in it; what is not planned yet is an Unsupported
 * plan, or an Unsupported root behind a shortcut that one shard can still take.
 */
export function buildPlan(statement: Statement, context: PlanContext): Plan {
  return runningPrograms(statement, plan(statement, context, undefined), context)
}

/** As buildPlan, and how it was found: what each rule did, and why the others did nothing (rules/trace.ts). */
export function tracePlan(
  statement: Statement,
  context: PlanContext,
): { readonly plan: Plan; readonly trace: readonly string[] } {
  const trace = new Trace()
  const built = runningPrograms(statement, plan(statement, context, trace), context)
  trace.note(`plan:\n${printPlan(built)}`)
  return { plan: built, trace: trace.lines }
}

function plan(statement: Statement, context: PlanContext, trace: Trace | undefined): Plan {
  try {
    const { shard, defaultKeyspace } = context
    if (givesInsertId(statement)) return unsupportedPlan('the hint SET_VAR(insert_id)')
    const temporary = statement.kind === 'Ddl' ? planTemporary(statement, context) : undefined
    if (temporary !== undefined) return withAsked(statement, temporary)
    if (shard !== undefined && defaultKeyspace !== undefined) {
      trace?.note(`the target is shard ${defaultKeyspace}:${shard}, which gets the statement as it is`)
      const routing: Routing = { kind: 'Shard', keyspace: defaultKeyspace, shard }
      const whole = { ...planForShard(statement, routing, context), ...foundRowsOf(statement) }
      return withWrittenRow(whole, statement, context)
    }
    const hasWith = someNode(statement, ({ kind }) => kind === 'With')
    const ordered = hasWith && isOfMariaDb(context) ? withOwnCteNames(withEarlierCtes(statement)) : statement
    const checked = hasWith ? withUnusedChecked(ordered, context, trace) : undefined
    if (checked !== undefined) return { ...withAsked(statement, checked), ...foundRowsOf(statement) }
    const used = hasWith ? withUnusedSettled(ordered, context) : statement
    const own = used === statement ? context : { ...context, isChanged: true }
    const whole = asksCopies(own) ? undefined : unshardedPlan(used, own, trace)
    if (whole === undefined && hasWith && isOfMariaDb(context) && hasMutualCtes(used))
      return unsupportedPlan('tables of WITH RECURSIVE that name each other over several shards')
    const planned = whole ?? planBesideTemporary(used, own, trace)
    const asked = withFollowed(withAsked(used, planned), used, own)
    return withWrittenRow({ ...atLockServer(used, asked, own), ...foundRowsOf(used) }, statement, context)
  } catch (error) {
    if (error instanceof Unplanned) return unsupportedPlan(error.construct)
    throw error
  }
}

/** MySQL takes it back by `SET insert_id = 0`, with which the next row of whoever gets the connection has the id 0. */
function givesInsertId(statement: Statement): boolean {
  const hints = 'hints' in statement ? statement.hints : undefined
  return hints?.some((hint) => /\bSET_VAR\s*\(\s*`?insert_id\b/i.test(hint)) === true
}

/** Tables of WITH that nobody names are what the servers that the statement goes to can parse, or look at. */
function withUnusedSettled(statement: Statement, context: PlanContext): Statement {
  return isOfMariaDb(context) ? withoutUnusedElsewhere(statement, context) : withUnusedUnread(statement)
}

/** A table of WITH that nobody names is about another keyspace: MariaDB looks at it where it has copies of all tables. */
function withUnusedChecked(
  statement: Statement,
  context: PlanContext,
  trace: Trace | undefined,
): Plan | undefined {
  if (context.planner === 'rules' || !isOfMariaDb(context) || !hasUnusedElsewhere(statement, context))
    return undefined
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery': {
      const plan = planQuery(statement, { ...context, planner: 'groups' }, trace)
      return plan.root.kind === 'Federate' ? plan : undefined
    }
    default:
      return undefined
  }
}

/** What must be known before the statement begins. What a variable holds is known then only where the statement assigns none. */
function withAsked(statement: Statement, plan: Plan): Plan {
  const routings = routingsIn(plan)
  const lookups = routings.filter((routing) => routing.kind === 'Lookup')
  const texts = new Set([...routings.flatMap(computedIn), ...computedInRows(plan.root)])
  if (texts.size === 0 && lookups.length === 0) return plan
  const assigns = someNode(statement, ({ kind }) => kind === 'Assign')
  const computed = [...texts].filter((text) => !(assigns && readsVariables(text)))
  return { ...plan, ...(computed.length > 0 && { computed }), ...(lookups.length > 0 && { lookups }) }
}

/**
 * What MySQL has to say of names and types is asked of the first shard: where that has not all of a session's temporary tables,
 * copies have.
 */
function planBesideTemporary(statement: Statement, context: PlanContext, trace: Trace | undefined): Plan {
  const { judged, ...plan } = planStatement(statement, context, trace)
  if (judged === undefined || !namesFarTemporary(statement, context))
    return { ...plan, ...(judged && { judged }) }
  if (judged === 'names') return plan
  return planStatement(statement, { ...context, planner: 'federation' }, trace)
}

function planStatement(statement: Statement, context: PlanContext, trace: Trace | undefined): Plan {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      return asksCatalogue(statement, context) ? sessionPlan : planQuery(statement, context, trace)
    case 'Insert':
      return withMissingTable(statement, planInsert(statement, context, trace), context)
    case 'Load':
      return withMissingTable(statement, planLoad(statement, context), context)
    case 'Update':
    case 'Delete':
      return withMissingTable(statement, planWrite(statement, context, trace), context)
    case 'Ddl':
      return planDdl(statement, context)
    case 'Show':
      return planShow(statement, context)
    case 'DescribeTable':
      return planDescribe(statement, context)
    case 'Explain':
      return explained(statement, context, trace)
    case 'TableAdmin':
      return planTableAdmin(statement, context)
    case 'Do':
      return planDo(statement, context, trace)
    case 'Call':
    case 'ExplainConnection':
    case 'Flush':
    case 'Other':
      return planOnOneServer(statement, context)
    case 'LockTables':
      return planLockTables(statement, context)
    case 'Set':
    case 'SetTransaction':
    case 'Use':
    case 'Begin':
    case 'Commit':
    case 'Rollback':
    case 'Savepoint':
    case 'RollbackTo':
    case 'ReleaseSavepoint':
    case 'UnlockTables':
    case 'Kill':
    case 'ConcludeTransaction':
    case 'VExplain':
    case 'Prepare':
    case 'Execute':
    case 'Deallocate':
    case 'GetDiagnostics':
    case 'Empty':
      return sessionPlan
    default:
      return unreachable(statement)
  }
}

/** Whatever way it would go, the servers explain it. */
function explained(statement: Explain, context: PlanContext, trace: Trace | undefined): Plan {
  const { planner: _, ...byRules } = context
  return planExplain(statement, planStatement(statement.statement, byRules, trace), byRules)
}

/** A statement all of whose tables are in one place, whatever their rows are, goes down as it is, whatever it is made of. */
function unshardedPlan(
  statement: Statement,
  context: PlanContext,
  trace: Trace | undefined,
): Plan | undefined {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'NestedQuery':
    case 'Update':
    case 'Delete': {
      const routing = wholePlace(statement, context)
      if (routing === undefined) return undefined
      trace?.note(
        routing.kind === 'Unsharded'
          ? `all tables are in unsharded keyspace ${routing.keyspace}, which gets the statement as it is`
          : `all tables are where the session's temporary ones are, which gets the statement as it is`,
      )
      return statement.kind === 'Update' || statement.kind === 'Delete'
        ? writePlan(statement, { verb: verbOf(statement), routing }, context)
        : wholeQuery(statement, routing, context)
    }
    default:
      return undefined
  }
}

function wholePlace(statement: Statement, context: PlanContext): Routing | undefined {
  const keyspace = unshardedKeyspace(statement, context)
  return keyspace === undefined ? temporaryPlace(statement, context) : { kind: 'Unsharded', keyspace }
}

/** The session's target is a shard: it gets every statement, and is asked for nothing else. */
function planForShard(statement: Statement, routing: Routing, context: PlanContext): Plan {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      return wholeQuery(statement, routing, context)
    case 'DescribeTable':
    case 'Explain':
    case 'ExplainConnection':
      return readPlan(statement, routing, context)
    case 'TableAdmin':
      return committingFirst(statement, readPlan(statement, routing, context))
    case 'Show':
      return statement.table === undefined ? sessionPlan : readPlan(statement, routing, context)
    case 'Insert':
      return wholeInsert(statement, routing, context)
    case 'Load':
      return statement.local ? loadInto(statement, routing, context) : serverPlan(statement, routing, context)
    case 'Update':
    case 'Delete':
      return writePlan(statement, { verb: verbOf(statement), routing }, context)
    case 'Ddl':
      return statement.vschema === undefined ? ddlPlan(statement, routing, context) : sessionPlan
    case 'LockTables':
      return planLockTables(statement, context)
    case 'Do':
    case 'Call':
    case 'Flush':
    case 'Other':
      return serverPlan(statement, routing, context)
    default:
      return sessionPlan
  }
}

/** A query that one place answers whole. */
function wholeQuery(query: Query, routing: Routing, context: PlanContext): Plan {
  const locks = someNode(query, (node) => node.kind === 'Lock')
  const plan = { ...readPlan(query, routing, context), locks }
  return someNode(query, setsLastInsertId) ? settingInsertId(plan) : plan
}

function verbOf(statement: Update | Delete): 'update' | 'delete' {
  return statement.kind === 'Update' ? 'update' : 'delete'
}
