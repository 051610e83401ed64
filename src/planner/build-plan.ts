import { unreachable } from '../base/assert.ts'
import type { Plan } from '../plan/plan.ts'
import type { Routing } from '../plan/routing.ts'
import type { Query, Statement } from '../sql/ast.ts'
import { someNode, visit } from '../sql/visit.ts'
import type { PlanContext } from './plan-context.ts'
import { type PlanDraft, planOfDraft } from './plan-draft.ts'
import { Analysis, isSystemSchema, keyspaceOf } from './semantics/analysis.ts'
import { setsLastInsertId } from './semantics/traits.ts'
import { cteNames, ShardText } from './sql-text.ts'
import { planDdl } from './statements/plan-ddl.ts'
import { planInsert } from './statements/plan-insert.ts'
import {
  planDescribe,
  planDo,
  planExplain,
  planOnOneServer,
  planShow,
  planTableAdmin,
  planUnlock,
  readPlan,
  writePlan,
} from './statements/plan-other.ts'
import { planQuery } from './statements/plan-query.ts'
import { planWrite } from './statements/plan-write.ts'
import { Unplanned, unplanned } from './unplanned.ts'

export type { PlanContext } from './plan-context.ts'

/**
 * The plan of a normalised statement (its literals are slots). Pure: the same statement and context give the same plan.
 * Throws SqlError where MySQL would refuse the statement for the names in it; what is not planned yet is an Unsupported
 * plan, or an Unsupported root behind a shortcut that one shard can still take.
 */
export function buildPlan(statement: Statement, context: PlanContext): Plan {
  return planOfDraft(draftOf(statement, context))
}

function draftOf(statement: Statement, context: PlanContext): PlanDraft {
  try {
    const { shard, defaultKeyspace } = context
    if (shard !== undefined && defaultKeyspace !== undefined) {
      return planForShard(statement, { kind: 'Shard', keyspace: defaultKeyspace, shard }, context)
    }
    return unshardedPlan(statement, context) ?? planStatement(statement, context)
  } catch (error) {
    if (error instanceof Unplanned) return { kind: 'Unsupported', construct: error.construct }
    throw error
  }
}

function planStatement(statement: Statement, context: PlanContext): PlanDraft {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      return planQuery(statement, context)
    case 'Insert':
      return planInsert(statement, context)
    case 'Update':
    case 'Delete':
      return planWrite(statement, context)
    case 'Ddl':
      return planDdl(statement, context)
    case 'Show':
      return planShow(statement, context)
    case 'DescribeTable':
      return planDescribe(statement, context)
    case 'Explain':
      return planExplain(statement, planStatement(statement.statement, context), context)
    case 'TableAdmin':
      return planTableAdmin(statement, context)
    case 'Do':
      return planDo(statement, context)
    case 'Call':
      return planOnOneServer(statement, { words: 'CALL', tables: [statement.name] }, context)
    case 'Load':
      return planOnOneServer(
        statement,
        { words: `LOAD ${statement.format}`, tables: [statement.table] },
        context,
      )
    case 'LockTables':
      return planOnOneServer(
        statement,
        { words: 'LOCK TABLES', tables: statement.tables.map(({ table }) => table) },
        context,
      )
    case 'UnlockTables':
      return planUnlock(statement, context)
    case 'Flush':
      return planOnOneServer(statement, { words: 'FLUSH', tables: statement.tables }, context)
    case 'ExplainConnection':
      return planOnOneServer(statement, { words: 'EXPLAIN FOR CONNECTION', tables: [] }, context)
    case 'Other':
      return planOnOneServer(statement, { words: statement.verb, tables: [] }, context)
    case 'Set':
    case 'SetTransaction':
    case 'Use':
    case 'Begin':
    case 'Commit':
    case 'Rollback':
    case 'Savepoint':
    case 'RollbackTo':
    case 'ReleaseSavepoint':
    case 'Kill':
    case 'VExplain':
    case 'Prepare':
    case 'Execute':
    case 'Deallocate':
    case 'Empty':
      return { kind: 'Session' }
    default:
      return unreachable(statement)
  }
}

/** The session's target is a shard: it gets every statement, and is asked for nothing else. */
function planForShard(statement: Statement, routing: Routing, context: PlanContext): PlanDraft {
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
    case 'TableAdmin':
      return readPlan(statement, routing, context)
    case 'Show':
      return statement.table === undefined ? { kind: 'Session' } : readPlan(statement, routing, context)
    case 'Insert':
    case 'Update':
    case 'Delete': {
      const verb =
        statement.kind === 'Insert'
          ? statement.verb === 'INSERT'
            ? 'insert'
            : 'replace'
          : statement.kind === 'Update'
            ? 'update'
            : 'delete'
      return { ...writePlan(statement, routing, context), verb }
    }
    case 'Ddl': {
      if (statement.temporary) return { ...writePlan(statement, routing, context), reserves: true }
      const query = new ShardText(context).ofStatement(statement)
      const tables = statement.names.map(({ name }) => name)
      return { kind: 'Ddl', keyspace: routing.keyspace, routing, query, implicitCommit: true, tables }
    }
    case 'Do':
    case 'Call':
    case 'Load':
    case 'LockTables':
    case 'UnlockTables':
    case 'Flush':
    case 'Other':
      return writePlan(statement, routing, context)
    default:
      return { kind: 'Session' }
  }
}

/** A query that one place answers whole. */
function wholeQuery(query: Query, routing: Routing, context: PlanContext): PlanDraft {
  if (someNode(query, setsLastInsertId)) return unplanned('LAST_INSERT_ID(expr) in a query')
  const plan = readPlan(query, routing, context)
  const locks = someNode(query, (node) => node.kind === 'Lock')
  return plan.kind === 'Query' ? { ...plan, locks } : plan
}

/**
 * All tables of a query in one unsharded keyspace: it goes down as it is, whatever it is made of. Undefined for
 * statements that need more thought, such as those that draw from a sequence.
 */
function unshardedPlan(statement: Statement, context: PlanContext): PlanDraft | undefined {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'NestedQuery': {
      const keyspace = unshardedKeyspace(statement, context)
      return keyspace === undefined
        ? undefined
        : wholeQuery(statement, { kind: 'Unsharded', keyspace }, context)
    }
    case 'Update':
    case 'Delete': {
      const keyspace = unshardedKeyspace(statement, context)
      if (keyspace === undefined) return undefined
      const verb = statement.kind === 'Update' ? 'update' : 'delete'
      return { ...writePlan(statement, { kind: 'Unsharded', keyspace }, context), verb }
    }
    default:
      return undefined
  }
}

function unshardedKeyspace(statement: Statement, context: PlanContext): string | undefined {
  const ctes = cteNames(statement)
  const analysis = new Analysis(context)
  const keyspaces = new Set<string | undefined>()
  visit(statement, (node) => {
    if (node.kind === 'NextValues') keyspaces.add(undefined)
    if (node.kind !== 'Table') return undefined
    const { name } = node
    if (name.qualifier === undefined && ctes.has(name.name)) return undefined
    if (isSystemSchema(keyspaceOf(name, context))) keyspaces.add(undefined)
    else {
      const table = analysis.findTable(name)
      keyspaces.add(table?.sharded === false && table.type !== 'reference' ? table.keyspace : undefined)
    }
    return undefined
  })
  const [keyspace] = keyspaces
  return keyspaces.size === 1 ? keyspace : undefined
}
