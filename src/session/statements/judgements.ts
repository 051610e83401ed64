import type { StreamColumn } from '../../engine/row-stream.ts'
import type { Plan } from '../../plan/plan.ts'

/** Of one plan: sessions differ in sql_mode, statements in their literals. */
const JUDGEMENTS_PER_PLAN_MAX = 8

/** What MySQL has said of the statements of plans (judge.ts), as long as the plans are in use. */
export class Judgements {
  readonly #known = new WeakMap<Plan, Map<string, readonly StreamColumn[]>>()

  get(plan: Plan, key: string): readonly StreamColumn[] | undefined {
    return this.#known.get(plan)?.get(key)
  }

  set(plan: Plan, key: string, columns: readonly StreamColumn[]): void {
    const known = this.#known.get(plan) ?? new Map<string, readonly StreamColumn[]>()
    if (known.size >= JUDGEMENTS_PER_PLAN_MAX) known.clear()
    this.#known.set(plan, known.set(key, columns))
  }
}
