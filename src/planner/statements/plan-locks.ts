import { keyspaceId } from '../../key/keyspace-id.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Statement } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import { anyShard } from '../one-shard.ts'
import type { PlanContext } from '../plan-context.ts'
import { readPlan, unsupportedPlan, writePlan } from '../plans.ts'
import { asksLocksOnce, isLockFunction } from './locks-once.ts'

/**
 * Locks by name are a server's: for two sessions to exclude each other they must ask the same one, whatever shard or keyspace
 * they are at. It is the first shard of the first keyspace, by name, as in vtgate: beside tables it is asked first, and the statement gets
 * the values. The plan as it was for statements without such locks.
 */
export function atLockServer(statement: Statement, plan: Plan, context: PlanContext): Plan {
  if (!someNode(statement, isLockFunction)) return plan
  const routing = lockServer(context)
  const { routing: own } = plan.shortcut ?? {}
  if (own?.kind === 'Unsharded' && routing.kind === 'Unsharded' && own.keyspace === routing.keyspace)
    return plan
  if (someNode(statement, ({ kind }) => kind === 'Table' || kind === 'TableName')) {
    if (asksLocksOnce(statement)) return { ...plan, locksAhead: true }
    return unsupportedPlan(
      'GET_LOCK() and its kin for each row of tables (ask for the lock by itself, SELECT GET_LOCK(…) INTO @l, and use @l)',
    )
  }
  if (plan.shortcut === undefined && plan.root.kind === 'Unsupported') return plan
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
