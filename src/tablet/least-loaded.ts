import type { Endpoint } from './endpoint.ts'

export interface BalanceOptions {
  /** Replicas of this cell are asked first. */
  readonly cell: string
  /** Replicas further behind serve only when no better one is left. */
  readonly replicaLagMaxSeconds: number
}

let turn = 0

/**
 * Least outstanding requests among the best: not lagging in the own cell, then in other cells, then lagging. Equals take
 * turns. `endpoints`: at least one.
 */
export function leastLoaded(endpoints: readonly Endpoint[], options: BalanceOptions): Endpoint {
  const best = Math.min(...endpoints.map((endpoint) => rank(endpoint, options)))
  const candidates = endpoints.filter((endpoint) => rank(endpoint, options) === best)
  const least = Math.min(...candidates.map(({ pool }) => pool.outstanding))
  const idlest = candidates.filter(({ pool }) => pool.outstanding === least)
  turn = (turn + 1) % 0x4000_0000
  return idlest[turn % idlest.length]!
}

function rank({ health, record }: Endpoint, { cell, replicaLagMaxSeconds }: BalanceOptions): number {
  const { lagSeconds } = health
  if (lagSeconds !== undefined && lagSeconds > replicaLagMaxSeconds) return 2
  return record.alias.cell === cell ? 0 : 1
}
