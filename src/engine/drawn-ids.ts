import type { DrawnIds } from '../plan/write-primitives.ts'
import type { ShardPort } from './shard-port.ts'

/** Of rows, in their order: so many draw a number, or one brings its own. */
export type IdStep =
  | { readonly kind: 'draw'; readonly count: number }
  | { readonly kind: 'bring'; readonly id: bigint }

/**
 * Collects what rows want of a sequence. An id that a row brings matters only where it is ahead of all before it: AUTO_INCREMENT goes
 * on behind it, in the same statement too. Source: `handler::update_auto_increment()` in MySQL's handler.cc.
 */
export class IdSteps {
  readonly steps: IdStep[] = []
  #most = 0n

  draw(): void {
    const last = this.steps.at(-1)
    if (last?.kind === 'draw') this.steps[this.steps.length - 1] = { kind: 'draw', count: last.count + 1 }
    else this.steps.push({ kind: 'draw', count: 1 })
  }

  bring(id: bigint): void {
    if (id <= this.#most) return
    this.#most = id
    if (this.steps.at(-1)?.kind === 'bring') this.steps.pop()
    this.steps.push({ kind: 'bring', id })
  }

  /** The highest id that is brought; 0 for none. */
  get most(): bigint {
    return this.#most
  }
}

/** The numbers, in the order of the rows that draw them; the sequence is behind all that are brought. */
export async function drawIds(
  steps: readonly IdStep[],
  { sequence: { keyspace, table } }: DrawnIds,
  port: Pick<ShardPort, 'nextIds' | 'passId'>,
): Promise<readonly bigint[]> {
  const ids: bigint[] = []
  for (const step of steps) {
    if (step.kind === 'bring') {
      await port.passId(keyspace, table, step.id)
      continue
    }
    const first = await port.nextIds(keyspace, table, step.count)
    for (let i = 0; i < step.count; i++) ids.push(first + BigInt(i))
  }
  return ids
}
