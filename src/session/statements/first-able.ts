import type { Outcome } from '../../engine/outcome.ts'
import { runPrimitive } from '../../engine/run.ts'
import type { RunContext } from '../../engine/run-context.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Plan } from '../../plan/plan.ts'

/** It cannot be done so, or there is no memory to do it. */
const UNABLE: ReadonlySet<string> = new Set(['ER_NOT_SUPPORTED_YET', 'ER_OUT_OF_SORTMEMORY'])

/** What the plan answers, or what it answers otherwise: nothing has gone to the client yet. */
export async function firstAble(
  { otherwise }: Plan,
  run: RunContext,
  byRules: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await byRules()
  } catch (error) {
    const isUnable = error instanceof SqlError && UNABLE.has(error.code)
    if (otherwise === undefined || !isUnable) throw error
    return { kind: 'Rows', stream: await runPrimitive(otherwise, run) }
  }
}
