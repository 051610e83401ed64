/** Whether a replica is asked: `good` first, `doubtful` where no good one is left, `away` not at all. */
export type Standing = 'good' | 'doubtful' | 'away'

/** A replica of a shard, as it is at this moment. */
export interface Replica {
  readonly standing: Standing
  /** Undefined for a server that does not replicate, Infinity where replication is broken. */
  readonly lagSeconds: number | undefined
  /** 0: the cell of this proxy; 1: one that shares an alias with it; 2: another. */
  readonly distance: number
  /** Requests that it has in hands, and those that wait for it. */
  readonly outstanding: number
  /** Its share of the requests, beside those of others; above 0. */
  readonly capacity: number
}

export interface ReplicaChoiceOptions {
  /** Replicas further behind are not asked … */
  readonly replicaLagMaxSeconds: number
  /** … unless fewer than so many are left: then those least behind are. */
  readonly replicasMin: number
}

/**
 * The replica for a request, `primary` not being one: of those that stand well and are not far behind the nearest, of these the one with
 * the fewest outstanding requests by its capacity, of equals any, by their capacities. `random`: from 0 to below 1. Undefined where all
 * are away. Nothing is allocated: it is asked for every request.
 */
export function chooseReplica<T extends Replica>(
  replicas: readonly T[],
  primary: unknown,
  options: ReplicaChoiceOptions,
  random: () => number,
): T | undefined {
  return (
    nearest(replicas, primary, 'good', options, random) ??
    nearest(replicas, primary, 'doubtful', options, random)
  )
}

function nearest<T extends Replica>(
  replicas: readonly T[],
  primary: unknown,
  standing: Standing,
  options: ReplicaChoiceOptions,
  random: () => number,
): T | undefined {
  const lagMax = lagLimit(replicas, primary, standing, options)
  let chosen: T | undefined
  let distance = Number.POSITIVE_INFINITY
  let load = Number.POSITIVE_INFINITY
  let capacity = 0
  for (const replica of replicas) {
    if (replica === primary || replica.standing !== standing || lagOf(replica) > lagMax) continue
    const own = replica.outstanding / replica.capacity
    const isBetter = replica.distance < distance || (replica.distance === distance && own < load)
    if (!isBetter && (replica.distance > distance || own > load)) continue
    if (isBetter) {
      distance = replica.distance
      load = own
      capacity = 0
    }
    // Each of the equals so far has been kept with its part of their sum.
    capacity += replica.capacity
    if (isBetter || random() * capacity < replica.capacity) chosen = replica
  }
  return chosen
}

/** How far behind a replica may be: as far as those that are needed to have enough. */
function lagLimit(
  replicas: readonly Replica[],
  primary: unknown,
  standing: Standing,
  { replicaLagMaxSeconds, replicasMin }: ReplicaChoiceOptions,
): number {
  if (countUpTo(replicas, primary, standing, replicaLagMaxSeconds) >= replicasMin) return replicaLagMaxSeconds
  let limit = Number.POSITIVE_INFINITY
  for (const replica of replicas) {
    if (replica === primary || replica.standing !== standing) continue
    const lag = lagOf(replica)
    if (lag < limit && countUpTo(replicas, primary, standing, lag) >= replicasMin) limit = lag
  }
  return Math.max(limit, replicaLagMaxSeconds)
}

function countUpTo(
  replicas: readonly Replica[],
  primary: unknown,
  standing: Standing,
  lagMax: number,
): number {
  let count = 0
  for (const replica of replicas)
    if (replica !== primary && replica.standing === standing && lagOf(replica) <= lagMax) count++
  return count
}

function lagOf({ lagSeconds }: Replica): number {
  return lagSeconds ?? 0
}
