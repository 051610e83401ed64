import type { Routing } from '../plan/routing.ts'
import type { PlanContext } from './plan-context.ts'

/** A shard of the keyspace: its only one, or any. */
export function oneShard(keyspace: string, context: PlanContext): Routing {
  const isSharded = context.vschema.keyspaces.get(keyspace)?.sharded === true
  return { kind: isSharded ? 'AnyShard' : 'Unsharded', keyspace }
}

/** For what touches no table: a shard of the default keyspace, or of any, also where somebody has dropped that. */
export function anyShard(context: PlanContext): Routing {
  const { defaultKeyspace, vschema } = context
  if (defaultKeyspace === undefined || !vschema.keyspaces.has(defaultKeyspace))
    return { kind: 'AnyShard', keyspace: '' }
  return oneShard(defaultKeyspace, context)
}

const FIXED: ReadonlySet<Routing['kind']> = new Set([
  ...(['Unsharded', 'AnyShard', 'SystemSchema', 'None', 'Shard', 'Pinned'] as const),
])

/** It meets one shard whatever the values are. */
export function isFixed({ kind }: Routing): boolean {
  return FIXED.has(kind)
}
