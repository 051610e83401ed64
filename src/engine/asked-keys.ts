import type { Route } from '../plan/primitives.ts'
import { bindLiterally, bindTemplate } from './bind.ts'
import { beneath, outerRowsOf } from './outer-rows.ts'
import { anyShardIndex, resolveEach } from './resolve.ts'
import type { RunContext } from './run-context.ts'
import type { ShardQuery } from './shard-port.ts'

/**
 * A route that asks for rows whose column is in a list of keys, by which they are placed: each shard is asked for the keys that it
 * can have, and no shard that can have none. Undefined for other routes, and where no shard can have any.
 */
export function askedByKeys(
  { routing, query }: Route,
  { bindings, shards, asText }: RunContext,
): Pick<ShardQuery, 'shards' | 'query'> | undefined {
  if (routing.kind !== 'In' || routing.list.kind !== 'Cells' || query.kind !== 'Template') return undefined
  const { column } = routing.list
  const keys = keysByShard(resolveEach(routing, bindings, shards.shardsOf))
  if (keys.size === 0) return undefined
  const asked = [...keys.keys()].sort((a, b) => a - b)
  const rows = outerRowsOf(bindings)
  const queries = asked.map((shard) => {
    const own = beneath(bindings, rows.only(column, keys.get(shard) ?? []))
    return asText ? bindLiterally(query, own) : bindTemplate(query.template, own)
  })
  return { shards: asked, query: queries }
}

/** Numbers of the keys that each shard can have. */
function keysByShard(places: readonly (number | readonly number[])[]): ReadonlyMap<number, number[]> {
  const keys = new Map<number, number[]>()
  const add = (shard: number, key: number): void => {
    const known = keys.get(shard)
    if (known === undefined) keys.set(shard, [key])
    else known.push(key)
  }
  places.forEach((place, key) => {
    if (typeof place !== 'number') for (const shard of place) add(shard, key)
    else if (place !== anyShardIndex) add(place, key)
  })
  return keys
}
