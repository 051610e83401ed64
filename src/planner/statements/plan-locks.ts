import { keyspaceId } from '../../key/keyspace-id.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Statement } from '../../sql/ast.ts'
import { type AnyNode, someNode } from '../../sql/visit.ts'
import { anyShard } from '../one-shard.ts'
import type { PlanContext } from '../plan-context.ts'
import { readPlan, unsupportedPlan, writePlan } from '../plans.ts'

/** Source: MySQL 9.7 manual, "Locking Functions". */
const LOCK_FUNCTIONS: ReadonlySet<string> = new Set([
  'get_lock',
  'is_free_lock',
  'is_used_lock',
  'release_all_locks',
  'release_lock',
])

/**
 * Locks by name are a server's: for two sessions to exclude each other they must ask the same one, whatever shard or keyspace
 * they are at. It is the first shard of the first keyspace, by name, as in vtgate. The plan as it was for statements without
 * such locks.
 */
export function atLockServer(statement: Statement, plan: Plan, context: PlanContext): Plan {
  if (plan.shortcut === undefined && plan.root.kind === 'Unsupported') return plan
  if (!someNode(statement, isLockFunction)) return plan
  const routing = lockServer(context)
  const { routing: own } = plan.shortcut ?? {}
  if (own?.kind === 'Unsharded' && routing.kind === 'Unsharded' && own.keyspace === routing.keyspace)
    return plan
  if (someNode(statement, ({ kind }) => kind === 'Table'))
    return unsupportedPlan('GET_LOCK() and its kin in a statement with tables')
  const isTableless = plan.isTableless === true && { isTableless: true }
  switch (statement.kind) {
    case 'Do':
      return { ...writePlan(statement, { verb: 'other', routing }, context), ...isTableless }
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'NestedQuery':
      return { ...readPlan(statement, routing, context), ...isTableless }
    default:
      return plan
  }
}

function isLockFunction(node: AnyNode): boolean {
  return node.kind === 'Function' && node.qualifier === undefined && LOCK_FUNCTIONS.has(node.name)
}

/** Not every keyspace has replicas: a session at one keyspace's replicas asks there. */
function lockServer(context: PlanContext): Routing {
  const { vschema, tabletType, defaultKeyspace } = context
  const [first] = [...vschema.keyspaces.keys()].sort()
  const keyspace = tabletType === 'primary' ? first : (defaultKeyspace ?? first)
  if (keyspace === undefined) return anyShard(context)
  return vschema.keyspaces.get(keyspace)?.sharded === true
    ? { kind: 'Pinned', keyspace, keyspaceId: keyspaceId(new Uint8Array(1)) }
    : { kind: 'Unsharded', keyspace }
}
