import { type Interval, parseGtids } from '../tablet/gtid.ts'

/**
 * What `part` has executed and `whole` has not, as GTIDs; '' for nothing. Both are histories of servers of one kind: MySQL's
 * `@@gtid_executed`, or MariaDB's `@@gtid_binlog_state`, the last number of each server in each domain. (A position of MariaDB has but
 * one number a domain: an old primary's own 0-1-101 would hide behind its successor's 0-2-101.)
 */
export function lackingIn(whole: string, part: string): string {
  return missing(whole, part)
    .map(({ source, from, to, isPosition }) => {
      if (isPosition) return `${source}-${to}`
      return from === to ? `${source}:${from}` : `${source}:${from}-${to}`
    })
    .join(',')
}

/** How many transactions these are. */
export function countLacking(whole: string, part: string): bigint {
  return missing(whole, part).reduce((count, { from, to }) => count + to - from + 1n, 0n)
}

interface Missing extends Interval {
  readonly source: string
  readonly isPosition: boolean
}

function missing(whole: string, part: string): readonly Missing[] {
  const [left, right] = [parseGtids(whole, 'server'), parseGtids(part, 'server')]
  if (right === undefined) return []
  const isPosition = right.kind === 'positions'
  const own = left?.kind === right.kind ? left.sources : new Map<string, readonly Interval[]>()
  return [...right.sources].flatMap(([source, intervals]) =>
    intervals
      .flatMap((interval) => without(interval, own.get(source) ?? []))
      .map((interval) => ({ ...interval, source, isPosition })),
  )
}

function without(interval: Interval, others: readonly Interval[]): readonly Interval[] {
  let left: readonly Interval[] = [interval]
  for (const { from, to } of others)
    left = left.flatMap((each) => {
      if (to < each.from || each.to < from) return [each]
      return [
        { from: each.from, to: from - 1n },
        { from: to + 1n, to: each.to },
      ].filter((rest) => rest.from <= rest.to)
    })
  return left
}

/** A history that is known from two places, MariaDB's binary log and what it has replicated: the last number of each server. */
export function joinPositions(...texts: readonly string[]): string {
  const last = new Map<string, bigint>()
  for (const text of texts)
    for (const [source, [interval]] of parseGtids(text, 'server')?.sources ?? [])
      if (interval !== undefined && interval.to > (last.get(source) ?? -1n)) last.set(source, interval.to)
  return [...last].map(([source, to]) => `${source}-${to}`).join(',')
}
