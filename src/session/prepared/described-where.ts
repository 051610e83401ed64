import { shardsMet } from '../../engine/met-shards.ts'
import { errorOfUnsupported } from '../../engine/run.ts'
import type { ShardsView } from '../../engine/shards-view.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { OverCopies } from '../statements/describe-over-copies.ts'
import type { ShardAccess } from '../statements/shard-access.ts'
import type { PreparedText } from './client-statement.ts'
import { describePlan } from './describe-plan.ts'

/** Who tells of the params and columns of a statement that is prepared, and what is wrong with it. */
export type DescribedWhere =
  /** The session runs it itself. */
  | { readonly kind: 'Session' }
  | { readonly kind: 'Shard'; readonly target: ShardTarget; readonly sql: string; readonly plan: Plan }
  | DescribedOverCopies
  /** Tables of several keyspaces: no server can look at all of them before it runs. */
  | { readonly kind: 'Nobody'; readonly plan: Plan }

export interface DescribedOverCopies extends OverCopies {
  readonly kind: 'Copies'
  readonly plan: Plan
}

/** Throws ER_NOT_SUPPORTED_YET, or what MySQL says of it, for what nobody can run. */
export function describedWhere(
  { sql, scan, reading }: Pick<PreparedText, 'sql' | 'scan' | 'reading'>,
  shards: ShardAccess & ShardsView,
): DescribedWhere {
  const plan = reading.planOf(sql, scan)
  const { root, shortcut, mayGiveUp } = plan
  if (root.kind === 'Session') return { kind: 'Session' }
  if (root.kind === 'Unsupported' && shortcut === undefined && plan.judgedOver === undefined)
    throw errorOfUnsupported(root)
  const isJoined = shortcut === undefined && mayGiveUp === true
  const copies = root.kind !== 'Federate' && isJoined ? reading.planOverCopies(sql, scan)?.root : root
  if (copies?.kind === 'Federate' && shortcut === undefined) return { kind: 'Copies', copies, plan }
  if (root.kind === 'WriteOverCopies')
    return { kind: 'Copies', copies: root.copies, plan, beside: root.routing }
  const readsFirst =
    root.kind === 'ChosenWrite' ||
    root.kind === 'SelectedInsert' ||
    (root.kind === 'Insert' && root.reads !== undefined) ||
    (root.kind === 'CreateSelected' && root.defined !== undefined) ||
    (root.kind === 'Ddl' && root.like !== undefined)
  if (plan.judgedOver !== undefined) {
    const { keyspace, copies: over } = plan.judgedOver
    return { kind: 'Copies', copies: over, plan, beside: { kind: 'Tables', keyspace } }
  }
  if (readsFirst && shortcut === undefined) return { kind: 'Nobody', plan }
  const bindings = reading.bindingsOf(sql, scan)
  const described = describePlan(plan, bindings)
  // What a shard alone has (temporary and pinned tables) no other can describe.
  const isOfOne = shortcut?.routing.kind === 'Pinned' || shortcut?.routing.kind === 'Shard'
  const shard = isOfOne ? shardsMet(shortcut.routing, bindings, shards)[0]! : 0
  return { kind: 'Shard', target: shards.target(described.keyspace, shard), sql: described.sql ?? sql, plan }
}
