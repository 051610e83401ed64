import type { Routing } from '../../plan/routing.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Analysis, Member } from '../semantics/analysis.ts'
import { isSystemSchema } from '../semantics/analysis.ts'
import { unplanned } from '../unplanned.ts'

/** Where a statement's tables are, all of them together. */
export type Placement =
  /** One shard has everything: an unsharded keyspace, or copies on every shard. */
  | { readonly kind: 'one'; readonly routing: Routing }
  | { readonly kind: 'sharded'; readonly keyspace: string }

/** Throws Unplanned when the tables have no keyspace in common. */
export function placementOf(members: readonly Member[], analysis: Analysis): Placement {
  const { context, everywhere } = analysis
  const [first] = members
  if (first !== undefined) {
    const { keyspace } = first.instance.table
    const isCommon =
      members.every((member) => member.instance.table.keyspace === keyspace) &&
      everywhere.every((table) => table.keyspaces.has(keyspace))
    if (!isCommon) return unplanned('tables of several keyspaces in one statement')
    if (analysis.hasSystemTable) return unplanned('system tables together with others')
    return { kind: 'sharded', keyspace }
  }
  if (everywhere.length === 0) return { kind: 'one', routing: anyShard(context) }
  const common = [...everywhere[0].keyspaces].filter((keyspace) =>
    everywhere.every((table) => table.keyspaces.has(keyspace)),
  )
  const keyspace = common.find((name) => name === context.defaultKeyspace) ?? common[0]
  if (keyspace === undefined) return unplanned('tables of several keyspaces in one statement')
  return { kind: 'one', routing: oneShard(keyspace, context) }
}

export function oneShard(keyspace: string, context: PlanContext): Routing {
  const isSharded = context.vschema.keyspaces.get(keyspace)?.sharded === true
  return { kind: isSharded ? 'AnyShard' : 'Unsharded', keyspace }
}

/** For what touches no table: a shard of the default keyspace, or of any. */
export function anyShard(context: PlanContext): Routing {
  const { defaultKeyspace } = context
  if (defaultKeyspace === undefined || isSystemSchema(defaultKeyspace))
    return { kind: 'AnyShard', keyspace: '' }
  return oneShard(defaultKeyspace, context)
}
