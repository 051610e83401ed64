import type { ShardTarget } from '../tablet/shard-target.ts'
import type { AtomicCommits } from './atomic-commits.ts'
import { isHome } from './branch.ts'
import { primariesOf } from './resolver.ts'

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
  branches: readonly string[]
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
        for (const { id, branches, recordedMs } of await decisions.list(shard)) {
          if (!isHome(id, shard)) continue
          const known = of(id)
          known.recordedMs = recordedMs
          known.branches = branches.map((branch) => branch.shard)
        }
      } catch (error) {
        unasked.push({ shard: nameOf(shard), error: error as Error })
      }
    }),
  )
  const silent = new Set(unasked.map(({ shard }) => shard))
  const left = [...found].filter(
    ([, { branches, prepared }]) => prepared.size > 0 || branches.some((shard) => silent.has(shard)),
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
  const decision = home && (await decisions.read(home, id).catch(() => undefined))
  const state = decision === 'committed' ? 'COMMIT' : decision === 'none' ? 'ROLLBACK' : 'PREPARE'
  const followers = new Set([...branches, ...prepared])
  return { id, state, recordedMs, participants: [...followers, ...(home ? [nameOf(home)] : [])] }
}

function nameOf({ keyspace, shard }: ShardTarget): string {
  return `${keyspace}/${shard}`
}
