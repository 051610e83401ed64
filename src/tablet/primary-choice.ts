import { containsGtids } from './gtid.ts'

/** A server of the shard that may be its primary. */
export interface Candidate {
  readonly alias: string
  /** It answers, and takes writes. */
  readonly isWritable: boolean
  /** What it has executed; '' where that is not known. */
  readonly gtids: string
}

export interface ChoiceInput {
  readonly candidates: readonly Candidate[]
  /** Who has been the primary so far, and what it had executed when it answered last. */
  readonly previous: Candidate | undefined
  /** Those that were the primary before `previous`, as far as is remembered. */
  readonly former: ReadonlySet<string>
  /** Whom the topology names. */
  readonly named: string | undefined
  /** The topology has named him after `previous` became the primary: somebody has decided. */
  readonly isNamedSince: boolean
}

export type Choice =
  | { readonly kind: 'Serves'; readonly alias: string; readonly alarm?: string }
  /** `why`: as an operator reads it. */
  | { readonly kind: 'Nobody'; readonly why: string; readonly isAlarm: boolean }

/**
 * Who is the primary of a shard whose primary is whoever takes writes (`primary: discover`). One server alone is it, unless it lacks
 * transactions of the primary before: an old primary that has come back, or a replica that is behind, would lose them. Of two neither
 * is, for what one of them takes may be lost with it, until one of them is made read-only or the topology says which; but a former
 * primary that has come back, without anything that its successor lacks, disturbs nobody.
 */
export function choosePrimary(input: ChoiceInput): Choice {
  const { candidates, previous, named } = input
  const writable = candidates.filter(({ isWritable }) => isWritable)
  if (writable.length === 0) return nobody('no server of the shard takes writes (all are read-only or down)')
  const stale = writable.filter((each) => isStale(each, input))
  const left = writable.filter((each) => !stale.includes(each))
  if (left.length === 1) {
    const [only] = left
    const lacks = isLacking(only!, input)
    if (lacks)
      return nobody(
        `${only!.alias} takes writes, but lacks transactions of ${previous!.alias}, ${SAY_WHO}`,
        true,
      )
    if (stale.length === 0) return { kind: 'Serves', alias: only!.alias }
    const who = stale.map(({ alias }) => alias).join(', ')
    return {
      kind: 'Serves',
      alias: only!.alias,
      alarm: `${who} takes writes, too, and was the primary before: make it read-only`,
    }
  }
  const chosen = left.find(({ alias }) => alias === named)
  const isDecided = chosen !== undefined && (previous === undefined || input.isNamedSince)
  const all = left.map(({ alias }) => alias).join(' and ')
  // A name that was given before the others took writes is no decision between them.
  if (isDecided && !left.some((other) => other !== chosen && isBehind(chosen, other)))
    return {
      kind: 'Serves',
      alias: chosen.alias,
      alarm: `${all} take writes: make all but ${chosen.alias} read-only`,
    }
  return nobody(`${all} take writes: none of them gets any; make all but one read-only, ${SAY_WHO}`, true)
}

const SAY_WHO = 'or say which it is (shardgate ctl tablet set-type ALIAS PRIMARY)'

/** A former primary that has nothing which the present one lacks. */
function isStale(candidate: Candidate, { candidates, previous, former }: ChoiceInput): boolean {
  const present = candidates.find(({ alias, isWritable }) => alias === previous?.alias && isWritable)
  if (present === undefined || present.alias === candidate.alias || !former.has(candidate.alias)) return false
  return containsGtids(present.gtids, candidate.gtids) === true
}

function isLacking({ alias, gtids }: Candidate, input: ChoiceInput): boolean {
  const { previous, former, named, isNamedSince } = input
  if (previous === undefined || previous.alias === alias || (named === alias && isNamedSince)) return false
  // Without GTIDs, whoever was the primary before the last one is taken to be behind it.
  return !(containsGtids(gtids, previous.gtids) ?? !former.has(alias))
}

/** It has nothing that the other lacks, and lacks something. */
function isBehind(one: Candidate, other: Candidate): boolean {
  return containsGtids(other.gtids, one.gtids) === true && containsGtids(one.gtids, other.gtids) === false
}

function nobody(why: string, isAlarm = false): Choice {
  return { kind: 'Nobody', why, isAlarm }
}
