import type { ShardTarget } from '../tablet/shard-target.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import { isHome, isJoint } from './branch.ts'
import type { DecisionRow } from './decisions.ts'
import { jointOutcome } from './joint-outcome.ts'
import { participantsOf, primariesOf, transactionOf } from './resolver.ts'

/** An atomic transaction that has prepared branches, or may have some on a shard that cannot be asked. */
export interface UnresolvedTransaction {
  readonly id: string
  /** As it will end; 'PREPARE' while that is not known. In vtgate's words. */
  readonly state: 'PREPARE' | 'COMMIT' | 'ROLLBACK'
  /** Epoch ms; undefined where no decision was recorded. */
  readonly recordedMs: number | undefined
  /** Shards by name, `shop/-80`, those that follow first. */
  readonly participants: readonly string[]
}

export interface Unresolved {
  readonly transactions: readonly UnresolvedTransaction[]
  /** Shards that could not be asked, and why. */
  readonly unasked: readonly { readonly shard: string; readonly error: Error }[]
}

interface Found {
  recordedMs?: number
  branches: DecisionRow['branches']
  readonly prepared: Set<string>
}

/** Asks the primary of every shard. */
export async function listUnresolved(commits: AtomicCommits): Promise<Unresolved> {
  const { decisions } = commits
  const shards = primariesOf(commits.gateway)
  const found = new Map<string, Found>()
  const of = (id: string) => {
    const known = found.get(id) ?? { branches: [], prepared: new Set<string>() }
    found.set(id, known)
    return known
  }
  const unasked: { shard: string; error: Error }[] = []
  await Promise.all(
    shards.map(async (shard) => {
      try {
        for (const { id } of await decisions.prepared(shard)) of(id).prepared.add(nameOf(shard))
        for (const row of await decisions.list(shard)) {
          const id = transactionOf(row, shard)
          if (id === undefined) continue
          const known = of(id)
          known.recordedMs = row.recordedMs
          known.branches = row.branches
        }
      } catch (error) {
        unasked.push({ shard: nameOf(shard), error: error as Error })
      }
    }),
  )
  const silent = new Set(unasked.map(({ shard }) => shard))
  const left = [...found].filter(
    ([, { branches, prepared }]) => prepared.size > 0 || branches.some(({ shard }) => silent.has(shard)),
  )
  const transactions = await Promise.all(left.map(([id, known]) => describe(commits, shards, id, known)))
  return { transactions: transactions.sort((a, b) => (a.id < b.id ? -1 : 1)), unasked }
}

async function describe(
  { decisions }: AtomicCommits,
  shards: readonly ShardTarget[],
  id: string,
  { recordedMs, branches, prepared }: Found,
): Promise<UnresolvedTransaction> {
  const home = shards.find((shard) => isHome(id, shard))
  const followers = new Set([...branches.map(({ shard }) => shard), ...prepared])
  const participants = [...followers, ...(home ? [nameOf(home)] : [])]
  const how = isJoint(id)
    ? (await jointOutcome(decisions, participantsOf(id, { branches }, shards))).how
    : HOW[(home && (await decisions.read(home, id).catch(() => undefined))) ?? 'open']
  return { id, state: how === 'open' ? 'PREPARE' : how, recordedMs, participants }
}

const HOW = { committed: 'COMMIT', none: 'ROLLBACK', open: 'open' } as const

function nameOf({ keyspace, shard }: ShardTarget): string {
  return `${keyspace}/${shard}`
}
