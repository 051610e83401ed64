import type { Routing } from '../../plan/routing.ts'
import type { BoundTable } from '../binding/bound.ts'
import { hasShardsOfItsOwn, keyspacesWith } from '../binding/find-table.ts'
import type { Level } from '../binding/level.ts'
import type { MergeKey, SelectList } from './select-list.ts'
import type { TableOp } from './table.ts'

/**
 * What shards do: everything below prints to SQL. All rows that have to do with one row of `level` are on one shard, so
 * that each shard answers for its own rows of it; without tables of its own any shard answers for all.
 */
export interface RouteOp<Input> {
  readonly kind: 'Route'
  readonly input: Input
  /** Of the rows that come from here. */
  readonly level: Level
  /** Tables with shards of their own; those whose rows come from here first. */
  readonly tables: readonly BoundTable[]
  /** Tables that whole keyspaces have: on their only shard, or on each. */
  readonly copies: readonly BoundTable[]
  readonly asksSystem: boolean
  /** Which shards: chosen when the route is complete. */
  readonly routing?: Routing
  /** Absent: the client's. */
  readonly list?: SelectList
  /** The order in which each shard sends its rows, and in which they are merged. */
  readonly order: readonly MergeKey[]
}

export function routeOver<Input>(table: TableOp & Input): RouteOp<Input> {
  const { bound } = table
  const isPlaced = bound.kind === 'Table' && hasShardsOfItsOwn(bound.instance.table)
  return {
    kind: 'Route',
    input: table,
    level: bound.level,
    tables: isPlaced ? [bound] : [],
    copies: bound.kind === 'Table' && !isPlaced ? [bound] : [],
    asksSystem: bound.kind === 'Unplaced' && bound.what === 'system table',
    order: [],
  }
}

export function hasTables({ tables }: RouteOp<unknown>): boolean {
  return tables.length > 0
}

/** Tables whose rows come from the route one by one. */
export function rowsOf({ tables, level }: RouteOp<unknown>): readonly BoundTable[] {
  return tables.filter((table) => table.level.is(level))
}

/** Keyspaces in which all of the routes' tables are, in order of preference; undefined: any, for there is no table. */
export function keyspacesOf(routes: readonly RouteOp<unknown>[]): readonly string[] | undefined {
  const owned = routes.flatMap(({ tables }) => tables.map(({ instance }) => [instance.table.keyspace]))
  const copied = routes.flatMap(({ copies }) => copies.map(({ instance }) => keyspacesWith(instance.table)))
  const [first, ...others] = [...owned, ...copied].map((keyspaces) => new Set(keyspaces))
  if (first === undefined) return undefined
  return [...first].filter((keyspace) => others.every((keyspaces) => keyspaces.has(keyspace)))
}
