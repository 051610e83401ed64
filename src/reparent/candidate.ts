import type { Durability, TabletType } from '../topology/records.ts'
import { countLacking, lackingIn } from './history.ts'
import type { ServerState } from './server-state.ts'

/** A server of the shard that was looked at. */
export interface Seen {
  readonly alias: string
  readonly cell: string
  readonly type: TabletType
  /** `host:port`, as its replicas name it. */
  readonly address: string
  readonly state: ServerState
}

export type Choice =
  | { readonly kind: 'Chosen'; readonly alias: string }
  /** `why`: as an operator reads it. */
  | { readonly kind: 'Refused'; readonly why: string }

/**
 * Who follows a primary that lives. `others` were looked at before `primary`, so that what they have and it has not was never its own.
 * Of those that may be it, the one that lacks the fewest transactions; then one of the same cell.
 */
export function choosePlanned(primary: Seen, others: readonly Seen[], to: string | undefined): Choice {
  if (primary.state.isReadOnly)
    return refused(`${primary.alias} is read-only: it is no primary to switch from`)
  const writable = others.filter(({ state }) => !state.isReadOnly)
  if (writable.length > 0)
    return refused(`${names(writable)} takes writes, too: make it read-only first (shardgate manage does)`)
  if (to === primary.alias) return refused(`${to} is the primary already`)
  const asked = others.filter(({ alias }) => to === undefined || alias === to)
  if (asked.length === 0)
    return refused(
      to === undefined ? 'no replica can be reached' : `${to} is no tablet of the shard that can be reached`,
    )
  const obstacles = asked.map((each) => obstacleTo(each, primary))
  const able = asked.filter((_, i) => obstacles[i] === undefined)
  if (able.length === 0) return refused(asked.map(({ alias }, i) => `${alias} ${obstacles[i]}`).join('; '))
  const behind = (each: Seen) => countLacking(each.state.history, primary.state.history)
  return chosen(best(able, behind, primary.cell))
}

function obstacleTo({ type, state }: Seen, primary: Seen): string | undefined {
  if (type !== 'REPLICA') return `is of type ${type}; only a REPLICA becomes a primary`
  if (state.unfit !== '') return `cannot be a primary: ${state.unfit}`
  const { replication } = state
  if (replication?.source !== primary.address)
    return `replicates from ${replication?.source ?? 'nobody'}, not from ${primary.alias} (${primary.address})`
  if (replication.receiver !== 'Yes' || replication.applier !== 'Yes')
    return `does not replicate now${replication.error === '' ? '' : `: ${replication.error}`}`
  const errant = lackingIn(primary.state.history, state.history)
  return errant === '' ? undefined : `has transactions that ${primary.alias} has not: ${errant}`
}

export interface EmergencyInput {
  /** Those that are reached, receive nothing more, and have applied what they had received. */
  readonly reached: readonly Seen[]
  /** Replicas that are not, by alias, each with the reason. */
  readonly unreached: ReadonlyMap<string, string>
  readonly to: string | undefined
  readonly durability: Durability | undefined
  /** The operator puts up with it. */
  readonly allowsLoss: boolean
  /** Cell of the primary that is lost. */
  readonly cell: string | undefined
}

/**
 * Who follows a primary that is lost: a replica that has all that any other one has. There is none where histories have gone apart,
 * and where a replica that is not reached may alone have what was acknowledged, nobody can say who it is.
 */
export function chooseEmergency(input: EmergencyInput): Choice {
  const { reached, unreached, to, allowsLoss } = input
  const able = reached.filter(({ type, state }) => type === 'REPLICA' && state.unfit === '')
  const unfit = reached.filter((each) => !able.includes(each))
  if (able.length === 0) {
    const whys = unfit.map(({ alias, type, state }) => `${alias}: ${state.unfit || `of type ${type}`}`)
    return refused(
      [
        'no replica is reached that can be a primary',
        ...whys,
        ...[...unreached].map(([a, why]) => `${a}: ${why}`),
      ].join('; '),
    )
  }
  if (input.durability === 'semi_sync' && unreached.size > 0 && !allowsLoss)
    return refused(
      `${[...unreached].map(([alias, why]) => `${alias} is not reached (${why})`).join(', ')}, and may be the only one that has what ` +
        'was acknowledged last: bring it back, or say --allow-loss',
    )
  const asked = to === undefined ? able : able.filter(({ alias }) => alias === to)
  if (asked.length === 0) return refused(`${to} is no replica that can be a primary and is reached`)
  const complete = asked.filter((each) =>
    reached.every((other) => lackingIn(each.state.history, other.state.history) === ''),
  )
  if (complete.length > 0) return chosen(best(complete, () => 0n, input.cell))
  if (to !== undefined && allowsLoss) return { kind: 'Chosen', alias: to }
  const whys = asked.flatMap((each) =>
    reached.flatMap((other) => {
      const lacks = lackingIn(each.state.history, other.state.history)
      return lacks === '' ? [] : [`${each.alias} lacks ${lacks} of ${other.alias}`]
    }),
  )
  return refused(
    to === undefined
      ? `the replicas have gone apart: ${whys.join('; ')}. Somebody must say whose transactions are lost: --to ALIAS --allow-loss`
      : `${whys.join('; ')}: leave out --to, or say --allow-loss`,
  )
}

function best(candidates: readonly Seen[], behind: (each: Seen) => bigint, cell: string | undefined): Seen {
  const ranked = candidates.map((each) => ({ each, lacks: behind(each), away: each.cell === cell ? 0 : 1 }))
  ranked.sort((a, b) => {
    if (a.lacks !== b.lacks) return a.lacks < b.lacks ? -1 : 1
    return a.away - b.away || (a.each.alias < b.each.alias ? -1 : 1)
  })
  return ranked[0]!.each
}

function names(seen: readonly Seen[]): string {
  return seen.map(({ alias }) => alias).join(', ')
}

function chosen({ alias }: Seen): Choice {
  return { kind: 'Chosen', alias }
}

function refused(why: string): Choice {
  return { kind: 'Refused', why }
}
