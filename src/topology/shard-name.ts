import type { KeyRangeRecord } from './records.ts'

/**
 * Bounds that a shard's name spells, as lower-case hex; '' is open. A name without a dash (`0`) has no key range:
 * it is the one shard of an unsharded keyspace. Undefined when the name is neither.
 * Source: Vitess `go/vt/topo/shard.go`, ValidateShardName.
 */
export function parseShardName(name: string): { readonly start: string; readonly end: string } | undefined {
  if (!name.includes('-')) return /^[0-9a-z_]{1,64}$/.test(name) ? { start: '', end: '' } : undefined
  const match = /^((?:[0-9a-f]{2})*)-((?:[0-9a-f]{2})*)$/.exec(name)
  if (!match) return undefined
  const [, start = '', end = ''] = match
  return end === '' || trimmed(start) < trimmed(end) ? { start, end } : undefined
}

/** The `key_range` record of a shard's name; undefined when it is open on both sides. */
export function keyRangeRecordOf(name: string): KeyRangeRecord | undefined {
  const range = parseShardName(name)
  if (!range || (range.start === '' && range.end === '')) return undefined
  return {
    ...(range.start && { start: Buffer.from(range.start, 'hex').toString('base64') }),
    ...(range.end && { end: Buffer.from(range.end, 'hex').toString('base64') }),
  }
}

/** Orders shards by start, then end (open last), then name. */
export function compareShardNames(a: string, b: string): number {
  const [x, y] = [parseShardName(a), parseShardName(b)]
  const byStart = compareText(trimmed(x?.start ?? ''), trimmed(y?.start ?? ''))
  const byEnd = compareText(trimmed(x?.end ?? '') || 'g', trimmed(y?.end ?? '') || 'g') // 'g' sorts after all hex
  return byStart || byEnd || compareText(a, b)
}

/** Trailing zero bytes do not move a bound: `80` is `8000`. */
function trimmed(hex: string): string {
  return hex.replace(/(?:00)+$/, '') // even length, so whole bytes only
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
