/**
 * Whether the server that tells `whole` has executed every transaction that the one which tells `part` has. Undefined where
 * that cannot be said: one of them keeps no GTIDs, or they are of different kinds.
 *
 * MySQL: `@@gtid_executed`, sets of intervals by source, `uuid[:tag]:1-5:7` (manual, "GTID Sets"). MariaDB: `@@gtid_current_pos`, the
 * last number of each domain, `0-1-100` (Knowledge Base, "Global Transaction ID"): within a domain all before it are there, too.
 */
export function containsGtids(whole: string, part: string): boolean | undefined {
  const [left, right] = [parseGtids(whole), parseGtids(part)]
  if (left === undefined || right === undefined) return undefined
  if (left.kind !== right.kind) return undefined
  for (const [source, intervals] of right.sources) {
    const own = left.sources.get(source) ?? []
    if (!intervals.every((each) => own.some(({ from, to }) => from <= each.from && each.to <= to)))
      return false
  }
  return true
}

export interface Gtids {
  readonly kind: 'intervals' | 'positions'
  readonly sources: ReadonlyMap<string, readonly Interval[]>
}

export interface Interval {
  readonly from: bigint
  readonly to: bigint
}

/**
 * Undefined for none, and for what is no set of GTIDs. Of MariaDB's, `by` is what has a last number: a domain, as in
 * `@@gtid_current_pos`, or a server within its domain (`0-1`), as in `@@gtid_binlog_state`.
 */
export function parseGtids(text: string, by: 'domain' | 'server' = 'domain'): Gtids | undefined {
  const parts = text.replaceAll(/\s/g, '').split(',').filter(Boolean)
  if (parts.length === 0) return undefined
  const positions = parts.map((part) => /^(\d+)-(\d+)-(\d+)$/.exec(part))
  if (positions.every((match) => match !== null)) {
    const sources = positions.map(([, domain, server, last]) => {
      const source = by === 'domain' ? domain! : `${domain}-${server}`
      return [source, [{ from: 0n, to: BigInt(last!) }]] as const
    })
    return { kind: 'positions', sources: new Map(sources) }
  }
  const sources = new Map<string, readonly Interval[]>()
  for (const part of parts) {
    const [uuid, ...rest] = part.toLowerCase().split(':')
    let source = uuid!
    for (const item of rest) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(item)
      if (match === null && !/^[a-z_][a-z0-9_]{0,31}$/.test(item)) return undefined
      if (match === null) source = `${uuid}:${item}`
      else {
        const [, from, to = from] = match
        sources.set(source, [...(sources.get(source) ?? []), { from: BigInt(from!), to: BigInt(to!) }])
      }
    }
  }
  return { kind: 'intervals', sources }
}
