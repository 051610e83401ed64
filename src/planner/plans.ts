import type { Plan } from '../plan/plan.ts'
import type { SendWrite } from '../plan/primitives.ts'
import type { Routing } from '../plan/routing.ts'
import type { Statement } from '../sql/ast.ts'
import { type AnyNode, type Part, someNode, visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { setsVariables } from './binding/traits.ts'
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
  const { routing } = write
  return {
    root: { kind: 'Write', ...write, query },
    shortcut: { routing, query },
    locks: true,
    ...connectionState(statement),
  }
}

/** What a statement leaves on its connection, and the user variables it needs there for that. */
export function connectionState(statement: Part): Pick<Plan, 'userVariables' | 'reserves'> {
  const names = new Set<string>()
  let setsSome = false
  let takesLock = false
  visit(statement, (node) => {
    if (node.kind === 'UserVariable') names.add(node.name.toLowerCase())
    else if (node.kind === 'Function') takesLock ||= node.name === 'get_lock'
    setsSome ||= setsVariables(node)
    return undefined
  })
  const userVariables = setsSome ? [...names] : []
  return takesLock ? { userVariables, reserves: 'GET_LOCK()' } : { userVariables }
}
