import type { NamedLocks, Plan } from '../plan/plan.ts'
import { NAMED_LOCKS } from '../plan/reserves.ts'
import type { Routing } from '../plan/routing.ts'
import type { SendWrite } from '../plan/write-primitives.ts'
import type { FunctionCall, Statement } from '../sql/ast.ts'
import { type AnyNode, type Part, someNode, visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { computedText } from './binding/computed.ts'
import { setsLastInsertId, setsVariables } from './binding/traits.ts'
import type { PlanContext } from './plan-context.ts'
import { ShardText } from './shard-text.ts'

/** The session answers the statement itself. */
export const sessionPlan: Plan = {
  root: { kind: 'Session' },
  userVariables: [],
  locks: true,
}

/** No shard can answer the statement: error 1235 names the construct. */
export function unsupportedPlan(construct: string): Plan {
  return { root: { kind: 'Unsupported', construct }, userVariables: [], locks: true }
}

/** A statement that answers rows, as it is, from the shards of the routing. */
export function readPlan(statement: Statement, routing: Routing, context: PlanContext): Plan {
  const shortcut = { routing, query: new ShardText(context).ofStatement(statement) }
  return {
    shortcut,
    root: { kind: 'Route', ...shortcut, orderBy: [] },
    locks: false,
    ...connectionState(statement),
    ...metadataIn(statement, context),
  }
}

function metadataIn(statement: Statement, context: PlanContext): Pick<Plan, 'metadata'> {
  switch (statement.kind) {
    case 'TableAdmin':
      return { metadata: 'reports' }
    case 'Show':
    case 'DescribeTable':
    case 'Explain':
      return { metadata: 'names' }
    default:
      return someNode(statement, (node) => isOfSystem(node, context)) ? { metadata: 'names' } : {}
  }
}

function isOfSystem(node: AnyNode, { defaultKeyspace }: PlanContext): boolean {
  return node.kind === 'Table' && isSystemSchema(node.name.qualifier ?? defaultKeyspace)
}

/** A statement that answers an OK, as it is, on the shards of the routing. */
export function writePlan(
  statement: Statement,
  write: Omit<SendWrite, 'kind' | 'query'>,
  context: PlanContext,
): Plan {
  const query = new ShardText(context).ofStatement(statement)
  const { routing, verb } = write
  const setsInsertId = someNode(statement, setsLastInsertId)
  // The OK of a DELETE or DO does not tell the id.
  const isUntold = setsInsertId && (verb === 'delete' || verb === 'other')
  return {
    root: { kind: 'Write', ...write, query, ...(setsInsertId && { setsInsertId }) },
    shortcut: { routing, query },
    locks: true,
    ...(isUntold && { setsInsertId }),
    ...connectionState(statement),
  }
}

/**
 * A query with LAST_INSERT_ID(expr): what it is given last is what LAST_INSERT_ID() is from now on. Which row is last, only one
 * shard knows of its own.
 */
export function settingInsertId(plan: Plan): Plan {
  const { shortcut } = plan
  if (shortcut === undefined) return unsupportedPlan('LAST_INSERT_ID(expr) in this query')
  const construct = 'LAST_INSERT_ID(expr) in a query over several shards'
  return { ...plan, root: { kind: 'Unsupported', construct }, shortcut, setsInsertId: true }
}

/** What a statement leaves on its connection, and the user variables that it names. */
export function connectionState(
  statement: Part,
): Pick<Plan, 'userVariables' | 'assigns' | 'reserves' | 'namedLocks'> {
  const names = new Set<string>()
  const locking: FunctionCall[] = []
  let assigns = false
  visit(statement, (node) => {
    if (node.kind === 'UserVariable') names.add(node.name.toLowerCase())
    else if (node.kind === 'Function' && LOCKING.has(node.name)) locking.push(node)
    assigns ||= setsVariables(node)
    return undefined
  })
  return {
    userVariables: [...names],
    ...(assigns ? { assigns } : {}),
    ...(locking.length > 0 && { namedLocks: namedLocksOf(locking) }),
    ...(locking.some(({ name }) => name === 'get_lock') ? { reserves: NAMED_LOCKS } : {}),
  }
}

const LOCKING: ReadonlySet<string> = new Set(['get_lock', 'release_lock', 'release_all_locks'])

function namedLocksOf(calls: readonly FunctionCall[]): NamedLocks {
  const asked = calls.flatMap(({ name, args }) => (name === 'get_lock' ? args.slice(0, 1) : []))
  const names = asked.map(computedText)
  return {
    names: names.every((name) => name !== undefined) ? names : undefined,
    releasesAll: calls.some(({ name }) => name === 'release_all_locks'),
  }
}
