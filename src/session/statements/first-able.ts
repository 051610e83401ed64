import type { Outcome } from '../../engine/outcome.ts'
import { runPrimitive } from '../../engine/run.ts'
import type { RunContext } from '../../engine/run-context.ts'
import { isUnable } from '../../errors/unable.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { Execution } from './execution.ts'

interface Ways {
  byRules(): Promise<Outcome>
  /** Asks what must be known before it can be told where the statement goes. */
  place(execution: Execution): Promise<void>
}

/** What the plan answers, or what copies answer where it cannot: nothing has gone to the client yet. */
export async function firstAble(
  { interruption }: { readonly interruption: Interruption },
  execution: Execution,
  run: RunContext,
  { byRules, place }: Ways,
): Promise<Outcome> {
  try {
    return await byRules()
  } catch (error) {
    if (!isUnable(error) || execution.plan.mayGiveUp !== true) throw error
    const { reading, sql } = execution
    const plan = reading.planOverCopies(sql, reading.scan(sql))
    if (plan === undefined) throw error
    interruption.throwIfKilled()
    await place({ ...execution, plan })
    interruption.throwIfKilled()
    return { kind: 'Rows', stream: await runPrimitive(plan.root, run) }
  }
}
