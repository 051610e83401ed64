import type { Durability, TabletType } from '../topology/records.ts'
import { NET_TIMEOUT_SECONDS } from './dialect.ts'
import { lackingIn } from './history.ts'
import type { ServerState } from './server-state.ts'

/** A tablet of a shard, and what its server has said. */
export interface Patient {
  readonly alias: string
  readonly type: TabletType
  readonly address: string
  /** Undefined: it did not answer. */
  readonly state: ServerState | undefined
  /** Looks in a row that it did not answer; 0 if it has. */
  readonly failures: number
  /** Somebody has found that it needs repair. */
  readonly isUnderRepair: boolean
}

/** What is to be done, the most urgent first. `why` is a clause for people. */
export type Remedy =
  | { readonly kind: 'Emergency'; readonly why: string }
  | { readonly kind: 'MakeWritable'; readonly alias: string; readonly why: string }
  /** It takes writes, and must not: its clients are cut off. */
  | { readonly kind: 'MakeReadOnly'; readonly alias: string; readonly why: string }
  | {
      readonly kind: 'SetSemiSync'
      readonly alias: string
      readonly role: 'source' | 'replica' | 'off'
      readonly why: string
    }
  | { readonly kind: 'Follow'; readonly alias: string; readonly why: string }
  | { readonly kind: 'NeedsRepair'; readonly alias: string; readonly why: string }
  | { readonly kind: 'IsRepaired'; readonly alias: string; readonly why: string }
  /** Nothing that can be done from here. */
  | { readonly kind: 'Tell'; readonly alias: string; readonly why: string }

export interface DiagnosisInput {
  /** Printed alias of whom the topology names. */
  readonly primary: string | undefined
  readonly patients: readonly Patient[]
  readonly durability: Durability | undefined
  /** Looks without an answer, in a row, after which a server is held for lost. */
  readonly failuresMin: number
  /** Milliseconds until an emergency reparent of this shard is allowed again; 0 or less: it is. */
  readonly emergencyPauseMs: number
}

/** What is the matter with a shard's servers, by what they say, and what is to be done about it. */
export function diagnose(input: DiagnosisInput): readonly Remedy[] {
  const { patients, primary: named } = input
  const primary = patients.find(({ alias }) => alias === named)
  if (primary === undefined)
    return [
      {
        kind: 'Tell',
        alias: '',
        why: 'the topology names no primary: name one (ctl tablet set-type ALIAS PRIMARY)',
      },
    ]
  const others = patients.filter((each) => each !== primary)
  if (primary.state === undefined) return withoutPrimary(primary, others, input)
  return [
    ...primaryRemedies(primary.state, primary.alias, others, input),
    ...others.flatMap((each) => otherRemedies(each, primary, input)),
  ]
}

/** Its replicas are witnesses: where one still hears from it, or none can be asked, it is this process that has lost it. */
function withoutPrimary(
  primary: Patient,
  others: readonly Patient[],
  input: DiagnosisInput,
): readonly Remedy[] {
  const { alias, failures } = primary
  const tell = (why: string): readonly Remedy[] => [{ kind: 'Tell', alias, why }]
  if (failures < input.failuresMin) return []
  const witnesses = others.filter(({ state, type }) => state !== undefined && type !== 'DRAINED')
  const hearing = witnesses.filter(({ state }) => state?.replication?.receiver === 'Yes')
  const lost = witnesses.filter(({ state }) => state?.replication?.receiver === 'Connecting')
  if (hearing.length > 0)
    return tell(
      `${alias} does not answer, but ${hearing.map((each) => each.alias).join(', ')} hears from it: nothing is done`,
    )
  if (lost.length === 0)
    return tell(`${alias} does not answer, and no replica says that it has lost it, too: nothing is done`)
  const writable = witnesses.filter(({ state }) => !state!.isReadOnly)
  if (writable.length > 0)
    return tell(
      `${alias} does not answer, and ${writable[0]!.alias} takes writes: somebody must say who the primary is`,
    )
  if (input.emergencyPauseMs > 0)
    return tell(`${alias} is lost, so soon after the last change of the primary that nothing is done yet`)
  return [
    {
      kind: 'Emergency',
      why: `${alias} does not answer, and ${lost.map((each) => each.alias).join(', ')} has lost it, too`,
    },
  ]
}

function primaryRemedies(
  { isReadOnly, replication, semiSync }: ServerState,
  alias: string,
  others: readonly Patient[],
  { durability }: DiagnosisInput,
): readonly Remedy[] {
  const remedies: Remedy[] = []
  if (durability === 'semi_sync' && (!semiSync.isSource || semiSync.timeoutMs < LONG_MS))
    remedies.push({ kind: 'SetSemiSync', alias, role: 'source', why: 'its commits wait for no replica' })
  else if (durability === 'semi_sync' && semiSync.clients === 0)
    remedies.push({
      kind: 'Tell',
      alias,
      why: 'no replica acknowledges: its commits wait for one (or for ctl keyspace set-durability KEYSPACE none)',
    })
  if (durability === 'none' && semiSync.isSource)
    remedies.push({ kind: 'SetSemiSync', alias, role: 'off', why: 'its commits wait for replicas' })
  const rivals = others.filter(({ state }) => state?.isReadOnly === false)
  if (isReadOnly && replication === undefined && rivals.length === 0)
    remedies.push({ kind: 'MakeWritable', alias, why: 'it is the primary, and read-only' })
  if (replication !== undefined)
    remedies.push({
      kind: 'Tell',
      alias,
      why: `it is the primary, and replicates from ${replication.source}`,
    })
  return remedies
}

/** A time-out of semi-synchronous commits that is one: a day. */
const LONG_MS = 86_400_000

function otherRemedies(
  { alias, type, state, isUnderRepair }: Patient,
  primary: Patient,
  { durability }: DiagnosisInput,
): readonly Remedy[] {
  if (state === undefined) return []
  if (!state.isReadOnly)
    return [{ kind: 'MakeReadOnly', alias, why: `it takes writes, and ${primary.alias} is the primary` }]
  const errant = lackingIn(primary.state!.history, state.history)
  if (errant !== '') {
    if (isUnderRepair) return []
    return [
      { kind: 'NeedsRepair', alias, why: `it has transactions that ${primary.alias} has not: ${errant}` },
    ]
  }
  if (isUnderRepair) return [{ kind: 'IsRepaired', alias, why: 'it has no transactions of its own any more' }]
  if (type === 'DRAINED') return [] // by somebody else's will
  const why = whyFollow(state, primary)
  if (why !== undefined) return [{ kind: 'Follow', alias, why }]
  const { isReplica, isReplicaActive } = state.semiSync
  const isReceiving = state.replication?.receiver === 'Yes'
  if (durability === 'semi_sync' && (!isReplica || (isReceiving && !isReplicaActive)))
    return [{ kind: 'SetSemiSync', alias, role: 'replica', why: 'it does not acknowledge what it receives' }]
  if (durability === 'none' && isReplica)
    return [{ kind: 'SetSemiSync', alias, role: 'off', why: 'it acknowledges what it receives' }]
  return []
}

function whyFollow({ replication, netTimeoutSeconds }: ServerState, primary: Patient): string | undefined {
  if (replication === undefined) return 'it replicates from nobody'
  const { source, receiver, applier, error } = replication
  if (source !== primary.address) return `it replicates from ${source}, which is not the primary`
  if (receiver === 'No' || applier === 'No')
    return `its replication has stopped${error === '' ? '' : `: ${error}`}`
  if (netTimeoutSeconds > NET_TIMEOUT_SECONDS)
    return `it would take ${netTimeoutSeconds} s to notice that the primary says nothing`
  return undefined
}
