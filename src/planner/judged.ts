import type { Plan } from '../plan/plan.ts'
import type { Delete, Insert, Query, TableName, TableRef, Update } from '../sql/ast.ts'
import { type AnyNode, someNode } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { findTable, keyspaceOf } from './binding/find-table.ts'
import { Unplanned } from './binding/unplanned.ts'
import { viewOf } from './binding/views.ts'
import { cteReferences } from './cte-references.ts'
import { planFederation } from './federate/plan-federation.ts'
import { makeItem } from './make-node.ts'
import type { PlanContext } from './plan-context.ts'
import { ShardText } from './shard-text.ts'
import { queryOf, statementOver, withoutKeyspaces } from './written-over.ts'

type Judged = Pick<Plan, 'shortcut' | 'judged' | 'judgedOver'>

/**
 * One server of the keyspace says what is wrong with the names of the client's own statement. It looks at empty copies of tables that
 * are elsewhere. Nothing where that cannot be had.
 */
export function judgedIn(
  keyspace: string,
  statement: Insert | Update | Delete,
  context: PlanContext,
): Judged {
  const ctes = cteReferences(statement)
  const isElsewhere = (node: AnyNode) =>
    node.kind === 'Table' && !ctes.has(node.name) && keyspaceHolding(node.name, context) !== keyspace
  if (someNode(statement, isElsewhere)) return judgedOverCopies(keyspace, statement, context)
  const query = new ShardText(context).ofStatement(statement)
  return { shortcut: { routing: { kind: 'Scatter', keyspace }, query }, judged: 'names' }
}

function keyspaceHolding(name: TableName, context: PlanContext): string | undefined {
  const keyspace = keyspaceOf(name, context)
  return isSystemSchema(keyspace) ? keyspace : findTable(name, context).keyspace
}

/** As `judgedIn`, of a statement that no server may run as it is. */
export function judgedOverCopies(
  keyspace: string,
  statement: Insert | Update | Delete,
  context: PlanContext,
): Judged {
  const stays = ({ name }: TableRef) => {
    const found = findTable(name, context)
    return found.keyspace === keyspace && found.name === name.name
  }
  // Each name stands for one table only, when no keyspace is in front of it.
  if (hasTwins(statement) || hasQueriesBehind(statement) || namesView(statement, context)) return {}
  const whole = (over: Insert | Update | Delete) => withoutKeyspaces(over, isOrdinary)
  const [query, statementOf] = partsOf(statement)
  if (query === undefined) return {}
  try {
    const copies = planFederation(query, context, { stays, statementOf: (over) => whole(statementOf(over)) })
    return { judgedOver: { keyspace, copies }, judged: 'names' }
  } catch (error) {
    if (error instanceof Unplanned) return {}
    throw error
  }
}

type Written = Insert | Update | Delete

/** The query that names its tables, and the statement over what stands for it. Undefined: VALUES. */
function partsOf(statement: Written): readonly [Query | undefined, (over: Query) => Written] {
  if (statement.kind !== 'Insert') return [namingAll(statement), (over) => statementOver(statement, over)]
  const { source } = statement
  const isQuery = source.kind !== 'InsertValues' && source.kind !== 'InsertSet'
  return [isQuery ? source : undefined, (over) => ({ ...statement, source: over })]
}

/** Copies have the columns that it names: those that are assigned and ordered by, too. */
function namingAll(statement: Update | Delete): Query {
  const query = queryOf(statement)
  const assigned = statement.kind === 'Update' ? statement.set.map(({ column }) => column) : []
  const ordered = statement.orderBy?.map(({ expr }) => expr) ?? []
  return { ...query, items: [...query.items, ...[...assigned, ...ordered].map(makeItem)] }
}

function hasTwins(statement: Written): boolean {
  const qualifiers = new Map<string, string | undefined>()
  return someNode(statement, (node) => {
    if (node.kind !== 'Table') return false
    const { name, qualifier } = node.name
    const isTwin = qualifiers.has(name) && qualifiers.get(name) !== qualifier
    qualifiers.set(name, qualifier)
    return isTwin
  })
}

/** Queries stand for views, which nobody may write. */
function namesView(statement: Written, context: PlanContext): boolean {
  const ctes = cteReferences(statement)
  return someNode(statement, (node) => {
    if (node.kind !== 'Table' || ctes.has(node.name)) return false
    const isSystem = isSystemSchema(keyspaceOf(node.name, context))
    return !isSystem && viewOf(findTable(node.name, context), context) !== undefined
  })
}

/** Of which tables there would be no copies. */
function hasQueriesBehind(statement: Written): boolean {
  const behind = statement.kind === 'Insert' ? statement.onDuplicate : statement.orderBy
  return someNode(behind, ({ kind }) => kind === 'Table')
}

function isOrdinary(qualifier: string | undefined): boolean {
  return !isSystemSchema(qualifier)
}
