import type { Plan } from '../../plan/plan.ts'

/**
 * Plans by fingerprint, for one way of reading statements (keyspace, tablet type, shard, sql_mode). Bounded: plans
 * that were not asked for while `entriesMax / 2` others were, go. A hit on a plan in use costs one look-up.
 */
export class PlanCache {
  readonly #entriesMax: number
  /** Two generations: a hit in `old` moves to `young`; when `young` is full, it becomes `old`. */
  #young = new Map<string, Plan>()
  #old = new Map<string, Plan>()

  constructor(entriesMax: number) {
    this.#entriesMax = Math.max(2, entriesMax)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): Plan | undefined {
    const plan = this.#young.get(key)
    if (plan !== undefined) return plan
    const older = this.#old.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: string, plan: Plan): void {
    if (this.#young.size >= this.#entriesMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, plan)
    this.#old.delete(key)
  }
}
