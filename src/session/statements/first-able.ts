import type { Outcome } from '../../engine/outcome.ts'
import { runPrimitive } from '../../engine/run.ts'
import type { RunContext } from '../../engine/run-context.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'

/** What the plan answers, or what it answers otherwise: nothing has gone to the client yet. */
export async function firstAble(
  { otherwise }: Plan,
  run: RunContext,
  byRules: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await byRules()
  } catch (error) {
    const isUnable = error instanceof SqlError && error.code === 'ER_NOT_SUPPORTED_YET'
    if (otherwise === undefined || !isUnable) throw error
    return { kind: 'Rows', stream: await runPrimitive(otherwise, run) }
  }
}
