import { unreachable } from '../base/assert.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { Destination } from './destination.ts'
import {
  compareEnds,
  compareKeyRanges,
  completeKeyRange,
  isKeyRangeName,
  type KeyRange,
  parseKeyRange,
  printKeyRange,
  rangesIntersect,
} from './key-range.ts'
import { compareKeyspaceIds, isLowest, type KeyspaceId, printKeyspaceId } from './keyspace-id.ts'

/** A shard and the ids it holds. A shard whose name is no key range (`0`) holds all of them. */
export interface ShardRange {
  readonly name: string
  readonly range: KeyRange
}

/** The shard range that a shard name stands for. */
export function shardRangeOf(name: string): ShardRange {
  return { name, range: isKeyRangeName(name) ? parseKeyRange(name) : completeKeyRange }
}

/**
 * Sorts the serving shards of a keyspace for `resolveDestination` and checks that they tile the space: no gap, no
 * overlap, open at both ends. Throws ER_WRONG_ARGUMENTS naming the first two neighbours that do not meet.
 */
export function tileShards(shards: readonly ShardRange[]): readonly ShardRange[] {
  const sorted = [...shards].sort((a, b) => compareKeyRanges(a.range, b.range))
  const problem = tilingProblem(sorted)
  if (problem !== undefined) throw new SqlError('ER_WRONG_ARGUMENTS', problem)
  return sorted
}

/** What keeps sorted shards from tiling the space, in words; undefined when they do. */
export function tilingProblem(sorted: readonly ShardRange[]): string | undefined {
  if (sorted.length === 0) return 'no shard in keyspace'
  const first = sorted[0]
  if (!isLowest(first.range.start)) return `no shard holds the ids below ${printKeyRange(first.range)}`
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1]
    const here = sorted[i]
    const order = isLowest(before.range.end) ? 1 : compareKeyspaceIds(before.range.end, here.range.start)
    if (order > 0) return `shards ${before.name} and ${here.name} overlap`
    if (order < 0) return `no shard holds the ids between ${before.name} and ${here.name}`
  }
  const last = sorted[sorted.length - 1]
  if (!isLowest(last.range.end)) return `no shard holds the ids above ${printKeyRange(last.range)}`
  return undefined
}

/** Position in `shards` (made by `tileShards`) of the one shard that holds the id. */
export function shardIndexOf(shards: readonly ShardRange[], id: KeyspaceId): number {
  let low = 0
  let high = shards.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (compareKeyspaceIds(shards[middle].range.start, id) <= 0) low = middle
    else high = middle - 1
  }
  if (high < 0) {
    throw new SqlError('ER_UNKNOWN_ERROR', `KeyspaceId ${printKeyspaceId(id)} didn't match any shards`)
  }
  return low
}

/**
 * The shards of a destination, each once, in key order, as positions in `shards` (made by `tileShards`).
 * `pick(n)` chooses one of n shards for AnyShard. Throws for shards that do not exist and for an exact key range that
 * begins or ends within a shard.
 */
export function resolveDestination(
  shards: readonly ShardRange[],
  destination: Destination,
  pick: (count: number) => number,
): readonly number[] {
  switch (destination.kind) {
    case 'None':
      return []
    case 'KeyspaceId':
      return [shardIndexOf(shards, destination.id)]
    case 'KeyspaceIds':
      return distinct(destination.ids.map((id) => shardIndexOf(shards, id)))
    case 'KeyRange':
      return intersecting(shards, destination.range)
    case 'ExactKeyRange':
      return exactly(shards, destination.range)
    case 'AllShards':
      return shards.map((_, i) => i)
    case 'AnyShard':
      if (shards.length === 0) throw new SqlError('ER_UNKNOWN_ERROR', 'no shard in keyspace')
      return [pick(shards.length)]
    case 'Shard':
      return [indexOfName(shards, destination.shard)]
    case 'Shards':
      return distinct(destination.shards.map((name) => indexOfName(shards, name)))
    default:
      return unreachable(destination)
  }
}

function intersecting(shards: readonly ShardRange[], range: KeyRange): number[] {
  const found: number[] = []
  // An inverted range (`rangeMap` of a reversed BETWEEN) holds no id.
  if (!isLowest(range.end) && compareKeyspaceIds(range.start, range.end) >= 0) return found
  for (let i = shardIndexOf(shards, range.start as KeyspaceId); i < shards.length; i++) {
    if (!rangesIntersect(shards[i].range, range)) break
    found.push(i)
  }
  return found
}

function exactly(shards: readonly ShardRange[], range: KeyRange): number[] {
  const found = intersecting(shards, range)
  const first = shards[found[0]]
  const last = shards[found[found.length - 1]]
  if (
    first === undefined ||
    compareKeyspaceIds(first.range.start, range.start) !== 0 ||
    compareEnds(last.range.end, range.end) !== 0
  ) {
    throw new SqlError('ER_UNKNOWN_ERROR', `keyrange ${printKeyRange(range)} does not exactly match shards`)
  }
  return found
}

function indexOfName(shards: readonly ShardRange[], name: string): number {
  const index = shards.findIndex((shard) => shard.name === name)
  if (index < 0) throw new SqlError('ER_UNKNOWN_ERROR', `shard '${name}' does not exist`)
  return index
}

function distinct(indexes: readonly number[]): number[] {
  return [...new Set(indexes)].sort((a, b) => a - b)
}
